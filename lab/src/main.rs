//! The lab: networks of all kinds on one machine, two real nodes in them, and a clock.
//!
//! `cargo xtask lab` builds and starts this program; it is a crate of its own so that nothing else compiles what it needs.
//! Networks are namespaces of the kernel, made without privileges by `patchbay`; a broker and a TURN relay stand in the
//! public part; people are `kith node` processes, and all that is known of them is what their published interface says
//! (`docs/node-api.md`). It never links Kith, opens no port of this machine, and leaves nothing behind: namespaces end with
//! the process, every child dies with the thread that started it, and files lie below one folder that xtask removes.
//!
//! Data comes from [`kinds`] (what can be expected between any two networks) and [`promises`] (what was promised), and goes
//! to the terminal and, as JSON, to a file.

#[cfg(target_os = "linux")]
mod cluster;
#[cfg(target_os = "linux")]
mod deliver;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod figures;
#[cfg(target_os = "linux")]
mod kinds;
#[cfg(target_os = "linux")]
mod loss;
#[cfg(target_os = "linux")]
mod nat;
#[cfg(target_os = "linux")]
mod node;
#[cfg(target_os = "linux")]
mod person;
#[cfg(target_os = "linux")]
mod pool;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod promises;
#[cfg(target_os = "linux")]
mod roam;
#[cfg(target_os = "linux")]
mod services;
#[cfg(target_os = "linux")]
mod spot;
#[cfg(target_os = "linux")]
mod world;
#[cfg(target_os = "linux")]
mod worse_link;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    program::main()
}

#[cfg(not(target_os = "linux"))]
const NONE: &str = "the lab needs network namespaces, and this system has none";

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("{NONE}");
}

#[cfg(all(test, not(target_os = "linux")))]
mod tests {
    /// Where there are no namespaces the program says so.
    #[test]
    fn it_says_why_it_does_nothing() {
        assert!(super::NONE.contains("namespaces"));
    }
}
