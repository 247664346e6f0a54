//! The same components in a browser on this computer: for previews, end-to-end tests, and machines without a display.
//!
//! A small server on the loopback address. Each page is a [`VirtualDom`] of its own over the
//! one engine; its events come and its edits go through a WebSocket. It must never listen to a network, serve anybody who
//! does not have the address with its key, or decide anything about people or messages.

mod guard;
mod page;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::get;
use dioxus::prelude::VirtualDom;
use rand::rngs::SysRng;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::guard::{Door, Token};
use self::page::Page;
use self::socket::Sockets;
/// How long pages that still say something are waited for at the end: they are on this computer, so a moment is much.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no preview.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// The port is taken, or may not be had.
    #[error("the browser preview cannot listen on port {port} of this computer: {source}")]
    Listen {
        /// The port that was asked for; 0 means any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// There is no randomness for the key in the address.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The server has ended by itself.
    #[error("the browser preview has ended: {0}")]
    Ended(io::Error),
}

/// Serves the window to browsers on this computer until `stop` comes; without a port, on a free one. Each page is made by
/// `dom`. `on_url` is told the address once it can be opened: whoever knows it holds this Kith in their hands.
///
/// # Errors
/// When it cannot begin, or ends by itself.
pub async fn serve(
    dom: impl Fn() -> VirtualDom + Send + Sync + 'static,
    port: Option<u16>,
    on_url: impl FnOnce(&str),
    stop: impl Future<Output = ()>,
) -> Result<(), BrowserError> {
    let token = Token::random(&mut SysRng).map_err(|error| BrowserError::Random(error.to_string()))?;
    let port = port.unwrap_or(0);
    let listen = |source| BrowserError::Listen { port, source };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;

    let end = CancellationToken::new();
    let sockets = Sockets::new(dom, end.clone());
    let router = router(address.port(), &token, sockets.clone());
    let server = axum::serve(listener, router).with_graceful_shutdown(end.clone().cancelled_owned());
    on_url(&format!("http://{address}/{token}/"));

    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        ended = &mut server => {
            end.cancel();
            sockets.ended(END_PATIENCE).await;
            return ended.map_err(BrowserError::Ended);
        }
        () = stop => {}
    }
    end.cancel();
    sockets.ended(END_PATIENCE).await;
    // A browser that holds a connection open without asking anything is not waited for.
    tokio::time::timeout(END_PATIENCE, server).await.unwrap_or(Ok(())).map_err(BrowserError::Ended)
}

/// Everything that is served, with the checks in front of it.
fn router(port: u16, token: &Token, sockets: Sockets) -> Router {
    let door = Arc::new(Door::new(port, token));
    let page = Arc::new(Page::new(port, &format!("/{token}/ws")));
    Router::new()
        .route("/{token}", get(page::with_slash))
        .route("/{token}/", get(page::show).with_state(page))
        .route("/{token}/ws", get(socket::open).with_state(sockets))
        .layer(from_fn_with_state(door, guard::check))
        .layer(map_response(page::harden))
}
