//! A screen of one's own: Xvfb with a window manager, real keys by `xdotool`, pictures by ImageMagick. Also xtask's.
//!
//! Uses the standard library only, and nobody else's screen. Everything ends with it.
#![allow(dead_code, reason = "each of those who use it uses some of it")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Both of the demo's windows side by side, each in the form with two panes.
const SCREEN: &str = "1600x900x24";
/// How often a window that must come is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A screen, a window manager and a first window have come long before this, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// A key has long been seen by then; one that changes nothing costs so much.
const REACTION: Duration = Duration::from_secs(4);
/// An empty page has two or three colours, with a picture of letters it has many: their edges are drawn in shades.
const COLOURS_MIN: u32 = 12;
/// What is needed, and the Debian package that has it.
const PROGRAMS: &[&str] = &["Xvfb", "openbox", "xdotool", "import", "xwd"];

/// A screen with a window manager.
pub struct Display {
    name: String,
    server: Child,
    manager: Child,
}

impl Display {
    /// Why there can be none here.
    pub fn missing() -> Option<String> {
        PROGRAMS.iter().find(|name| !is_program(name)).map(|name| format!("{name} is not installed"))
    }

    /// Starts one; the server chooses a free number itself.
    pub fn start() -> io::Result<Self> {
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset", "-dpi", "96"]);
        let mut server = server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let number = server.stdout.take().map(first_line).transpose();
        let number = match number {
            Ok(Some(number)) if !number.is_empty() => number,
            other => {
                let _ = server.kill();
                let _ = server.wait();
                return Err(other.err().unwrap_or_else(|| io::Error::other("Xvfb names no display")));
            }
        };
        let name = format!(":{number}");
        let manager = on(&name, "openbox").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        match manager {
            Ok(manager) => Ok(Self { name, server, manager }),
            Err(error) => {
                let _ = server.kill();
                let _ = server.wait();
                Err(error)
            }
        }
    }

    /// The processes behind it.
    pub fn ids(&self) -> [u32; 2] {
        [self.server.id(), self.manager.id()]
    }

