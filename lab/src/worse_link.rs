//! A way to the TURN relay that loses and delays: the kernel that the lab runs on may have no `netem`.
//!
//! Between two strict NATs everything goes through the relay, so what this does to a person's packets happens to the link.
//! It looks into no packet. Each client has a socket of its own towards the relay, which therefore sees them apart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use patchbay::Device;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::services::TURN_PORT;

/// No UDP packet is longer.
const PACKET_BYTES_MAX: usize = 65_536;
/// Packets under way in one direction; what is beyond them is lost, as in a router whose queue is full.
const UNDER_WAY_MAX: usize = 4096;

/// How much worse.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worse {
    /// Of a hundred packets in each direction, how many are lost.
    pub loss_percent: u64,
    /// How much later the others come, in each direction.
    pub delay: Duration,
}

/// Chance that is the same in every run (splitmix64). Which packet meets it is not: that depends on their order.
struct Chance(u64);

impl Chance {
    /// For what the relay sends to the client that came as this one; 0 is for what all of them send. Nothing that differs between
    /// runs, as a client's port does, goes into it.
    fn of(client: usize, worse: Worse) -> Self {
        let client = u64::try_from(client).unwrap_or(u64::MAX);
        Self(client.wrapping_mul(101).wrapping_add(worse.loss_percent))
    }

    fn percent(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % 100
    }
}

/// Opens it beside the relay. Returns its port; it ends with the namespace.
pub async fn open(server: &Device, worse: Worse) -> Result<u16> {
    let relay = SocketAddr::from((server.ip().context("the relay has no address")?, TURN_PORT));
    let opening = server.spawn(async move |_| {
        let front = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?);
        let port = front.local_addr()?.port();
        tokio::spawn(serve(front, relay, worse));
        anyhow::Ok(port)
    })?;
    opening.await.context("the worse way")?
}

/// Takes packets of clients until its socket fails.
async fn serve(front: Arc<UdpSocket>, relay: SocketAddr, worse: Worse) {
    let mut clients: HashMap<SocketAddr, mpsc::Sender<Packet>> = HashMap::new();
    let mut chance = Chance::of(0, worse);
    let mut buffer = vec![0; PACKET_BYTES_MAX];
    loop {
        let (length, client) = match front.recv_from(&mut buffer).await {
            Ok(received) => received,
            // It would fail again at once, and for ever.
            Err(error) => return eprintln!("the worse way to the relay ends: {error}"),
        };
        let number = clients.len() + 1;
        let way = match clients.entry(client) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match client_way(&front, (number, client), relay, worse).await {
                Ok(way) => new.insert(way),
                Err(_) => continue,
            },
        };
        if let Some(bytes) = buffer.get(..length)
            && chance.percent() >= worse.loss_percent
        {
            let _ = way.try_send((Instant::now() + worse.delay, bytes.to_vec()));
        }
    }
}

/// When it is due, and what it is.
type Packet = (Instant, Vec<u8>);

/// A socket towards the relay for one client, and both directions of it. Returns where the client's packets go.
async fn client_way(
    front: &Arc<UdpSocket>,
    (number, client): (usize, SocketAddr),
    relay: SocketAddr,
    worse: Worse,
) -> Result<mpsc::Sender<Packet>> {
    let back = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?);
    back.connect(relay).await?;
    let (to_relay, mut from_client) = mpsc::channel::<Packet>(UNDER_WAY_MAX);
    let (to_client, mut from_relay) = mpsc::channel::<Packet>(UNDER_WAY_MAX);
    let out = Arc::clone(&back);
    tokio::spawn(async move {
        while let Some((due, bytes)) = from_client.recv().await {
            sleep_until(due).await;
            let _ = out.send(&bytes).await;
        }
    });
    let front = Arc::clone(front);
    tokio::spawn(async move {
        while let Some((due, bytes)) = from_relay.recv().await {
            sleep_until(due).await;
            let _ = front.send_to(&bytes, client).await;
        }
    });
    tokio::spawn(async move {
        let mut chance = Chance::of(number, worse);
        let mut buffer = vec![0; PACKET_BYTES_MAX];
        while let Ok(length) = back.recv(&mut buffer).await {
            if let Some(bytes) = buffer.get(..length)
                && chance.percent() >= worse.loss_percent
            {
                let _ = to_client.try_send((Instant::now() + worse.delay, bytes.to_vec()));
            }
        }
    });
    Ok(to_relay)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of many packets as many are lost as was asked for.
    #[test]
    fn chance_is_fair() {
        let mut chance = Chance(1);
        let lost = (0..10_000).filter(|_| chance.percent() < 5).count();
        assert!((400..600).contains(&lost), "{lost}");
    }

    /// Each client meets a chance of its own, the same in every run.
    #[test]
    fn chance_depends_on_who_came_when() {
        let worse = Worse { loss_percent: 5, delay: Duration::ZERO };
        let drawn = |client| {
            let mut chance = Chance::of(client, worse);
            [(); 32].map(|()| chance.percent())
        };
        assert_eq!(drawn(1), drawn(1));
        assert!(drawn(0) != drawn(1) && drawn(1) != drawn(2));
    }
}
