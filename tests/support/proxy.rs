//! A TCP proxy before a broker that records every byte of every connection, in both directions.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::mqtt::{self, Packet};

/// What one side of one connection said.
#[derive(Clone, Default)]
struct Stream {
    from_node: bool,
    bytes: Vec<u8>,
}

type Streams = Arc<Mutex<Vec<Stream>>>;

/// A recording proxy. It ends when it is dropped.
pub struct Recorder {
    port: u16,
    streams: Streams,
    over: Arc<AtomicBool>,
}

impl Recorder {
    /// Stands before the broker at this port of this machine.
    pub fn before(broker: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, super::free_port())).expect("a port for the proxy");
        let port = listener.local_addr().expect("an address").port();
        let streams = Streams::default();
        let over = Arc::new(AtomicBool::new(false));
        let (kept, stop) = (Arc::clone(&streams), Arc::clone(&over));
        thread::spawn(move || {
            for node in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(node) = node else { continue };
                // Without a broker the node's connection closes, as it would without a proxy.
                if let Ok(broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, broker)) {
                    join(node, broker, &kept);
                }
            }
        });
        Self { port, streams, over }
    }

    /// What nodes are told with `--broker`.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Every packet so far, with whether a node sent it.
    pub fn packets(&self) -> Vec<(bool, Packet)> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of = |stream: Stream| {
            let from_node = stream.from_node;
            mqtt::packets(&stream.bytes).into_iter().map(move |packet| (from_node, packet))
        };
        streams.into_iter().flat_map(of).collect()
    }

    /// Every byte so far, one stream after the other.
    pub fn streams(&self) -> Vec<Vec<u8>> {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().map(|stream| stream.bytes.clone()).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn join(node: TcpStream, broker: TcpStream, streams: &Streams) {
    let _ = node.set_nodelay(true);
    let _ = broker.set_nodelay(true);
    let (Ok(node_again), Ok(broker_again)) = (node.try_clone(), broker.try_clone()) else { return };
    for (from, to, from_node) in [(node, broker_again, true), (broker, node_again, false)] {
        let at = {
            let mut all = streams.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Stream { from_node, bytes: Vec::new() });
            all.len() - 1
        };
        let streams = Arc::clone(streams);
        thread::spawn(move || copy(from, to, &streams, at));
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, streams: &Streams, at: usize) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 {
            break;
        }
        // First recorded, then passed on: what a node has seen is in the record.
        if let Some(stream) = streams.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
            stream.bytes.extend_from_slice(&buffer[..length]);
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
