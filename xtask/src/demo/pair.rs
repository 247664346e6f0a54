//! Alice and Bob, past the welcome, with Alice's request waiting for Bob's answer; then each with a window of their own.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::display::Display;
use crate::node::{Node, Talker};
use crate::process::{self, Guard};
use crate::workspace;

/// What each step may take: many times what it needs, so that only a fault reaches it.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// A window that is told to end has put everything on disk long before this.
const END_LIMIT: Duration = Duration::from_secs(20);
/// Where the two windows are: side by side on the smallest screen that people have, below a bar at the top.
const PLACES: [(f64, f64); 2] = [(20.0, 40.0), (650.0, 40.0)];
/// How large each is.
const SIZE: (f64, f64) = (600.0, 680.0);

/// How the two are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A window each.
    Windows,
    /// A page of the browser preview each.
    Pages,
}

/// The two.
pub struct Pair {
    start: Instant,
    kith: PathBuf,
    place: PathBuf,
    broker: String,
    open: Vec<Open>,
    keep: bool,
}

/// One of them, open.
pub struct Open {
    /// Whose it is.
    pub name: &'static str,
    /// Where a page is.
    pub address: Option<String>,
    shown: Shown,
}

enum Shown {
    Window { child: Child, _guard: Guard },
    Page(Talker),
}

impl Open {
    /// The process.
    pub fn id(&self) -> u32 {
        match &self.shown {
            Shown::Window { child, .. } => child.id(),
            Shown::Page(talker) => talker.id(),
        }
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(match &mut self.shown {
            Shown::Window { child, .. } => child.try_wait()?.is_some(),
            Shown::Page(talker) => talker.has_ended()?,
        })
    }
}

impl Pair {
    /// Gives both an identity, lets Alice ask, and waits until Bob's device has her request on disk.
    pub fn prepare(kith: PathBuf) -> Result<Self> {
        let place = workspace::place("kith-demo")?;
        process::remove_at_end(&place);
        // Asked for once and given back: somebody else would have to take it in this moment.
        let port = TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?.port();
        let broker = format!("127.0.0.1:{port}");
        let pair = Self { start: Instant::now(), kith, place, broker, open: Vec::new(), keep: true };
        let (mut alice, mut bob) = (pair.node("Alice")?, pair.node("Bob")?);
        let alice_id = alice.ask_text("identity.create", json!({"name": "Alice"}), "userId")?;
        bob.ask_text("identity.create", json!({"name": "Bob"}), "userId")?;
        pair.say("Alice and Bob have an identity each, and share a broker of this trial's own.");
        // As people do: nobody gives their link away before their Kith says that it is ready.
        for node in [&mut alice, &mut bob] {
            node.event("brokerChanged", &json!({"state": "connected"}), STEP_LIMIT)?;
        }
        let link = bob.ask_text("identity.show", json!({}), "link")?;
        alice.ask("contact.add", json!({"link": link}))?;
        bob.event("requestReceived", &json!({"userId": alice_id}), STEP_LIMIT)?;
        pair.say("Alice has opened Bob's link; her request waits for his answer.");
        alice.shut_down()?;
        bob.shut_down()?;
        for (name, place) in ["Alice", "Bob"].into_iter().zip(PLACES) {
            pair.choose(name, place)?;
        }
        Ok(pair)
    }

    /// Says what happens, and when.
    pub fn say(&self, what: &str) {
        println!("{:8.3} s  {what}", self.start.elapsed().as_secs_f64());
    }

    /// Opens both, on this screen or on the person's own.
    pub fn open(&mut self, form: Form, display: Option<&Display>) -> Result<()> {
        for name in ["Alice", "Bob"] {
            let open = match form {
                Form::Windows => self.window(name, display)?,
                Form::Pages => self.page(name)?,
            };
            match &open.address {
                None => self.say(&format!("{name}'s window opens.")),
                Some(address) => self.say(&format!("{name}: {address}")),
            }
            self.open.push(open);
        }
        Ok(())
    }

    /// Those that are open.
    pub fn open_ones(&self) -> &[Open] {
        &self.open
    }

