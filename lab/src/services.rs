//! What stands in the public part: a broker, and a TURN relay that shares a secret with people, who make credentials of it that
//! run out.

use std::fs;
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use patchbay::Device;

/// The name by which everybody finds the public part; each device's own hosts file gives the address of a family that it has.
pub const NAME: &str = "meet.lab";
/// The name of the relay's second address, where it has one.
pub const SECOND_NAME: &str = "second.lab";
/// Where the broker listens.
pub const BROKER_PORT: u16 = 1883;
/// Where the relay listens.
pub const TURN_PORT: u16 = 3478;
/// A lab's relay is reachable from nowhere else, so its secret is none. It has characters that mean something in a URL.
const TURN_SECRET: &str = "the lab's: 100 %";
/// A service that does not listen by then will not.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A child that is killed when this is dropped.
pub struct Service(Child);

impl Service {
    /// Ends it as a power cut would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Ended already, perhaps; then there is nothing to end.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Debian puts services where a person's search path does not look.
const SERVICE_PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/// This program, which will die with whoever starts it: a lab that is killed leaves nothing behind.
pub fn command(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

/// Mosquitto on [`BROKER_PORT`], with what it keeps in `place`. Started again on the same place it is the same broker.
pub fn broker(server: &Device, place: &Path) -> Result<Service> {
    fs::create_dir_all(place.join("queue"))?;
    let config = place.join("mosquitto.conf");
    let queue = place.join("queue").display().to_string();
    // `user root` is not the machine's: the lab has a user namespace with one user in it.
    let text = format!(
        "user root\nlistener {BROKER_PORT}\nallow_anonymous true\nset_tcp_nodelay true\nmax_packet_size 131072\n\
         max_queued_messages 10000\npersistence true\npersistence_location {queue}/\nlog_dest stderr\n"
    );
    fs::write(&config, text)?;
    let mut mosquitto = command("mosquitto");
    mosquitto.arg("-c").arg(&config);
    let service = start(server, mosquitto, &place.join("mosquitto.log"))?;
    listening(server, BROKER_PORT)?;
    Ok(service)
}

/// coturn on [`TURN_PORT`] of all of these addresses, with its settings in `place`; those that the project gives to operators,
/// where there are any. `deploy` holds them.
pub fn turn(server: &Device, addresses: &[IpAddr], deploy: &Path, place: &Path) -> Result<Service> {
    let given = fs::read_to_string(deploy.join("coturn/turnserver.conf")).unwrap_or_default();
    let config = place.join("turnserver.conf");
    fs::write(&config, turn_settings(&given, addresses, place))?;
    let mut turnserver = command("turnserver");
    turnserver.arg("-c").arg(&config);
    let service = start(server, turnserver, &place.join("turnserver.log"))?;
    // It answers TCP too, which is easier to ask whether it is there.
    listening(server, TURN_PORT)?;
    Ok(service)
}

/// The operator's settings, but for the values that are each operator's own.
fn turn_settings(given: &str, addresses: &[IpAddr], place: &Path) -> String {
    /// What the lab says itself; `no-tcp` because the lab asks by TCP whether the relay is there.
    const OWN: [&str; 7] =
        ["listening-port", "external-ip", "realm", "static-auth-secret", "pidfile", "use-auth-secret", "no-tcp"];
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let mut lines: Vec<String> =
        given.lines().filter(|line| !OWN.contains(&name(line).as_str())).map(str::to_owned).collect();
    for address in addresses {
        lines.extend([format!("listening-ip={address}"), format!("relay-ip={address}")]);
    }
    let place = place.display();
    lines.extend([
        format!("listening-port={TURN_PORT}"),
        "realm=lab".to_owned(),
        "use-auth-secret".to_owned(),
        format!("static-auth-secret={TURN_SECRET}"),
        format!("pidfile={place}/turnserver.pid"),
        format!("userdb={place}/turndb"),
        "relay-threads=1".to_owned(),
    ]);
    if given.is_empty() {
        let more =
            ["no-tls", "no-dtls", "no-cli", "no-multicast-peers", "fingerprint", "log-file=stdout", "simple-log"];
        lines.extend(more.map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

/// The relay as people name it: by its secret, at this port of the public part.
pub fn turn_url(port: u16) -> String {
    format!("turn:{}@{NAME}:{port}", escaped(TURN_SECRET))
}

/// With percent codes for all that may mean something in a URL (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Starts a service on this machine, and keeps what it says.
pub fn start(server: &Device, mut command: Command, log: &Path) -> Result<Service> {
    let log = fs::File::options().create(true).append(true).open(log)?;
    command.env("PATH", SERVICE_PATH).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(Service(server.spawn_command_sync(command)?))
}

/// Waits until somebody listens there.
fn listening(server: &Device, port: u16) -> Result<()> {
    let address = server.ip().context("the public part has no address")?;
    let deadline = Instant::now() + START_LIMIT;
    while !server.run_sync(move || Ok(TcpStream::connect((address, port)).is_ok()))? {
        if Instant::now() >= deadline {
            bail!("nobody listens on port {port} after {} s", START_LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the secret is, the host and the port stay what they are.
    #[test]
    fn a_secret_is_escaped() {
        assert_eq!(escaped("aZ9-._~"), "aZ9-._~");
        assert_eq!(escaped("a:b@c/ü%"), "a%3Ab%40c%2F%C3%BC%25");
        assert_eq!(turn_url(7), "turn:the%20lab%27s%3A%20100%20%25@meet.lab:7");
    }

    /// An operator's own values are replaced by the lab's, and everything else is kept.
    #[test]
    fn the_operators_settings_are_used() {
        let given = "realm=kith.example\nno-tcp\nno-tcp-relay\nstatic-auth-secret=CHANGE-ME\nstale-nonce=600\n";
        let text = turn_settings(given, &[IpAddr::from([198, 18, 1, 2])], Path::new("/p"));
        for line in ["no-tcp-relay", "stale-nonce=600", "realm=lab", "relay-ip=198.18.1.2", "pidfile=/p/turnserver.pid"]
        {
            assert!(text.lines().any(|had| had == line), "{line} in {text}");
        }
        assert!(!text.contains("CHANGE-ME") && !text.contains("kith.example") && !text.contains("no-tcp\n"));
    }
}