    /// A program that will show itself here, and nowhere else.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        on(&self.name, program)
    }

    /// Puts a program that is not started yet onto this screen.
    pub fn show(&self, command: &mut Command) {
        put(&self.name, command);
    }

    /// Waits for the window of a process, and until something is to be seen in it. Gives its number.
    pub fn window_of(&self, process: u32) -> Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        let process = process.to_string();
        while Instant::now() < deadline {
            let found = self.xdotool(&["search", "--onlyvisible", "--pid", &process]).unwrap_or_default();
            // A toolkit's helper windows belong to it too: the one that shows something is meant.
            if let Some(window) = found.lines().find(|window| self.colours(window) >= COLOURS_MIN) {
                return Ok(window.to_owned());
            }
            thread::sleep(LOOK_AGAIN);
        }
        Err(format!("process {process} shows nothing after {PATIENCE:?}"))
    }

    /// The title of a window.
    pub fn title(&self, window: &str) -> String {
        self.xdotool(&["getwindowname", window]).unwrap_or_default().trim().to_owned()
    }

    /// Where a window is and how large: left, top, width, height.
    pub fn place(&self, window: &str) -> Option<[i32; 4]> {
        let said = self.xdotool(&["getwindowgeometry", "--shell", window]).ok()?;
        let number =
            |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
        Some([number("X")?, number("Y")?, number("WIDTH")?, number("HEIGHT")?])
    }

    /// Moves and sizes a window: left, top, width, height.
    pub fn put(&self, window: &str, [x, y, width, height]: [i32; 4]) -> Result<(), String> {
        let [x, y, width, height] = [x, y, width, height].map(|number| number.to_string());
        self.xdotool(&["windowsize", "--sync", window, &width, &height])?;
        self.xdotool(&["windowmove", "--sync", window, &x, &y]).map(drop)
    }

    /// Gives a window the keyboard.
    pub fn focus(&self, window: &str) -> Result<(), String> {
        self.xdotool(&["windowactivate", "--sync", window]).map(drop)
    }

    /// Presses keys, named as X names them (`Return`, `Tab`, `shift+Return`); after each, what it does is seen in the window.
    pub fn press(&self, window: &str, keys: &[&str]) -> Result<(), String> {
        for key in keys {
            let before = self.look(window);
            self.xdotool(&["key", "--clearmodifiers", key])?;
            self.settle(window, &before);
        }
        Ok(())
    }

    /// Types a text, key by key.
    pub fn types(&self, window: &str, text: &str) -> Result<(), String> {
        let before = self.look(window);
        self.xdotool(&["type", "--clearmodifiers", "--delay", "25", "--", text])?;
        self.settle(window, &before);
        Ok(())
    }

    /// What a window shows.
    pub fn look(&self, window: &str) -> Vec<u8> {
        self.command("xwd").args(["-silent", "-id", window]).output().map(|said| said.stdout).unwrap_or_default()
    }

    /// Waits until a window shows something else than before, and then the same twice. Some keys change nothing, and a caret
    /// blinks: then this is only a pause.
    pub fn settle(&self, window: &str, before: &[u8]) {
        let deadline = Instant::now() + REACTION;
        let mut now = self.look(window);
        while now == before && Instant::now() < deadline {
            thread::sleep(LOOK_AGAIN);
            now = self.look(window);
        }
        loop {
            thread::sleep(LOOK_AGAIN);
            let next = self.look(window);
            if next == now || Instant::now() >= deadline {
                return;
            }
            now = next;
        }
    }

    /// Takes a window from the screen.
    pub fn minimise(&self, window: &str) -> Result<(), String> {
        self.xdotool(&["windowminimize", "--sync", window]).map(drop)
    }

    /// Brings it back.
    pub fn restore(&self, window: &str) -> Result<(), String> {
        self.xdotool(&["windowmap", "--sync", window]).map(drop)?;
        self.focus(window)
    }

    /// Asks a window to close, as its button does.
    pub fn close(&self, window: &str) -> Result<(), String> {
        // The window manager asks the program; `windowclose` would cut its connection.
        self.focus(window)?;
        self.xdotool(&["key", "--clearmodifiers", "alt+F4"]).map(drop)
    }

    /// Keeps a picture of the whole screen.
    pub fn picture(&self, file: &Path) {
        let _ = self.command("import").args(["-window", "root"]).arg(file).stderr(Stdio::null()).status();
    }

    /// How many colours a window shows.
    fn colours(&self, window: &str) -> u32 {
        let picture = self.command("import").args(["-silent", "-window", window, "-format", "%k", "info:"]).output();
        picture.ok().and_then(|said| String::from_utf8(said.stdout).ok()?.trim().parse().ok()).unwrap_or(0)
    }

    fn xdotool(&self, args: &[&str]) -> Result<String, String> {
        let said = self.command("xdotool").args(args).output().map_err(|error| format!("xdotool: {error}"))?;
        if said.status.success() {
            return String::from_utf8(said.stdout).map_err(|error| error.to_string());
        }
        Err(format!("xdotool {}: {}", args.join(" "), String::from_utf8_lossy(&said.stderr).trim()))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        for child in [&mut self.manager, &mut self.server] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn on(display: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    put(display, &mut command);
    command
}

fn put(display: &str, command: &mut Command) {
    command.env("DISPLAY", display).env("GDK_BACKEND", "x11").env("LIBGL_ALWAYS_SOFTWARE", "1");
    command.env_remove("WAYLAND_DISPLAY").env_remove("XAUTHORITY");
    // No service of a desktop is there, and none shall be started for a test.
    command.env("NO_AT_BRIDGE", "1").env("GTK_USE_PORTAL", "0").env("DBUS_SESSION_BUS_ADDRESS", "disabled:");
}

fn first_line(from: impl io::Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir: PathBuf| dir.join(name)).any(|file| File::open(file).is_ok())
}
