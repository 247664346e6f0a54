//! Somebody's window, as their eyes and hands have it.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::display::{Display, PATIENCE};
use crate::support::{Node, World, deadline};

/// How often something is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A window that is open, or was.
pub struct Window<'a> {
    world: &'a World,
    display: &'a Display,
    process: Option<Child>,
    id: String,
}

impl<'a> Window<'a> {
    /// Starts Kith on a directory of its own, and waits for its window.
    pub fn open(world: &'a World, display: &'a Display) -> Self {
        let mut window = Self { world, display, process: None, id: String::new() };
        window.reopens();
        window
    }

    /// Starts it again on the same directory.
    pub fn reopens(&mut self) {
        assert!(self.process.is_none(), "it is open");
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log");
        let child = self.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("kith");
        let id = child.id();
        self.process = Some(child);
        self.id = self.display.window_of(id).unwrap_or_else(|error| self.fail(&error));
        self.display.focus(&self.id).unwrap_or_else(|error| self.fail(&error));
        self.display.settle(&self.id, &[]);
    }

    /// A second start with a link: it must hand the link over and end well at once.
    pub fn is_handed(&self, link: &str) {
        let before = self.display.look(&self.id);
        let status = self.command().arg(link).stdin(Stdio::null()).status().expect("kith");
        assert!(status.success(), "a second start ended with {status}");
        self.display.settle(&self.id, &before);
    }

    /// Presses keys, one after the other.
    pub fn press(&self, keys: &[&str]) {
        self.display.press(&self.id, keys).unwrap_or_else(|error| self.fail(&error));
    }

    /// Types a text.
    pub fn types(&self, text: &str) {
        self.display.types(&self.id, text).unwrap_or_else(|error| self.fail(&error));
    }

    /// Types a message and sends it.
    pub fn says(&self, text: &str) {
        self.types(text);
        self.press(&["Return"]);
    }

    /// Opens the chat with somebody by their name, wherever the focus is.
    pub fn opens_the_chat_with(&self, name: &str) {
        self.press(&["ctrl+k"]);
        self.types(name);
        self.press(&["Return"]);
    }

    /// Moves and sizes it as its frame allows, and waits until Kith has kept that. Gives where it is then.
    pub fn moves_to(&self, x: i32, y: i32, width: i32, height: i32) -> [i32; 4] {
        self.display.put(&self.id, [x, y, width, height]).unwrap_or_else(|error| self.fail(&error));
        let place = self.place();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.has_kept(place) {
                return place;
            }
            thread::sleep(LOOK_AGAIN);
        }
        self.fail("it does not keep where it is")
    }

    /// Whether the file with its settings has this size. Its corner is another one there: that of the frame.
    fn has_kept(&self, [_, _, width, height]: [i32; 4]) -> bool {
        let Ok(file) = std::fs::read(self.data().join("settings.json")) else { return false };
        let settings: serde_json::Value = serde_json::from_slice(&file).expect("settings");
        let is = |side: &str, size: i32| {
            settings["window"][side].as_f64().is_some_and(|kept| (kept - f64::from(size)).abs() <= 2.0)
        };
        is("width", width) && is("height", height)
    }

    /// Where it is.
    pub fn place(&self) -> [i32; 4] {
        self.display.place(&self.id).unwrap_or_else(|| self.fail("it is nowhere"))
    }

    /// Whether it is there, give or take a pixel of its frame.
    pub fn is_at(&self, place: [i32; 4]) -> bool {
        let end = Instant::now() + PATIENCE / 10;
        while Instant::now() < end {
            if self.place().iter().zip(place).all(|(now, then)| now.abs_diff(then) <= 2) {
                return true;
            }
            thread::sleep(LOOK_AGAIN);
        }
        false
    }

    /// Closes it as its button does, and waits for the end of the program.
    pub fn closes(&mut self) {
        self.display.close(&self.id).unwrap_or_else(|error| self.fail(&error));
        let status = self.ends();
        assert!(status.success(), "it ended with {status}");
    }

    /// The same person without a window.
    pub fn as_node(&self) -> Node {
        assert!(self.process.is_none(), "it is open");
        self.world.node_on(&self.data())
    }

    fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + deadline();
        while Instant::now() < end {
            if let Some(status) = self.process.as_mut().and_then(|child| child.try_wait().expect("its status")) {
                self.process = None;
                return status;
            }
            thread::sleep(LOOK_AGAIN);
        }
        self.fail("it does not end")
    }

    fn command(&self) -> Command {
        let mut command = self.display.command(env!("CARGO_BIN_EXE_kith"));
        command.arg("--data").arg(self.data()).args(["--broker", self.world.url(), "--no-default-ice"]);
        // What belongs to the machine's user stays out of the story.
        for (name, value) in self.world.home() {
            command.env(name, value);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.world.dir().join("window")
    }

    fn log(&self) -> PathBuf {
        self.world.dir().join("window.log")
    }

    fn fail(&self, what: &str) -> ! {
        panic!("the window: {what}")
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("window.png");
            self.display.picture(&picture);
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            eprintln!("the screen: {}\nthe window's log:\n{log}", picture.display());
        }
        if let Some(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
