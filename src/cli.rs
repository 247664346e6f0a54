//! The command line: what can be said, and what it means. It opens and starts nothing.

#[cfg(feature = "embedded-broker")]
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kith::host::Place;

/// Kith: a messenger in which people's devices talk to each other directly
///
/// Without a command it opens the window. The first time it asks for your name and how others can reach you; then give
/// somebody your link, or paste theirs. A second start brings the open window to the front.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do instead of opening the window.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// How to open it.
    #[command(flatten)]
    pub window: Window,
}

/// How to open the window.
#[derive(Args, Debug)]
pub struct Window {
    /// Somebody's Kith link, to add them as a contact
    #[cfg(feature = "desktop")]
    #[arg(value_name = "LINK", value_parser = link)]
    // A page in a browser is opened by hand: there is nobody yet to give the link to.
    #[cfg_attr(feature = "browser", arg(conflicts_with = "browser"))]
    pub link: Option<String>,
    /// Show Kith in a browser on this computer instead of a window. Prints an address: open it, and tell nobody
    #[cfg(feature = "browser")]
    #[arg(long)]
    pub browser: bool,
    /// The port of that address [default: any that is free]
    #[cfg(feature = "browser")]
    #[arg(long, value_name = "N", requires = "browser")]
    pub port: Option<u16>,
    #[command(flatten)]
    device: Device,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run without a window: JSON-RPC 2.0 on standard input and output, one object a line
    ///
    /// Type a request, for example {"jsonrpc":"2.0","id":1,"method":"identity.create","params":{"name":"Alice"}} and
    /// press Enter. The end of input (Ctrl-D), or a request "shutdown", ends it. Logs go to standard error; the
    /// environment variable KITH_LOG says how much (error, warn, info, debug). docs/node-api.md has every request.
    Node(Device),
    /// Run only a broker, for other people's Kiths to meet at
    ///
    /// Prints the address that it listens on, then runs until it is stopped (Ctrl-C). It reads no message: all of them
    /// are sealed.
    #[cfg(feature = "embedded-broker")]
    Broker(Broker),
    /// Check the connection: brokers, address and NAT, relays, IPv6, clock; say what is wrong, and what to do
    ///
    /// Asks what `kith node` with the same options would use, and what the settings of the window say; takes at most ten
    /// seconds. It changes nothing, needs no identity, and works while another Kith runs on the same data. Lines with ✓ are
    /// well, lines with · are only worth knowing, lines with ! need attention. Ends with 0 when all is well, with 1 when
    /// something needs attention, with 2 when it cannot check. docs/doctor.md explains every line.
    Doctor(Doctor),
    /// Show your own link, and as a QR code that others can scan
    ///
    /// Name the same brokers as for `kith node`: the link says where you can be reached. While a node runs, ask that
    /// one instead: its request "identity.show" answers with the link. The picture needs a terminal of some 90 columns
    /// (more for a link that names several brokers); below it is the link as text.
    Qr(Reach),
    /// Have kith: links open this Kith
    ///
    /// For this account, on Linux and Windows, and once more when the program has moved. Packages do it by themselves.
    #[cfg(feature = "desktop")]
    Register,
}

/// Where this person's data is, where they can be reached, and who helps to find a way.
#[derive(Args, Debug)]
pub struct Device {
    #[command(flatten)]
    reach: Reach,
    /// A server that helps devices to find a way to each other: stun:host:port, turn:user:password@host:port, or
    /// turn:secret@host:port for one that shares a secret. May be given several times. Without any, what was chosen in
    /// the window holds
    #[arg(long, value_name = "URL")]
    ice: Vec<String>,
    /// Ask none of the public STUN servers that are built in (they learn this device's address, and nothing else)
    #[arg(long)]
    no_default_ice: bool,
}

/// What to check, and how to say it.
#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    device: Device,
    /// One JSON object for programs, in place of text
    #[arg(long)]
    pub json: bool,
}

/// Where this person's data is, and where they can be reached.
#[derive(Args, Debug)]
pub struct Reach {
    /// Where the messages and keys live [default: this user's data directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A broker where you can be reached: mqtt://, mqtts://, ws:// or wss://, with user:password@ if it wants one. May
    /// be given several times. Without any, what was chosen in the window holds; and before that, this computer's Kiths
    /// share a broker of their own
    #[arg(long, value_name = "URL")]
    broker: Vec<String>,
    /// Let this computer's own broker serve your local network, and put that address into your link
    #[cfg(feature = "embedded-broker")]
    #[arg(long, conflicts_with = "broker")]
    lan: bool,
    /// Where this computer's own broker listens [default: 127.0.0.1:18183]
    #[cfg(feature = "embedded-broker")]
    #[arg(long, value_name = "ADDR", conflicts_with = "broker")]
    local_broker: Option<SocketAddr>,
}