    /// Whether one of them is still open. A window that ends badly is an error.
    pub fn are_open(&mut self) -> Result<bool> {
        let mut open = false;
        for one in &mut self.open {
            open |= !one.has_ended()?;
            if let Shown::Window { child, .. } = &mut one.shown
                && let Some(status) = child.try_wait()?
            {
                ensure!(status.success(), "{}'s window ended with {status}; see {}", one.name, self.place.display());
            }
        }
        Ok(open)
    }

    /// Ends both as a system does that shuts down, and waits for them.
    pub fn close(&mut self) -> Result<()> {
        for one in &mut self.open {
            process::ask_to_end(one.id());
        }
        let deadline = Instant::now() + END_LIMIT;
        for mut one in self.open.drain(..) {
            while !one.has_ended()? {
                if Instant::now() >= deadline {
                    bail!("{} did not end within {} s", one.name, END_LIMIT.as_secs());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// Ends both, and throws everything away.
    pub fn end(mut self) -> Result<()> {
        self.close()?;
        self.keep = false;
        Ok(())
    }

    /// Both devices without their windows: whoever has not heard of the other's answer yet hears of it now.
    pub fn both(&self) -> Result<[Node; 2]> {
        Ok([self.node("Alice")?, self.node("Bob")?])
    }

    fn data(&self, name: &str) -> PathBuf {
        self.place.join(name.to_lowercase())
    }

    fn log(&self, name: &str) -> PathBuf {
        self.place.join(format!("{}.log", name.to_lowercase()))
    }

    /// Kith on somebody's data. Whatever this account has of its own is not touched.
    fn arguments(&self, name: &str) -> Vec<std::ffi::OsString> {
        let data = self.data(name);
        let words = ["--data".as_ref(), data.as_os_str(), "--local-broker".as_ref(), self.broker.as_ref()];
        // Both are on this machine: no server on the Internet is asked for anything.
        words.into_iter().chain(["--no-default-ice".as_ref()]).map(Into::into).collect()
    }

    fn node(&self, name: &'static str) -> Result<Node> {
        let command = self.command(Some("node"), name);
        Node::of(name, command, &self.log(name))
    }

    fn command(&self, task: Option<&str>, name: &str) -> Command {
        let mut command = Command::new(&self.kith);
        command.args(task).args(self.arguments(name)).env("KITH_HOME", &self.place);
        command
    }

    /// What a person has chosen on the welcome's second page, and where their window is.
    fn choose(&self, name: &str, (x, y): (f64, f64)) -> Result<()> {
        let (width, height) = SIZE;
        let window = json!({"x": x, "y": y, "width": width, "height": height, "maximized": false});
        choose(&self.data(name), &json!({"reach": {"kind": "thisComputer"}, "window": window}))
    }

    fn window(&self, name: &'static str, display: Option<&Display>) -> Result<Open> {
        let log = File::options().create(true).append(true).open(self.log(name))?;
        let mut command = self.command(None, name);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        if let Some(display) = display {
            display.show(&mut command);
        }
        let child = command.spawn().with_context(|| format!("cannot run {}", self.kith.display()))?;
        let guard = Guard::single(child.id());
        Ok(Open { name, address: None, shown: Shown::Window { child, _guard: guard } })
    }

    fn page(&self, name: &'static str) -> Result<Open> {
        let mut command = self.command(None, name);
        command.arg("--browser");
        let mut talker = Talker::of(command, &self.log(name))?;
        let deadline = Instant::now() + STEP_LIMIT;
        let address = loop {
            let line = talker.line(deadline).with_context(|| format!("{name}'s Kith names no address"))?;
            if line.starts_with("http://") {
                break line;
            }
        };
        Ok(Open { name, address: Some(address), shown: Shown::Page(talker) })
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for one in &mut self.open {
            if let Shown::Window { child, .. } = &mut one.shown {
                // Ended already, perhaps; then there is nothing to end.
                child.kill().ok();
                child.wait().ok();
            }
        }
        // The pages end with their owner, before the files.
        self.open.clear();
        if self.keep {
            println!("Logs and data: {}", self.place.display());
            process::keep_at_end(&self.place);
        } else {
            fs::remove_dir_all(&self.place).ok();
        }
    }
}

/// Gives a device its settings, as a file for its owner only: Kith takes no other.
pub fn choose(data: &Path, settings: &Value) -> Result<()> {
    let file = data.join("settings.json");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(open.write_all(settings.to_string().as_bytes())?)
}
