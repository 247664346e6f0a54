//! What is known of an ICE server besides what the library is told: for those who ask it themselves, and for those who show it.

use std::net::Ipv6Addr;

use super::IceServer;

/// The port of `stun:` and `turn:` when none is named (RFC 7064 and RFC 7065).
const DEFAULT_PORT: u16 = 3478;

/// Reads a name, an IPv4 address, or an IPv6 one in brackets, and the port behind it if there is one.
pub(super) fn parse(place: &str) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host.parse::<Ipv6Addr>().is_ok().then_some(host)?, port)
        }
        None => {
            let (host, port) = place.find(':').map_or((place, ""), |at| place.split_at(at));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            ((!host.is_empty() && host.bytes().all(is_name)).then_some(host)?, port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => DEFAULT_PORT,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    (port != 0).then(|| (host.to_owned(), port))
}

impl IceServer {
    /// Its name or address (an IPv6 one without its brackets), and its port.
    #[must_use]
    pub fn place(&self) -> (&str, u16) {
        let (host, port) = &self.place;
        (host, *port)
    }

    /// Its address without a login.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.url()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form of an address says where the server is; what is shown of it holds no login.
    #[test]
    fn where_a_server_is() {
        for (url, host, port) in [
            ("stun:stun.example", "stun.example", 3478),
            ("stun:192.0.2.1:19302", "192.0.2.1", 19302),
            ("turn:u:p@[2001:db8::1]:5349?transport=udp", "2001:db8::1", 5349),
            ("turn:u:p:p@[2001:db8::1]", "2001:db8::1", 3478),
        ] {
            let server: IceServer = url.parse().unwrap();
            assert_eq!(server.place(), (host, port), "{url}");
            assert_eq!(server.is_relay(), url.starts_with("turn"));
            assert!(!server.shown().contains("u:p"));
        }
        for url in [
            "stun:host:port",
            "stun:host:",
            "stun:host:0",
            "stun:host:70000",
            "stun::3478",
            "stun:[::1",
            "stun:[::1]3478",
            "stun:[host]",
            "stun://host:3478",
            "turn:u:p@//host",
            "stun:host/path",
            "stun:host?transport=udp",
            "turn:u:p@host?transport=tcp",
            "turn:u:p@host?transport=TCP",
            "turn:u:p@host?x=1",
            "turn:u:p@host?",
            "stun:höst",
            "stun:",
            "turns:u:p@host",
            "stun:ho st",
        ] {
            assert!(url.parse::<IceServer>().is_err(), "{url}");
        }
    }
}
