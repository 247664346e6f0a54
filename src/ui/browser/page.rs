//! The one page: style, scripts, and the headers that keep everything else out of it.

use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::BASE64;
use dioxus_liveview::interpreter_glue;
use sha2::{Digest, Sha256};

use crate::ui::words::Words;

/// Says that Kith has gone, and comes back with it.
const PREVIEW_SCRIPT: &str = include_str!("../../../assets/preview.js");
/// The look of what that script shows.
const PREVIEW_STYLE: &str = include_str!("../../../assets/preview.css");

/// For every answer: kept nowhere, framed nowhere, taken for nothing else, and its address (which has the key in it) told
/// nobody.
const HARDENING: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The page, made once: it is the same for everybody who has the key.
pub struct Page {
    html: String,
    policy: String,
}

impl Page {
    /// The page of the server at this port, whose WebSocket is at this path.
    pub fn new(port: u16, socket: &str) -> Self {
        let words = Words::english();
        let glue = interpreter_glue(socket);
        // The glue comes with its own tag; ours are made here, and the policy names the hash of each.
        let glue = glue.trim().trim_start_matches("<script>").trim_end_matches("</script>");
        let scripts = [crate::ui::SCRIPT, glue, PREVIEW_SCRIPT];
        let [own, glue, preview] = scripts;
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
             <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <style>{style}</style>\n<style>{PREVIEW_STYLE}</style>\n</head>\n\
             <body data-lost=\"{lost}\" data-retry=\"{retry}\">\n<div id=\"main\"></div>\n\
             <script>{own}</script>\n<script>{glue}</script>\n<script>{preview}</script>\n</body>\n</html>\n",
            title = escape(&words.say("app-name")),
            style = crate::ui::STYLE,
            lost = escape(&words.say("preview-lost")),
            retry = escape(&words.say("preview-retry")),
        );
        Self { html, policy: policy(port, &scripts) }
    }

    /// As it is sent.
    #[cfg(test)]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// What it may do.
    #[cfg(test)]
    pub fn policy(&self) -> &str {
        &self.policy
    }
}

/// Only what is in the page runs, and it talks to nobody else.
fn policy(port: u16, scripts: &[&str]) -> String {
    let hashes: Vec<String> =
        scripts.iter().map(|script| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(script)))).collect();
    format!(
        // The glue evaluates what the components ask of the page (focus, scrolling), and sets style attributes.
        "default-src 'none'; script-src {} 'unsafe-eval'; style-src 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// For a text between tags or in quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page.
pub async fn show(State(page): State<Arc<Page>>) -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, page.policy.as_str())];
    (headers, page.html.clone()).into_response()
}

/// Some terminals cut the last slash off an address.
pub async fn with_slash(OriginalUri(uri): OriginalUri) -> Redirect {
    Redirect::temporary(&format!("{}/", uri.path()))
}

/// Puts the headers of every answer on it.
pub async fn harden(mut response: Response) -> Response {
    for (name, value) in HARDENING {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
