//! One world: a public part with a broker and a relay, and as many networks and people around it as a run wants.
//!
//! Each run has a world of its own, so that no run can disturb another. Namespaces and children end with it.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use patchbay::{Device, Lab, LabBuilder, Router};
use tokio::runtime::Handle;

use crate::kinds::Kind;
use crate::person::Person;
use crate::services::{self, NAME, Service, TURN_PORT};
use crate::spot;
use crate::worse_link::{self, Worse};

/// The name of everybody's one interface.
pub const INTERFACE: &str = "eth0";

/// What every run needs to know.
#[derive(Clone)]
pub struct Setup {
    /// Networks are changed on it.
    pub runtime: Handle,
    /// The program that people run.
    pub kith: PathBuf,
    /// The relay's settings that the project gives to operators.
    pub turn_settings: PathBuf,
    /// Everything that is written lies below it.
    pub place: PathBuf,
}

/// A world.
pub struct World {
    setup: Setup,
    /// Its files.
    place: PathBuf,
    broker: Option<Service>,
    _turn: Service,
    /// Where people are told to find the relay: its own port, or that of a worse way to it.
    turn_port: u16,
    server: Device,
    lab: Lab,
}

impl World {
    /// A world with a broker and a relay, and nobody in it.
    pub fn new(setup: &Setup) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let place = setup.place.join(format!("w{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&place)?;
        let (lab, server) = setup.runtime.block_on(async {
            let lab = LabBuilder::default().build().await?;
            let public = spot::build(&lab, "public", Kind::Public).await?;
            let server = lab.add_device("server").iface(INTERFACE, public.id()).build().await?;
            anyhow::Ok((lab, server))
        })?;
        let turn = services::turn(&server, &setup.turn_settings, &place)?;
        let broker = services::broker(&server, &place)?;
        let setup = setup.clone();
        Ok(Self { setup, place, broker: Some(broker), _turn: turn, turn_port: TURN_PORT, server, lab })
    }

    /// From now on people are told of a worse way to the relay. Whoever has no other way to a peer is heard through it.
    pub fn worsen(&mut self, worse: Worse) -> Result<()> {
        self.turn_port = self.setup.runtime.block_on(worse_link::open(&self.server, worse))?;
        Ok(())
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
        let address =
            if kind == Kind::Ipv6 { self.server.ip6().map(IpAddr::from) } else { self.server.ip().map(IpAddr::from) };
        device.set_host(NAME, address.context("the public part has no address")?)?;
        let (user, password) = services::credentials()?;
        let port = self.turn_port;
        let ice = [format!("stun:{NAME}:{port}"), format!("turn:{user}:{password}@{NAME}:{port}")];
        let handle = self.setup.runtime.clone();
        Ok(Person::new(name, device, handle, self.setup.kith.clone(), self.place.join(name), &ice))
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
