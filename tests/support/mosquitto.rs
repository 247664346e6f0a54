//! Mosquitto with the files of `deploy/mosquitto`, changed only where a test must differ from an operator's machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::deploy;
use super::world::{Skip, Transport};

/// The member who logs in where a password is wanted.
pub const USER: &str = "kith";
/// Their password.
pub const PASSWORD: &str = "secret";

/// Where it listens.
pub struct Ports {
    pub mqtt: u16,
    pub ws: u16,
    pub mqtts: u16,
    pub wss: u16,
}

/// Writes a configuration into `dir` and returns its path; `pin` becomes what goes behind an address over TLS.
///
/// Other than an operator's: ports and folders; root runs it, since a test's folders are root's; the plugin lies where this
/// machine has it. An open broker leaves out what the file says may be left out: the plugin with its rules. One that nobody
/// reaches over TLS leaves out those listeners, for want of certificates.
pub fn configure(transport: Transport, dir: &Path, ports: Ports, pin: &mut String) -> Result<PathBuf, Skip> {
    program("mosquitto")?;
    let (open, tls) = match transport {
        Transport::MosquittoTcp | Transport::MosquittoWs => (true, false),
        Transport::MosquittoTls | Transport::MosquittoWss => (false, true),
        _ => (false, false),
    };
    let (store, certificates) = (dir.join("store"), dir.join("certs"));
    fs::create_dir_all(&store).expect("a directory for sessions");
    let mut text = deploy::adapted(
        "mosquitto/mosquitto.conf",
        &[
            ("user mosquitto", "user root"),
            ("/var/lib/mosquitto/dynamic-security.json", &dir.join("dynamic-security.json").display().to_string()),
            ("/var/lib/mosquitto/", &format!("{}/", store.display())),
            ("/etc/mosquitto/certs/", &format!("{}/", certificates.display())),
            ("listener 1883 127.0.0.1", &format!("listener {} 127.0.0.1", ports.mqtt)),
            ("listener 8080 127.0.0.1", &format!("listener {} 127.0.0.1", ports.ws)),
            ("listener 8883", &format!("listener {} 127.0.0.1", ports.mqtts)),
            ("listener 8443", &format!("listener {} 127.0.0.1", ports.wss)),
        ],
    );
    if open {
        text = text.lines().filter(|line| !line.starts_with("plugin")).map(|line| format!("{line}\n")).collect();
    } else {
        let installed = plugin()?;
        text =
            text.replace("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so", &installed.display().to_string());
        rules(dir)?;
    }
    if tls {
        *pin = deploy::certificate(&certificates)?;
    } else {
        text = deploy::without_tls(&text);
    }
    let config = dir.join("mosquitto.conf");
    fs::write(&config, text).expect("a configuration");
    Ok(config)
}

/// The access rules, with one member.
fn rules(dir: &Path) -> Result<(), Skip> {
    program("mosquitto_passwd")?;
    let rules = dir.join("dynamic-security.json");
    // A broker that starts again keeps its members.
    if rules.exists() {
        return Ok(());
    }
    fs::copy(deploy::file("mosquitto/dynamic-security.json"), &rules).expect("the rules");
    let mut script = Command::new("sh")
        .arg(deploy::file("mosquitto/member.sh"))
        .arg(&rules)
        .arg(USER)
        .stdin(Stdio::piped())
        .spawn()
        .expect("member.sh");
    writeln!(script.stdin.take().expect("stdin"), "{PASSWORD}").expect("a password");
    assert!(script.wait().expect("member.sh").success(), "member.sh failed");
    Ok(())
}

fn plugin() -> Result<PathBuf, Skip> {
    let places = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|place| place.path());
    let mut found = places.map(|place| place.join("mosquitto_dynamic_security.so"));
    found.find(|plugin| plugin.is_file()).ok_or_else(|| Skip("mosquitto has no dynamic-security plugin".to_owned()))
}

/// A program of Mosquitto's.
pub fn program(name: &str) -> Result<PathBuf, Skip> {
    deploy::program(name).ok_or_else(|| Skip(format!("{name} is not installed")))
}
