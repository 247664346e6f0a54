//! What a client of the embedded broker may do.
//!
//! Wildcards are refused because topics are capabilities: who could subscribe to `user/#` would see every inbox.
//! Names beginning with `$` are the library's own (statistics, shared subscriptions) and Kith uses none.

use std::fmt;
use std::future::{self, Future};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::storage::{DynamicStorage, StorageBackend};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;

use super::SESSIONS_MAX;

/// The version byte of MQTT 3.1.1 in a CONNECT packet.
const MQTT_3_1_1: u8 = 4;

/// The user name and password that a broker asks for.
#[derive(Clone)]
pub struct Login {
    user: blake3::Hash,
    password: blake3::Hash,
}

impl Login {
    /// One user name with one password.
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: blake3::hash(user.as_bytes()), password: blake3::hash(password.as_bytes()) }
    }

    /// Compares in constant time, as `blake3::Hash` does.
    fn admits(&self, user: &str, password: &[u8]) -> bool {
        (blake3::hash(user.as_bytes()) == self.user) & (blake3::hash(password) == self.password)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

pub(super) struct Gate {
    login: Option<Login>,
    storage: Option<Arc<DynamicStorage>>,
}

impl Gate {
    pub(super) fn new(login: Option<Login>, storage: Option<Arc<DynamicStorage>>) -> Self {
        Self { login, storage }
    }

    async fn judge(&self, connect: &ConnectPacket) -> AuthResult {
        if connect.protocol_version != MQTT_3_1_1 {
            return AuthResult::fail(ReasonCode::UnsupportedProtocolVersion);
        }
        let user = connect.username.as_deref().unwrap_or_default();
        let password = connect.password.as_deref().unwrap_or_default();
        if self.login.as_ref().is_some_and(|login| !login.admits(user, password)) {
            return AuthResult::fail(ReasonCode::BadUsernameOrPassword);
        }
        if !connect.clean_start && !self.has_room(&connect.client_id).await {
            return AuthResult::fail(ReasonCode::QuotaExceeded);
        }
        AuthResult::success()
    }

    /// Whether the session exists or one more may.
    async fn has_room(&self, client_id: &str) -> bool {
        let Some(storage) = &self.storage else { return true };
        match storage.session_client_ids().await {
            Ok(ids) => ids.len() < SESSIONS_MAX || ids.iter().any(|id| id == client_id),
            Err(error) => {
                tracing::warn!(%error, "the embedded broker cannot read its sessions");
                false
            }
        }
    }
}

impl AuthProvider for Gate {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _client_addr: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = mqtt5::Result<AuthResult>> + Send + 'a>> {
        Box::pin(async move { Ok(self.judge(connect).await) })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client_id: &str,
        _user_id: Option<&'a str>,
        topic: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(future::ready(!topic.starts_with('$')))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        _user_id: Option<&'a str>,
        topic_filter: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(future::ready(!topic_filter.contains(['+', '#']) && !topic_filter.starts_with('$')))
    }
}
