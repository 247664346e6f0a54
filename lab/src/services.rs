//! What stands in the public part: a broker, and a TURN relay with credentials that run out.

use std::fs;
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use data_encoding::BASE64;
use hmac::{Hmac, Mac};
use patchbay::Device;
use sha1::Sha1;

/// The name by which everybody finds the public part; each device's own hosts file gives the address of a family that it has.
pub const NAME: &str = "meet.lab";
/// The name of the relay's second address, where it has one.
pub const SECOND_NAME: &str = "second.lab";
/// Where the broker listens.
pub const BROKER_PORT: u16 = 1883;
/// Where the relay listens.
pub const TURN_PORT: u16 = 3478;
/// A lab's relay is reachable from nowhere else, so its secret is none.
const TURN_SECRET: &str = "the lab's";
/// Credentials outlast every run.
const CREDENTIALS_LAST: Duration = Duration::from_secs(3600);
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

/// A user name and its password, as coturn's "REST API" wants them: the second at which they end, and an HMAC of it.
pub fn credentials() -> Result<(String, String)> {
    let ends = (SystemTime::now() + CREDENTIALS_LAST).duration_since(UNIX_EPOCH).context("before 1970")?.as_secs();
    Ok((ends.to_string(), password(TURN_SECRET, &ends.to_string())?))
}

fn password(secret: &str, user: &str) -> Result<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).context("a secret of no length")?;
    mac.update(user.as_bytes());
    Ok(BASE64.encode(&mac.finalize().into_bytes()))
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

    /// The vector was made with `openssl dgst -sha1 -hmac`.
    #[test]
    fn a_password_is_the_hmac_of_its_user_name() {
        assert_eq!(password("secret", "1700000000").unwrap_or_default(), VECTOR);
    }

    const VECTOR: &str = "WGw37+g43pfwVUmrc9tgArn/juE=";

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
