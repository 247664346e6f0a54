//! The library's callbacks, forwarded; and which of our addresses a peer may learn.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::DataChannel;
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceCandidateType, RTCIceGatheringState, RTCPeerConnectionIceEvent,
    RTCPeerConnectionState,
};

use super::Policy;
use crate::wire::signal::Candidate;

/// Callbacks of the library that may wait. It gathers a handful of candidates for each interface.
const NOTES_MAX: usize = 256;

/// What the library has told of its own addresses.
pub(super) enum Note {
    /// One of them.
    Candidate(Candidate),
    /// There are no more.
    End,
}

/// Forwards the library's callbacks. The library waits for each, so none may wait.
pub(super) struct Forward {
    notes: mpsc::Sender<Note>,
    state: watch::Sender<RTCPeerConnectionState>,
    foreign: CancellationToken,
    policy: Policy,
}

/// Where what is forwarded comes out.
pub(super) struct Told {
    /// Own addresses.
    pub(super) notes: mpsc::Receiver<Note>,
    /// The connection's state.
    pub(super) state: watch::Receiver<RTCPeerConnectionState>,
    /// The peer has opened a channel of its own.
    pub(super) foreign: CancellationToken,
}

impl Forward {
    /// A handler, and where what it forwards comes out.
    pub(super) fn new(policy: Policy) -> (Self, Told) {
        let (notes, told) = mpsc::channel(NOTES_MAX);
        let (state, states) = watch::channel(RTCPeerConnectionState::New);
        let foreign = CancellationToken::new();
        (Self { notes, state, foreign: foreign.clone(), policy }, Told { notes: told, state: states, foreign })
    }

    /// Whether the peer may learn of this address. What the library gathers is bound by the same policy; this is a second
    /// lock on the same door.
    fn may_tell(&self, kind: RTCIceCandidateType) -> bool {
        match self.policy {
            Policy::Everything => true,
            Policy::RelayOnly => kind == RTCIceCandidateType::Relay,
            Policy::Never => false,
        }
    }
}

/// A relay's candidate names the address from which the relay was asked (RFC 8839 §5.1, `raddr`): nobody needs it, and
/// who hides their address would tell it here.
pub(super) fn without_related(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    for (name, nothing) in [("raddr", "0.0.0.0"), ("rport", "9")] {
        if let Some(at) = words.iter().position(|word| *word == name)
            && let Some(value) = words.get_mut(at + 1)
        {
            *value = nothing;
        }
    }
    words.join(" ")
}

/// A description without candidates: they travel beside it, where they are counted and looked at one by one. Those that the library
/// writes into an offer of a restart are of sockets that it is about to close.
pub(super) fn without_candidates(sdp: &str) -> String {
    let is_one = |line: &str| line.starts_with("a=candidate:") || line.trim_end() == "a=end-of-candidates";
    sdp.split_inclusive('\n').filter(|line| !is_one(line)).collect()
}

/// A description without an address of ours: without what its `o=` and `c=` lines may name (RFC 8866 §5.2, §5.7).
pub(super) fn without_addresses(sdp: &str) -> String {
    let line = |line: &str| {
        let name = line.trim_end();
        if !name.starts_with("c=") && !name.starts_with("o=") {
            return Some(line.to_owned());
        }
        // The address is the last word of both; the one before it names its family.
        let (before, _) = name.rsplit_once(" IP")?;
        let end = line.get(name.len()..).unwrap_or_default();
        Some(format!("{before} IP4 0.0.0.0{end}"))
    };
    sdp.split_inclusive('\n').filter_map(line).collect()
}

/// Whether an address of the peer is one that a Kith tells: our links are UDP. At one over TCP the library would connect to
/// wherever the peer says, from this device's own address, whatever the policy.
pub(super) fn is_usable(line: &str) -> bool {
    line.split_whitespace().nth(2).is_some_and(|transport| transport.eq_ignore_ascii_case("udp"))
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Forward {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        // Bound to the wildcard because there is no interface of that family: nobody could reach it.
        if matches!(event.candidate.address.as_str(), "0.0.0.0" | "::") {
            return;
        }
        if !self.may_tell(event.candidate.typ) {
            return;
        }
        let Ok(init) = event.candidate.to_json() else { return };
        let candidate = Candidate {
            line: match self.policy {
                Policy::Everything => init.candidate,
                Policy::RelayOnly | Policy::Never => without_related(&init.candidate),
            },
            mid: init.sdp_mid.filter(|mid| !mid.is_empty()),
            mline: init.sdp_mline_index,
        };
        if self.notes.try_send(Note::Candidate(candidate)).is_err() {
            tracing::warn!("more local candidates than anybody needs; one is left out");
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            // When this does not fit the peer only does not learn that there are no more.
            let _ = self.notes.try_send(Note::End);
        }
    }

    /// Ours are negotiated and open on both sides; whatever arrives on another would wait in the library for nobody.
    async fn on_data_channel(&self, _channel: Arc<dyn DataChannel>) {
        self.foreign.cancel();
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }
}
