//! Stands between nodes and a broker and counts what the nodes publish.
//!
//! It reads MQTT's fixed headers (MQTT 3.1.1 §2.2) of what goes to the broker, passes everything on unchanged, and sees nothing
//! but topics: what is published is sealed.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

/// More than any packet of Kith's.
const PACKET_BYTES_MAX: usize = 1024 * 1024;
/// The type of a packet that publishes.
const PUBLISH: u8 = 3;

/// How often each last word of a topic was published to.
pub type Counts = BTreeMap<String, usize>;

/// The counter; it counts until the program ends.
pub struct Counter {
    /// Its own address, in place of the broker's.
    pub url: String,
    counts: Arc<Mutex<Counts>>,
}

impl Counter {
    /// Listens, for a broker at this `mqtt://` address.
    pub fn before(broker: &str) -> Result<Self> {
        let address = broker.strip_prefix("mqtt://").context("not an address over plain TCP")?.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("mqtt://{}", listener.local_addr()?);
        let counts = Arc::<Mutex<Counts>>::default();
        let counted = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Who is not let through sees a closed connection, as with a broker that is away.
                let _ = pass(client, &address, &counted);
            }
        });
        Ok(Self { url, counts })
    }

    /// What was published since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn pass(mut client: TcpStream, broker: &str, counts: &Arc<Mutex<Counts>>) -> Result<()> {
    let mut server = TcpStream::connect(broker)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut back_from, mut back_to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        std::io::copy(&mut back_from, &mut back_to).ok();
        back_to.shutdown(Shutdown::Both).ok();
    });
    let counts = Arc::clone(counts);
    thread::spawn(move || {
        while let Ok(Some(packet)) = read_packet(&mut client) {
            if let Some(topic) = published(&packet) {
                let leaf = topic.rsplit('/').next().unwrap_or_default().to_owned();
                *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(leaf).or_default() += 1;
            }
            if server.write_all(&packet).is_err() {
                break;
            }
        }
        server.shutdown(Shutdown::Both).ok();
    });
    Ok(())
}

/// The next packet as it is; none at the end.
fn read_packet(from: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut packet = vec![0];
    match from.read_exact(&mut packet) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        packet.extend(byte);
        length |= usize::from(byte[0] & 0x7f) << shift;
        if byte[0] < 0x80 {
            break;
        }
    }
    if length > PACKET_BYTES_MAX {
        bail!("a packet of {length} bytes");
    }
    let header = packet.len();
    packet.resize(header + length, 0);
    from.read_exact(&mut packet[header..])?;
    Ok(Some(packet))
}

/// The topic of a packet that publishes.
fn published(packet: &[u8]) -> Option<String> {
    if packet.first()? >> 4 != PUBLISH {
        return None;
    }
    // The length has one to four bytes; all but its last have the high bit.
    let rest = &packet[1 + packet[1..].iter().position(|byte| *byte < 0x80)? + 1..];
    let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    String::from_utf8(rest.get(2..2 + length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets are told apart however long they are, and only what publishes is counted.
    #[test]
    fn packets_are_told_apart() {
        let mut publish = vec![0x32, 0xca, 0x01, 0, 13];
        publish.extend(b"user/1/answer");
        publish.resize(3 + 202, 7);
        let stream = [&publish[..], &[0xc0, 0]].concat();
        let mut stream = &stream[..];
        let first = read_packet(&mut stream).unwrap().unwrap();
        assert_eq!(first, publish);
        assert_eq!(published(&first).as_deref(), Some("user/1/answer"));
        let second = read_packet(&mut stream).unwrap().unwrap();
        assert_eq!((second.as_slice(), published(&second)), (&[0xc0, 0][..], None));
        assert!(read_packet(&mut stream).unwrap().is_none());
    }
}
