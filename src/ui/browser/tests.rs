//! What the preview lets in and what it sends, over real connections to it.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::guard::{Door, Refusal, Token};
use super::{page::Page, serve, socket::SOCKETS_MAX};
use crate::coordinator::double::Double;
use crate::host::{Control, Settings};

const PORT: u16 = 4711;
const PATIENCE: Duration = Duration::from_secs(20);
/// The key of the WebSocket protocol's own example.
const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn headers(pairs: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
}

fn token() -> Token {
    Token::random(&mut rand::rngs::SysRng).unwrap()
}

/// A key has 128 bits, is another one each time, and stands in an address as it is.
#[test]
fn keys_are_long_and_fresh() {
    let (one, other) = (token().to_string(), token().to_string());
    assert_ne!(one, other);
    assert_eq!(one.len(), 22);
    assert!(one.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{one}");
}

/// Without the whole key there is nothing here, whatever else is right.
#[test]
fn only_the_key_opens() {
    let key = token();
    let door = Door::new(PORT, &key);
    let known = headers(&[(HOST, "127.0.0.1:4711")]);
    assert_eq!(door.judge(&format!("/{key}/"), &known), Ok(()));
    assert_eq!(door.judge(&format!("/{key}/ws"), &known), Ok(()));
    let short = &key.to_string()[..21];
    for path in ["/", "", "/favicon.ico", &format!("/{}/", token()), &format!("/{short}/"), &format!("/x/{key}/")] {
        assert_eq!(door.judge(path, &known), Err(Refusal::Token), "{path}");
    }
}

/// A page whose name somebody points at this computer gets nothing, even if it knew the key.
#[test]
fn other_names_of_this_computer_are_refused() {
    let key = token();
    let door = Door::new(PORT, &key);
    let path = format!("/{key}/");
    assert_eq!(door.judge(&path, &headers(&[(HOST, "localhost:4711")])), Ok(()));
    for host in ["evil.example", "evil.example:4711", "127.0.0.1", "localhost:80", "127.0.0.1.evil.example:4711", ""] {
        assert_eq!(door.judge(&path, &headers(&[(HOST, host)])), Err(Refusal::Host), "{host}");
    }
    assert_eq!(door.judge(&path, &HeaderMap::new()), Err(Refusal::Host));
    let mut twice = headers(&[(HOST, "127.0.0.1:4711")]);
    twice.append(HOST, "evil.example".parse().unwrap());
    assert_eq!(door.judge(&path, &twice), Err(Refusal::Host));
}

/// A socket belongs to a page of this very server: no other page, and nobody without a page, may open one.
#[test]
fn other_pages_get_no_socket() {
    let key = token();
    let door = Door::new(PORT, &key);
    let judge = |origin: Option<&'static str>| {
        let mut given = headers(&[(HOST, "127.0.0.1:4711"), (UPGRADE, "websocket")]);
        if let Some(origin) = origin {
            given.insert(ORIGIN, origin.parse().unwrap());
        }
        door.judge(&format!("/{key}/ws"), &given)
    };
    assert_eq!(judge(Some("http://127.0.0.1:4711")), Ok(()));
    let others =
        ["http://evil.example", "null", "https://127.0.0.1:4711", "http://localhost:4711", "http://127.0.0.1:80"];
    for origin in others.map(Some).into_iter().chain([None]) {
        assert_eq!(judge(origin), Err(Refusal::Origin), "{origin:?}");
    }
}

/// No script of ours ends its own tag early, and the policy names each of them.
#[test]
fn the_page_holds_together() {
    for text in [crate::ui::SCRIPT, crate::ui::STYLE] {
        assert!(!text.contains("</s"), "an end tag inside a script or style");
    }
    let page = Page::new(PORT, "/key/ws");
    assert_eq!(page.html().matches("<script>").count(), 3);
    assert_eq!(page.html().matches("</script>").count(), 3);
    assert_eq!(page.policy().matches("sha256-").count(), 3);
    assert!(!page.html().contains("data-lost=\"[") && !page.html().contains("data-retry=\"["));
}

