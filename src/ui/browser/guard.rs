//! Who may come in: whoever has the key that is in the address, from a page of this server, by this server's own name.
//!
//! Any page of the internet may make a browser send requests to a loopback address, and may let its own host name point
//! there. So the name that the browser thinks it talks to is checked (DNS rebinding), and for the WebSocket, which knows
//! no same-origin rule, also the page that opens it. The key keeps out other accounts of this computer.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use rand::TryRng;

/// Bytes of a key: nobody guesses 128 bits.
const TOKEN_BYTES: usize = 16;

/// The key in the address.
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random<R: TryRng>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        rng.try_fill_bytes(&mut bytes)?;
        Ok(Self(BASE64URL_NOPAD.encode(&bytes)))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a request must show.
pub struct Door {
    // Hashes compare in constant time, and say nothing about how much of a guess was right.
    token: blake3::Hash,
    hosts: [String; 2],
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The browser believes that it talks to somebody else.
    Host,
    /// Another page wants the socket.
    Origin,
    /// The key is wrong. Told as "nothing here", like any wrong address.
    Token,
}

impl Door {
    /// The door of the server at this port.
    pub fn new(port: u16, token: &Token) -> Self {
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
        Self { token: blake3::hash(token.0.as_bytes()), hosts }
    }

    /// Whether a request for a path with these headers may come in.
    pub fn judge(&self, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = only(headers, &HOST).ok_or(Refusal::Host)?;
        if !self.hosts.iter().any(|known| known == host) {
            return Err(Refusal::Host);
        }
        let key = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if blake3::hash(key.as_bytes()) != self.token {
            return Err(Refusal::Token);
        }
        let origin = only(headers, &ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
        match origin {
            Some(origin) if origin == host => Ok(()),
            // A browser names no origin when somebody opens or reloads the page, and always one for a socket.
            None if !headers.contains_key(ORIGIN) && !headers.contains_key(UPGRADE) => Ok(()),
            _ => Err(Refusal::Origin),
        }
    }
}

/// A header's value when it is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok())?
}

/// Lets in who may, and tells everybody else no more than that.
pub async fn check(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    match door.judge(request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            tracing::warn!(?refusal, "the preview has refused a request");
            match refusal {
                Refusal::Host => StatusCode::MISDIRECTED_REQUEST,
                Refusal::Origin => StatusCode::FORBIDDEN,
                Refusal::Token => StatusCode::NOT_FOUND,
            }
            .into_response()
        }
    }
}
