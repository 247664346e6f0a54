//! One WebSocket is one page: a tree of components over the one engine, until the page or the server goes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dioxus::prelude::VirtualDom;
use dioxus_liveview::{LiveViewPool, axum_socket};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pages at a time: more tabs than anybody looks at, and few enough that a page which reloads for ever costs little.
pub const SOCKETS_MAX: usize = 16;
/// The longest message of a page: an event with the longest draft in it, each byte escaped, and much to spare. More ends
/// the socket.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// All pages.
#[derive(Clone)]
pub struct Sockets {
    dom: Arc<dyn Fn() -> VirtualDom + Send + Sync>,
    pool: LiveViewPool,
    places: Arc<Semaphore>,
    pages: TaskTracker,
    end: CancellationToken,
}

impl Sockets {
    /// None yet. They end with `end`.
    pub fn new(dom: impl Fn() -> VirtualDom + Send + Sync + 'static, end: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(SOCKETS_MAX));
        Self { dom: Arc::new(dom), pool: LiveViewPool::new(), places, pages: TaskTracker::new(), end }
    }

    /// Waits until every page has gone, or this long.
    pub async fn ended(&self, patience: Duration) {
        self.pages.close();
        if tokio::time::timeout(patience, self.pages.wait()).await.is_err() {
            tracing::warn!(pages = self.pages.len(), "pages that do not listen are left behind");
        }
    }

    async fn run(self, socket: WebSocket, place: OwnedSemaphorePermit) {
        let Self { dom, pool, pages, end, .. } = self;
        // The end of the server looks to the page's components like the end of their page.
        let socket = Box::pin(axum_socket(socket).take_until(end.cancelled_owned()));
        let shown = pages.track_future(pool.launch_virtualdom(socket, move || dom())).await;
        if let Err(error) = shown {
            tracing::debug!(%error, "a page has gone");
        }
        drop(place);
    }
}

/// A page opens its socket.
pub async fn open(State(sockets): State<Sockets>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(place) = Arc::clone(&sockets.places).try_acquire_owned() else {
        tracing::warn!(most = SOCKETS_MAX, "too many pages");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| sockets.run(socket, place))
}