/// How to run a broker alone.
#[cfg(feature = "embedded-broker")]
#[derive(Args, Debug)]
pub struct Broker {
    /// Where to listen for MQTT over TCP; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:18183")]
    pub listen: SocketAddr,
    /// Where to listen for MQTT over WebSocket (path /mqtt)
    #[arg(long, value_name = "ADDR")]
    pub ws: Option<SocketAddr>,
    /// Where to keep waiting messages over a restart [default: with this user's data; in memory for port 0]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Window {
    /// Where.
    #[cfg(any(feature = "desktop", feature = "browser"))]
    pub fn place(self) -> Place {
        self.device.place()
    }
}

impl Doctor {
    /// Where.
    pub fn place(self) -> Place {
        self.device.place()
    }
}

impl Device {
    /// Where.
    pub fn place(self) -> Place {
        Place { ice: self.ice, no_default_ice: self.no_default_ice, ..self.reach.place() }
    }
}

impl Reach {
    /// Where.
    pub fn place(self) -> Place {
        Place {
            data: self.data,
            brokers: self.broker,
            #[cfg(feature = "embedded-broker")]
            lan: self.lan,
            #[cfg(feature = "embedded-broker")]
            local_broker: self.local_broker,
            ..Place::default()
        }
    }
}

/// A mistyped command is no link.
#[cfg(feature = "desktop")]
fn link(text: &str) -> Result<String, String> {
    if text.starts_with("kith:") {
        return Ok(text.to_owned());
    }
    Err("that is neither a command nor a Kith link, which begins with kith: (see kith --help)".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(text: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(text.split(' '))
    }

    /// Every command line of the documentation is understood, and what contradicts itself is refused.
    #[test]
    fn command_lines_are_understood() {
        Arguments::command().debug_assert();
        for text in [
            "kith",
            "kith --data d",
            "kith node",
            "kith node --data d --broker mqtt://a --broker wss://u:p@b/mqtt --ice stun:c --ice turn:u:p@d --no-default-ice",
            "kith qr --data d --broker mqtt://a",
            "kith doctor",
            "kith doctor --json --data d --broker mqtt://a --ice stun:c --no-default-ice",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in ["kith node stray", "kith talk", "kith node --broker", "kith --data d node"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// A link opens the window with it; nothing else stands there by mistake.
    #[cfg(feature = "desktop")]
    #[test]
    fn a_link_is_understood() {
        assert_eq!(parse("kith kith:abc").unwrap().window.link.as_deref(), Some("kith:abc"));
        assert!(parse("kith --data d kith:abc").unwrap().command.is_none());
        assert!(parse("kith https://kith").is_err());
        assert!(parse("kith kith:abc node").is_err());
    }

    /// The browser preview takes a port, and only it does.
    #[cfg(feature = "browser")]
    #[test]
    fn the_browser_preview_is_understood() {
        assert!(parse("kith --browser").unwrap().window.browser);
        assert_eq!(parse("kith --browser --port 8080 --data d").unwrap().window.port, Some(8080));
        assert!(parse("kith --port 8080").is_err());
    }

    /// The public STUN servers are asked unless somebody says no.
    #[test]
    fn default_ice_servers_can_be_left_out() {
        let place = |text: &str| match parse(text).unwrap().command {
            Some(Task::Node(device)) => device.place(),
            _ => panic!("{text}"),
        };
        let with = place("kith node --ice stun:c");
        assert_eq!((with.ice, with.no_default_ice), (vec!["stun:c".to_owned()], false));
        assert!(place("kith node --ice stun:c --no-default-ice").no_default_ice);
    }

    /// The computer's own broker is in the way of no other, and takes socket addresses.
    #[cfg(feature = "embedded-broker")]
    #[test]
    fn command_lines_of_the_own_broker_are_understood() {
        for text in [
            "kith --lan",
            "kith node --lan --local-broker 127.0.0.1:1999",
            "kith broker",
            "kith broker --listen [::1]:0 --ws 0.0.0.0:1",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in ["kith node --lan --broker mqtt://a", "kith broker --listen here", "kith node --local-broker 18183"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
