//! What is known of an ICE server besides what the library is told: for those who ask it themselves, and for those who show it.

use super::IceServer;

/// The port of `stun:` and `turn:` when none is named (RFC 7064 and RFC 7065).
const DEFAULT_PORT: u16 = 3478;

impl IceServer {
    /// Its name or address (an IPv6 one without its brackets), and its port.
    #[must_use]
    pub fn place(&self) -> Option<(String, u16)> {
        let (_, place) = self.url().split_once(':')?;
        let place = place.split_once('?').map_or(place, |(place, _)| place);
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
            }
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        (port != 0 && !host.is_empty()).then(|| (host.to_owned(), port))
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
            assert_eq!(server.place(), Some((host.to_owned(), port)), "{url}");
            assert_eq!(server.is_relay(), url.starts_with("turn"));
            assert!(!server.shown().contains("u:p"));
        }
        for url in ["stun:host:port", "stun:host:0", "stun:host:70000", "stun::3478", "stun:[::1"] {
            assert_eq!(url.parse::<IceServer>().unwrap().place(), None, "{url}");
        }
    }
}
