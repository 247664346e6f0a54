//! STUN and TURN servers: how their addresses are written, and what they are shown of us.
//!
//! No secret leaves this module but into the library: neither an error nor `Debug` repeats one.

mod place;

use std::fmt::{self, Debug, Formatter};
use std::str::FromStr;
use std::time::Duration;

use data_encoding::BASE64;
use ring::hmac;
use thiserror::Error;
use zeroize::Zeroizing;

/// How long credentials of a shared secret hold. They are made anew for each connection; one whose paths are made anew needs
/// them again, and a day bridges clocks that differ by hours.
pub const CREDENTIALS_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A STUN or TURN server.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    url: String,
    /// Its name or address, an IPv6 one without its brackets; and its port.
    place: (String, u16),
    access: Access,
}

/// Whom a server lets in: the kind of its login, without the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Everybody.
    Everybody,
    /// Who has a user name and a password.
    Password,
    /// Who knows a secret: of it and the clock a password is made for each connection.
    Secret,
}

/// How a server lets us in.
#[derive(Clone, PartialEq, Eq)]
enum Access {
    /// Everybody is.
    Open,
    /// By this name and password.
    Password { user: String, password: Zeroizing<String> },
    /// By whatever this secret has signed and has not run out (draft-uberti-behave-turn-rest §2.2; coturn's `use-auth-secret`).
    Secret(Zeroizing<String>),
}

/// Not the address of an ICE server that the library can use.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not an ICE server: it must look like stun:host:port, turn:user:password@host:port or turn:secret@host:port")]
pub struct IceServerError;

/// A name and a password for one connection.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: String,
    /// The secret.
    pub password: String,
}

impl IceServer {
    /// Whether it relays.
    #[must_use]
    pub fn is_relay(&self) -> bool {
        self.url.starts_with("turn:")
    }

    /// Whom it lets in.
    #[must_use]
    pub fn admission(&self) -> Admission {
        match self.access {
            Access::Open => Admission::Everybody,
            Access::Password { .. } => Admission::Password,
            Access::Secret(_) => Admission::Secret,
        }
    }

    /// As the library takes it, without a login.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What to show it for a connection that begins now (Unix time); empty where it asks for nothing.
    #[must_use]
    pub fn login(&self, now: Duration) -> Login {
        match &self.access {
            Access::Open => Login { user: String::new(), password: String::new() },
            Access::Password { user, password } => Login { user: user.clone(), password: password.to_string() },
            Access::Secret(secret) => {
                let end = now + CREDENTIALS_LIFE;
                // The end alone: a name after it would tell the server which connections are the same person's.
                let user = end.as_secs().to_string();
                let password = signed(secret, &user);
                Login { user, password }
            }
        }
    }
}

/// The password that a shared secret gives this name.
fn signed(secret: &str, user: &str) -> String {
    // TURN's servers know no other; nothing but this password depends on it.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    BASE64.encode(hmac::sign(&key, user.as_bytes()).as_ref())
}

impl FromStr for IceServer {
    type Err = IceServerError;

    /// Reads `stun:host[:port]`, `turn:user:password@host[:port][?transport=udp]` and `turn:secret@host[:port]` (RFC 7064 and
    /// 7065, with what lets us in in front of the host as in other URLs). A user name may have colons; elsewhere `%3A` is one,
    /// and `%25` a percent sign. TLS and TCP are refused: the library would skip them. What the library would refuse is refused
    /// here, since with one such server it makes no connection at all.
    fn from_str(text: &str) -> Result<Self, IceServerError> {
        let (scheme, rest) = text.split_once(':').ok_or(IceServerError)?;
        let (login, host) = rest.rsplit_once('@').map_or((None, rest), |(login, host)| (Some(login), host));
        let place = match scheme {
            "stun" => host,
            "turn" => host.strip_suffix("?transport=udp").unwrap_or(host),
            _ => return Err(IceServerError),
        };
        let place = place::parse(place).ok_or(IceServerError)?;
        let part = |text: &str| unescaped(text).filter(|part| !part.is_empty()).ok_or(IceServerError);
        let access = match (scheme, login) {
            ("stun", None) => Access::Open,
            ("turn", Some(login)) => match login.rsplit_once(':') {
                Some((user, password)) => {
                    Access::Password { user: part(user)?, password: Zeroizing::new(part(password)?) }
                }
                None => Access::Secret(Zeroizing::new(part(login)?)),
            },
            _ => return Err(IceServerError),
        };
        Ok(Self { url: format!("{scheme}:{host}"), place, access })
    }
}

