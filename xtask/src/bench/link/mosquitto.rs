//! Mosquitto as `deploy/mosquitto` sets it up, on this machine only: other ports and folders, no TLS, one member.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::process::{Guard, wait_at_most};
use crate::setup::find_program;
use crate::workspace;

use super::pair::STEP_LIMIT;

const USER: &str = "kith";
const PASSWORD: &str = "secret";

/// A running broker.
pub struct Mosquitto {
    /// With the member's password.
    pub url: String,
    child: Child,
    _guard: Guard,
}

impl Mosquitto {
    /// Starts it in this folder.
    pub fn start(folder: &Path) -> Result<Self> {
        let program = find_program("mosquitto").context("mosquitto is not installed")?;
        let port = || -> Result<u16> { Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
        let (mqtt, ws) = (port()?, port()?);
        let deploy = workspace::root().join("deploy/mosquitto");
        let rules = folder.join("dynamic-security.json");
        add_member(&deploy, &rules)?;
        let config = folder.join("mosquitto.conf");
        fs::write(&config, configuration(&deploy.join("mosquitto.conf"), folder, mqtt, ws)?)?;
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run mosquitto")?;
        let guard = Guard::single(child.id());
        let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let mut said = Vec::new();
        let listens = loop {
            match lines.next() {
                Some(Ok(line)) if line.ends_with(" running") => break true,
                Some(Ok(line)) => said.push(line),
                _ => break false,
            }
        };
        // Somebody has to read on, or it waits for us one day.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let broker = Self { url: format!("mqtt://{USER}:{PASSWORD}@127.0.0.1:{mqtt}"), child, _guard: guard };
        ensure!(listens, "mosquitto does not start: {}", said.join(" / "));
        Ok(broker)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        crate::process::ask_to_end(self.child.id());
        if !wait_at_most(&mut self.child, STEP_LIMIT) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

fn configuration(file: &Path, folder: &Path, mqtt: u16, ws: u16) -> Result<String> {
    let mut text = fs::read_to_string(file)?;
    let here = format!("{}/", folder.display());
    let changes = [
        ("user mosquitto", "user root".to_owned()),
        ("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so", plugin()?.display().to_string()),
        ("/var/lib/mosquitto/", here),
        ("listener 1883 127.0.0.1", format!("listener {mqtt} 127.0.0.1")),
        ("listener 8080 127.0.0.1", format!("listener {ws} 127.0.0.1")),
    ];
    for (from, to) in changes {
        ensure!(text.contains(from), "deploy/mosquitto/mosquitto.conf has no “{from}” any more");
        text = text.replace(from, &to);
    }
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.contains("certfile"));
    Ok(paragraphs.collect::<Vec<_>>().join("\n\n"))
}

fn add_member(deploy: &Path, rules: &Path) -> Result<()> {
    fs::copy(deploy.join("dynamic-security.json"), rules)?;
    let mut script = Command::new("sh");
    let mut script =
        script.arg(deploy.join("member.sh")).arg(rules).arg(USER).stdin(Stdio::piped()).spawn().context("member.sh")?;
    writeln!(script.stdin.take().context("no standard input")?, "{PASSWORD}")?;
    ensure!(script.wait()?.success(), "member.sh failed");
    Ok(())
}

fn plugin() -> Result<PathBuf> {
    let places = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|place| place.path());
    let mut found = places.map(|place| place.join("mosquitto_dynamic_security.so"));
    found.find(|plugin| plugin.is_file()).context("mosquitto has no dynamic-security plugin")
}
