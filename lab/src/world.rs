//! One world: a public part with a broker and a relay, and as many networks and people around it as a run wants.
//!
//! Each run has a world of its own, so that no run can disturb another. Namespaces and children end with it.

use std::cell::Cell;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use patchbay::{Device, Lab, LabBuilder, NodeId, Router};
use tokio::runtime::Handle;

use crate::cluster::{self, Cluster, NODES};
use crate::kinds::Kind;
use crate::person::Person;
use crate::services::{self, BROKER_PORT, NAME, SECOND_NAME, Service, TURN_PORT};
use crate::spot;
use crate::worse_link::{self, Worse};

/// The name of everybody's one interface.
pub const INTERFACE: &str = "eth0";
/// The last number of the relay's second address: more than a world ever gives to machines.
const SECOND_ADDRESS: u8 = 250;
/// How long the public part's prefix is.
const PUBLIC_PREFIX: u8 = 24;

/// What every run needs to know.
#[derive(Clone)]
pub struct Setup {
    /// Networks are changed on it.
    pub runtime: Handle,
    /// The program that people run.
    pub kith: PathBuf,
    /// What the project gives to operators.
    pub deploy: PathBuf,
    /// Everything that is written lies below it.
    pub place: PathBuf,
}

/// A world.
pub struct World {
    setup: Setup,
    /// Its files.
    place: PathBuf,
    broker: Option<Service>,
    cluster: Option<Cluster>,
    /// The brokers that people name in their cards, the first one first.
    brokers: Vec<String>,
    _turn: Service,
    /// Where people are told to find the relay: its own port, or that of a worse way to it.
    turn_port: u16,
    server: Device,
    /// The relay's second address.
    second: Option<IpAddr>,
    public: NodeId,
    /// How many people there are.
    people: Cell<usize>,
    lab: Lab,
}

impl World {
    /// A world with a broker and a relay, and nobody in it.
    pub fn new(setup: &Setup) -> Result<Self> {
        Self::build(setup, false)
    }

    /// The same with a relay that has two addresses, which can tell how a NAT behaves (RFC 5780).
    pub fn with_two_addresses(setup: &Setup) -> Result<Self> {
        Self::build(setup, true)
    }

    fn build(setup: &Setup, two_addresses: bool) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let place = setup.place.join(format!("w{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&place)?;
        let (lab, server, public, second) = setup.runtime.block_on(async {
            let lab = LabBuilder::default().build().await?;
            let public = spot::build(&lab, "public", Kind::Public).await?;
            let server = lab.add_device("server").iface(INTERFACE, public.id()).build().await?;
            let second = if two_addresses { Some(second_address(&server).await?) } else { None };
            anyhow::Ok((lab, server, public.id(), second))
        })?;
        let addresses = [server.ip().map(IpAddr::from), second, server.ip6().map(IpAddr::from)];
        let addresses: Vec<IpAddr> = addresses.into_iter().flatten().collect();
        let turn = services::turn(&server, &addresses, &setup.deploy, &place)?;
        let broker = services::broker(&server, &place)?;
        let setup = setup.clone();
        let brokers = vec![format!("mqtt://{NAME}:{BROKER_PORT}")];
        let (broker, people) = (Some(broker), Cell::new(0));
        let turn_port = TURN_PORT;
        Ok(Self {
            setup,
            place,
            broker,
            cluster: None,
            brokers,
            _turn: turn,
            turn_port,
            server,
            second,
            public,
            people,
            lab,
        })
    }

    /// From now on people are told of a worse way to the relay. Whoever has no other way to a peer is heard through it.
    pub fn worsen(&mut self, worse: Worse) -> Result<()> {
        self.turn_port = self.setup.runtime.block_on(worse_link::open(&self.server, worse))?;
        Ok(())
    }

    /// Starts a cluster of brokers, which is where people meet from now on; the broker that stands alone is named second, or not.
    pub fn start_cluster(&mut self, and_the_broker: bool) -> Result<()> {
        let machine = |number: usize| {
            let building = self.lab.add_device(&format!("node-{number}")).iface(INTERFACE, self.public).build();
            self.setup.runtime.block_on(building)
        };
        let machines: Vec<Device> = (0..NODES).map(machine).collect::<Result<_>>()?;
        let cluster = Cluster::start(&machines, &self.setup.deploy, &self.place).context("the cluster")?;
        self.brokers.retain(|_| and_the_broker);
        self.brokers.insert(0, cluster.url());
        self.cluster = Some(cluster);
        Ok(())
    }

    /// Ends the node of the cluster that the person of this number is connected to, as a power cut would.
    pub fn kill_node(&mut self, person: usize) {
        if let Some(cluster) = &mut self.cluster {
            cluster.kill(person);
        }
    }

    /// A further network.
    pub fn network(&self, name: &str, kind: Kind) -> Result<Router> {
        self.setup.runtime.block_on(spot::build(&self.lab, name, kind)).with_context(|| format!("the {kind} network"))
    }

    /// A person in a further network of this kind, with an identity and not yet started.
    pub fn person(&self, name: &'static str, kind: Kind) -> Result<Person> {
        let network = self.network(&format!("{name}-net"), kind)?;
        let building = self.lab.add_device(name).iface(INTERFACE, network.id()).build();
        let device = self.setup.runtime.block_on(building)?;
        let (ipv4, ipv6) = (self.server.ip().map(IpAddr::from), self.server.ip6().map(IpAddr::from));
        device
            .set_host(NAME, if kind == Kind::Ipv6 { ipv6 } else { ipv4 }.context("the public part has no address")?)?;
        if self.second.is_some() {
            // A relay with two addresses is known by two names; and who has both families is told of both.
            let second = if kind == Kind::Ipv6 { ipv6 } else { self.second };
            let more = (kind == Kind::Public).then_some(ipv6).flatten();
            for (name, address) in [(SECOND_NAME, second), (NAME, more), (SECOND_NAME, more)] {
                address.map(|address| device.set_host(name, address)).transpose()?;
            }
        }
        let number = self.people.replace(self.people.get() + 1);
        for address in self.cluster.iter().flat_map(|cluster| cluster.addresses(number)) {
            device.set_host(cluster::NAME, address)?;
        }
        let port = self.turn_port;
        let mut ice = vec![format!("stun:{NAME}:{port}"), services::turn_url(port)];
        ice.extend(self.second.map(|_| format!("stun:{SECOND_NAME}:{port}")));
        let handle = self.setup.runtime.clone();
        let data = self.place.join(name);
        Ok(Person::new(name, device, handle, self.setup.kith.clone(), data, &self.brokers, &ice))
    }

    /// Ends the broker as a power cut would.
    pub fn kill_broker(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.kill();
        }
    }

    /// Starts it again; returns once it listens.
    pub fn start_broker(&mut self) -> Result<()> {
        self.broker = Some(services::broker(&self.server, &self.place)?);
        Ok(())
    }

    /// The name of the folder with everything that was logged in it.
    pub fn folder(&self) -> String {
        self.place.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Nothing is to be looked at: its files go.
    pub fn remove(self) {
        let place = self.place.clone();
        drop(self);
        fs::remove_dir_all(place).ok();
    }
}

/// Gives the public machine another address beside its own.
async fn second_address(server: &Device) -> Result<IpAddr> {
    let [a, b, c, _] = server.ip().context("the public part has no address")?.octets();
    let second = Ipv4Addr::new(a, b, c, SECOND_ADDRESS);
    let interface = server.iface(INTERFACE).context("the public part has no network")?;
    interface.add_ip(second, PUBLIC_PREFIX).await?;
    Ok(second.into())
}
