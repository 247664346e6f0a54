//! Brokers that do not do what brokers do: on a real port, each in its own way, and the way can change while it runs.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::mqtt::{self, CONNACK, CONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH, SUBACK, SUBSCRIBE};

/// The largest payload that [`Bad::Small`] takes: as some operators set it, and less than the largest of ours.
const SMALL_BYTES_MAX: usize = 16 * 1024;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It lets nobody in.
    Refuses,
    /// It accepts connections and says nothing.
    Hangs,
    /// It lets everybody in and answers nothing after that.
    Mute,
    /// It lets everybody in and then sends bytes that are no MQTT.
    Babbles,
    /// It confirms everything and delivers nothing.
    Lies,
    /// It does as [`Bad::Lies`], and sends rubbish to everything that was subscribed, as fast as it can.
    Floods,
    /// It lets everybody in, and hangs up.
    HangsUp,
    /// It delivers what is small, and hangs up when something large comes.
    Small,
}

/// A bad broker. Its threads end with the test's process, its connections with a change of its ways.
pub struct BadBroker {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    way: Bad,
    connections: Vec<TcpStream>,
    /// Connections so far that it let in.
    let_in: usize,
    /// Bytes of rubbish that were taken off it.
    rubbish: u64,
}

impl BadBroker {
    pub fn start(way: Bad) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for a bad broker");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State { way, connections: Vec::new(), let_in: 0, rubbish: 0 }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let way = {
                    let mut state = lock(&shared);
                    state.connections.extend(stream.try_clone());
                    state.way
                };
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    // However a connection ends is fine.
                    let _ = serve(way, stream, &state);
                });
            }
        });
        Self { port, state }
    }

    /// What nodes are told with `--broker`.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// From now on it does this; who is connected is thrown out.
    pub fn turns(&self, way: Bad) {
        let mut state = lock(&self.state);
        state.way = way;
        state.let_in = 0;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// How many connections it has let in since its ways changed last.
    pub fn let_in(&self) -> usize {
        lock(&self.state).let_in
    }

    /// Bytes of rubbish that were taken off it.
    pub fn rubbish(&self) -> u64 {
        lock(&self.state).rubbish
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(way: Bad, mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if way == Bad::Hangs {
        // Until the other side gives up.
        return stream.read_exact(&mut [0; 1 << 20]);
    }
    while mqtt::read_packet(&mut stream)?.kind != CONNECT {}
    let code = if way == Bad::Refuses { 5 } else { 0 };
    mqtt::write_packet(&mut stream, CONNACK << 4, &[0, code])?;
    lock(state).let_in += usize::from(code == 0);
    match way {
        Bad::Refuses | Bad::HangsUp => return Ok(()),
        Bad::Mute => loop {
            mqtt::read_packet(&mut stream)?;
        },
        Bad::Babbles => return stream.write_all(&[0xf7; 64]),
        Bad::Hangs | Bad::Lies | Bad::Floods | Bad::Small => {}
    }
    loop {
        let packet = mqtt::read_packet(&mut stream)?;
        match packet.kind {
            SUBSCRIBE => {
                let filters = packet.filters();
                let mut body = packet.body.get(..2).unwrap_or_default().to_vec();
                body.extend(filters.iter().map(|_| 1));
                mqtt::write_packet(&mut stream, SUBACK << 4, &body)?;
                if way == Bad::Floods && !filters.is_empty() {
                    let flood = stream.try_clone()?;
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let _ = pour(flood, &filters, state);
                        });
                        // The acknowledgements must be read, or nobody could go on.
                        while mqtt::read_packet(&mut stream).is_ok() {}
                    });
                    return Ok(());
                }
            }
            PUBLISH => {
                let Some(publish) = packet.publish() else { continue };
                if way == Bad::Small && publish.payload.len() > SMALL_BYTES_MAX {
                    return Ok(());
                }
                if let Some(id) = publish.id {
                    mqtt::write_packet(&mut stream, PUBACK << 4, &id.to_be_bytes())?;
                }
                if way == Bad::Small {
                    let mut body = Vec::new();
                    mqtt::put_text(&mut body, &publish.topic);
                    body.extend_from_slice(&publish.payload);
                    mqtt::write_packet(&mut stream, PUBLISH << 4, &body)?;
                }
            }
            PINGREQ => mqtt::write_packet(&mut stream, PINGRESP << 4, &[])?,
            _ => {}
        }
    }
}

/// Publishes rubbish until the connection ends.
fn pour(mut stream: TcpStream, topics: &[String], state: &Mutex<State>) -> io::Result<()> {
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    for number in 1..=u16::MAX {
        for topic in topics {
            let mut body = Vec::new();
            mqtt::put_text(&mut body, topic);
            body.extend_from_slice(&number.to_be_bytes());
            body.extend(std::iter::repeat_n(1, 1_024));
            mqtt::write_packet(&mut stream, (PUBLISH << 4) | 2, &body)?;
            lock(state).rubbish += body.len() as u64;
        }
    }
    Ok(())
}