/// A preview that runs, its address, and what ends it.
struct Running {
    host: String,
    key: String,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<Result<(), super::BrowserError>>,
    // The components ask it things.
    core: tokio::task::JoinHandle<()>,
    _control: (tokio::sync::watch::Sender<Settings>, tokio::sync::mpsc::Receiver<crate::host::Order>),
}

impl Running {
    async fn start() -> Self {
        let (core, double) = Double::new(16);
        let core_task = tokio::spawn(double.serve(|_, _| Ok(crate::coordinator::Reply::Done)));
        let (control, told, orders) = Control::new(Settings::default(), vec![]);
        let (stop, stopped) = oneshot::channel();
        let (tell, address) = oneshot::channel();
        let server = tokio::spawn(async move {
            let on_url = |url: &str| tell.send(url.to_owned()).unwrap();
            let dom = move || {
                crate::ui::dom(core.clone(), control.clone(), crate::ui::Shell::alone(), crate::ui::Clock::system())
            };
            serve(dom, None, on_url, async { drop(stopped.await) }).await
        });
        let url = address.await.unwrap();
        let (host, key) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let (host, key) = (host.to_owned(), key.trim_end_matches('/').to_owned());
        Self { host, key, stop, server, core: core_task, _control: (told, orders) }
    }

    /// Asks for a path with more headers; gives the connection and the answer's head.
    async fn ask(&self, path: &str, more: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{more}\r\n", self.host);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let byte = tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("an answer").unwrap();
            head.push(byte);
        }
        (stream, String::from_utf8(head).unwrap().to_lowercase())
    }

    async fn socket(&self) -> (TcpStream, String) {
        self.ask(&format!("/{}/ws", self.key), &format!("Origin: http://{}\r\n{SOCKET}", self.host)).await
    }

    async fn ends(self) {
        let Self { stop, server, core, .. } = self;
        stop.send(()).unwrap();
        tokio::time::timeout(PATIENCE, server).await.expect("an end").unwrap().unwrap();
        core.abort();
    }
}

/// Every answer, also a refusal, says that it is kept nowhere and framed nowhere; the page also lets in nothing foreign.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_hardened() {
    let preview = Running::start().await;
    let (_page, head) = preview.ask(&format!("/{}/", preview.key), "").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-security-policy: default-src 'none'") && head.contains("frame-ancestors 'none'"));
    let (_refused, refusal) = preview.ask("/wrong/", "").await;
    assert!(refusal.starts_with("http/1.1 404"), "{refusal}");
    for head in [head, refusal] {
        for part in ["cache-control: no-store", "referrer-policy: no-referrer", "x-frame-options: deny", "nosniff"] {
            assert!(head.contains(part), "{part} in {head}");
        }
    }
    let (_slash, head) = preview.ask(&format!("/{}", preview.key), "").await;
    assert!(head.contains(&format!("location: /{}/", preview.key).to_lowercase()), "{head}");
    preview.ends().await;
}

/// Two tabs are two pages; more than anybody looks at are refused; the end of the server is the end of each.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_counted_and_end() {
    let preview = Running::start().await;
    let mut pages = vec![];
    for _ in 0..SOCKETS_MAX {
        let (stream, head) = preview.socket().await;
        assert!(head.starts_with("http/1.1 101"), "{head}");
        pages.push(stream);
    }
    let (_more, head) = preview.socket().await;
    assert!(head.starts_with("http/1.1 503"), "{head}");
    preview.ends().await;
    for mut page in pages {
        let mut rest = vec![];
        tokio::time::timeout(PATIENCE, page.read_to_end(&mut rest)).await.expect("the end of a page").ok();
        assert!(!rest.is_empty(), "a page drew something");
    }
}
