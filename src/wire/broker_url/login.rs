//! Addresses that could not be read, and are shown to whoever wrote them.

/// What an address may begin with, also where Kith does not take it: it says what somebody meant, and is no secret.
const SCHEMES: [&str; 12] =
    ["mqtt", "mqtts", "ws", "wss", "stun", "stuns", "turn", "turns", "http", "https", "tcp", "ssl"];

/// An address of a broker, STUN or TURN server as it may be shown, whether it could be read or not. What stands before its
/// last `@` may be a password, and the screen or the log somebody else's too: of that nothing is left but the scheme.
#[must_use]
pub fn without_login(address: &str) -> String {
    let Some((before, place)) = address.rsplit_once('@') else { return address.to_owned() };
    match before.split_once(':') {
        Some((scheme, _)) if SCHEMES.contains(&scheme) => format!("{scheme}:…@{place}"),
        _ => format!("…@{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing before the last `@` is shown but a scheme, however wrong the rest is; without an `@` all of it is.
    #[test]
    fn no_login_is_shown() {
        for (address, shown) in [
            ("turns:alice:hush@relay.example:5349", "turns:…@relay.example:5349"),
            ("mqtt://alice:hush@broker:port", "mqtt:…@broker:port"),
            ("mqtt://alice:hu@sh@broker", "mqtt:…@broker"),
            ("hush@relay.example:3478", "…@relay.example:3478"),
            ("alice:hush@relay.example", "…@relay.example"),
            ("stun:a b", "stun:a b"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_login(address), shown);
        }
    }
}