/// Reads percent codes (RFC 3986 §2.1); every other character means itself.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        out.push(digit()? << 4 | digit()?);
    }
    String::from_utf8(out).ok()
}

impl Debug for IceServer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IceServer").field(&self.url).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str, now: u64) -> (String, String) {
        let login = text.parse::<IceServer>().unwrap().login(Duration::from_secs(now));
        (login.user, login.password)
    }

    /// A server that asks for a name and a password is always shown these; what credential scripts print can be pasted.
    #[test]
    fn a_name_and_a_password_stay_the_same() {
        let pair = |user: &str, password: &str| (user.to_owned(), password.to_owned());
        assert_eq!(login("turn:alice:secret@relay.example", 0), pair("alice", "secret"));
        assert_eq!(login("turn:a%3Ab:p%40%25@relay.example:3478", 5), pair("a:b", "p@%"));
        assert_eq!(login("turn:1700000000:alice:y3Hb/+==@relay.example", 5), pair("1700000000:alice", "y3Hb/+=="));
        assert_eq!(login("stun:relay.example", 5), pair("", ""));
    }

    /// Whoever shows a server can say how it lets us in, and has seen no secret.
    #[test]
    fn the_kind_of_a_login_is_known() {
        let admission = |text: &str| text.parse::<IceServer>().unwrap().admission();
        assert_eq!(admission("stun:relay.example"), Admission::Everybody);
        assert_eq!(admission("turn:alice:secret@relay.example"), Admission::Password);
        assert_eq!(admission("turn:secret@relay.example"), Admission::Secret);
    }

    /// With a shared secret each connection has credentials of its own, which end after a stated time. The password is what
    /// `openssl dgst -sha1 -hmac north -binary | openssl base64` says of the name.
    #[test]
    fn credentials_of_a_secret_run_out() {
        let (user, password) = login("turn:north@relay.example:3478", 1_700_000_000);
        assert_eq!(user, "1700086400");
        assert_eq!(password, OPENSSL);
        assert_ne!(login("turn:north@relay.example:3478", 1_700_000_001).1, password);
        assert_ne!(login("turn:south@relay.example:3478", 1_700_000_000).1, password);
    }
    const OPENSSL: &str = "K+RlgFj3QLvB7WAVHfjfgMgyBeA=";

    /// The script that operators have signs as we do, and shows the secret to nobody who lists processes: every program that it
    /// starts is noted here with its arguments.
    #[cfg(unix)]
    #[test]
    fn the_operators_script_signs_alike_and_keeps_the_secret() {
        use std::io::Write;
        use std::os::unix::fs::PermissionsExt;
        use std::process::{Command, Stdio};

        let folder = tempfile::tempdir().unwrap();
        let paths = std::env::var("PATH").unwrap();
        for program in ["openssl", "od", "date"] {
            let spy = folder.path().join(program);
            let noted = folder.path().join("noted");
            let text = format!(
                "#!/bin/sh\necho \"{program} $*\" >> {}\nPATH='{paths}' exec {program} \"$@\"\n",
                noted.display()
            );
            std::fs::write(&spy, text).unwrap();
            std::fs::set_permissions(&spy, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        for secret in ["north", "100%_`$(id)\\ü", &"long".repeat(16)] {
            let mut script = Command::new("sh")
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/coturn/credentials.sh"))
                .args(["al:ice", "720"])
                .env("PATH", format!("{}:{paths}", folder.path().display()))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            writeln!(script.stdin.take().unwrap(), "{secret}").unwrap();
            let printed = String::from_utf8(script.wait_with_output().unwrap().stdout).unwrap();
            let (user, password) = printed.trim_end().split_once('\n').unwrap();
            assert!(user.ends_with(":al:ice"), "{user}");
            assert_eq!(password, signed(secret, user));
            let noted = std::fs::read_to_string(folder.path().join("noted")).unwrap();
            assert!(noted.contains("openssl dgst") && !noted.contains(secret), "{noted}");
        }
    }

    /// Whoever looks at a server, or at what is wrong with one, sees no secret.
    #[test]
    fn secrets_are_not_shown() {
        for text in ["turn:alice:hush@relay.example", "turn:hush@relay.example"] {
            let shown = format!("{:?}", text.parse::<IceServer>().unwrap());
            assert!(!shown.contains("hush") && shown.contains("relay.example"), "{shown}");
        }
        let error = "turns:hush@relay.example".parse::<IceServer>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }
}
