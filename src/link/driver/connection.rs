//! One peer connection of the library: how it is built, and what happens on it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::transport::RTCDtlsRole;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::error::Result;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCConfigurationBuilder, RTCIceCandidateInit, RTCIceCandidateType,
    RTCIceServer, RTCIceTransportPolicy, RTCPeerConnectionState, RTCSessionDescription, SettingEngineBuilder,
};

use super::forward::{Forward, Note, Told, is_usable, without_addresses, without_candidates};
use super::sockets::{self, Sockets};
use super::{Policy, SEND_BUFFER_BYTES_MAX, Settings, bulk};
use crate::link::Path;
use crate::wire::ConnectionId;
use crate::wire::signal::{CANDIDATES_PER_BATCH_MAX, Candidate};

/// How often a pair of addresses is tried while connecting: 83 small packets a second, and with the few that the library
/// sends out of turn no more than 100. Its own 200 ms make a connection take half a second; RFC 8445 forbids less than 5 ms.
const CHECK_INTERVAL: Duration = Duration::from_millis(12);
/// How often a pair is tried before it is given up: for the whole 15 s that the machine allows for an attempt, since on a
/// slow network the first answers take seconds. (The library stops after 7, which with our interval would be 84 ms.)
const CHECKS_MAX: u16 = 1_250;
/// No pair costs more than 100 checks a second, and a slow network has 10 s at least.
const _: () =
    assert!(1_000 / CHECK_INTERVAL.as_millis() <= 100 && CHECK_INTERVAL.as_millis() * CHECKS_MAX as u128 >= 10_000);
/// How long a relay has to wait for a direct pair: once a pair is chosen the library stays with it. A direct one between two
/// distant devices needs their addresses from a STUN server, carried over a broker.
const RELAY_WAIT: Duration = Duration::from_secs(1);
/// The frames' channel's id, the same on both sides: a channel that is negotiated in-band costs 200 ms more.
const CHANNEL_ID: u16 = 1;
/// The first candidates are collected for this long: the library finds the machine's own addresses all at once, and a link
/// waits for them.
const FIRST_BATCH_TIME: Duration = Duration::from_millis(3);
/// Later ones, which servers tell one after the other, are collected for this long, so that they travel in few signals.
const BATCH_TIME: Duration = Duration::from_millis(40);
/// Local candidates that are offered to the peer: every address of a machine with many interfaces, not of a router.
const CANDIDATES_MAX: usize = 48;
/// How often to look whether another pair of addresses is used. A person who looks at the path waits no longer than this.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The library hands a packet for a relay on when it next wakes, which may be 200 ms later. So it is woken once more, after the
/// turn in which it took the packet: a timer's shortest time.
const FLUSH_AFTER: Duration = Duration::from_millis(1);
/// Any threshold will do; setting it is what counts (see [`Connection::wake`]).
const BUFFERED_LOW: u32 = 64 * 1024;

/// What happened on a connection.
pub(super) enum Happening {
    /// The state changed.
    State(RTCPeerConnectionState),
    /// A batch of local candidates is complete.
    Candidates(Vec<Candidate>, bool),
    /// Something on the frames' channel; none when it has ended.
    Channel(Option<DataChannelEvent>),
    /// The library takes more bytes, or the channel has ended.
    Writable(Result<()>),
    /// Something on the bulk channel.
    Bulk(Result<bulk::Happening>),
    /// The peer has opened a channel that no Kith has.
    Foreign,
    /// It is time to look which path is used: the library reports no change of it.
    Look,
}

/// A peer connection and its two channels.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) open: bool,
    /// No pair of addresses works now. What the library is given meanwhile it drops, and sends again a second later at the
    /// earliest, so frames wait here.
    pub(super) cut: bool,
    /// Counts the ICE restarts.
    pub(super) generation: u32,
    /// The path at the last look.
    pub(super) path: Path,
    /// When the library is to be woken for what it holds back; none while it holds nothing.
    flush_at: Option<Instant>,
    /// When to look again; none before the channel is open.
    look_at: Option<Instant>,
    policy: Policy,
    peer: Arc<dyn PeerConnection>,
    channel: Arc<dyn DataChannel>,
    pub(super) bulk: bulk::Channel,
    notes: mpsc::Receiver<Note>,
    state: watch::Receiver<RTCPeerConnectionState>,
    /// The peer has opened a channel of its own.
    foreign: CancellationToken,
    /// Everything gathered so far, to be said again after a rollback.
    gathered: Vec<Candidate>,
    /// How much of it has been said.
    said: usize,
    /// No more will come.
    complete: bool,
    /// When the batch that is being collected is due.
    due: Option<Instant>,
}

impl Connection {
    /// Builds a connection with a certificate of its own: the library makes one when none is given.
    pub(super) async fn new(id: ConnectionId, settings: &Settings) -> Result<Self> {
        let (forward, Told { notes, state, foreign }) = Forward::new(settings.policy);
        // Zero, not none: none means the default, which waits up to 2 s for a better pair.
        let now = Some(Duration::ZERO);
        let relay = Some(if settings.policy == Policy::Everything { RELAY_WAIT } else { Duration::ZERO });
        let engine = SettingEngineBuilder::new()
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS_MAX))
            .with_host_acceptance_min_wait(now)
            .with_srflx_acceptance_min_wait(now)
            .with_prflx_acceptance_min_wait(now)
            .with_relay_acceptance_min_wait(relay)
            // A restart binds its sockets anew only with this; without it a device that changed its network does not come back.
            .with_discard_local_candidates_during_ice_restart(true)
            // With the answerer as the server, the offerer's channel is not open before the answerer's can receive.
            .with_answering_dtls_role(RTCDtlsRole::Server)
            // Our candidates travel sealed; names would only hide them from those who may know them.
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_include_loopback_candidate(true)
            .build();
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let servers = settings.ice_servers.iter().map(|server| {
            let login = server.login(began);
            RTCIceServer { urls: vec![server.url().to_owned()], username: login.user, credential: login.password }
        });
        // No codec and no interceptor is registered: there is no media.
        let builder = PeerConnectionBuilder::new()
            .with_configuration(
                RTCConfigurationBuilder::new()
                    .with_ice_servers(servers.collect())
                    .with_ice_transport_policy(match settings.policy {
                        Policy::Everything => RTCIceTransportPolicy::All,
                        Policy::RelayOnly | Policy::Never => RTCIceTransportPolicy::Relay,
                    })
                    .build(),
            )
            .with_setting_engine(engine)
            .with_runtime(Arc::new(Sockets { names: settings.names.clone() }))
            .with_handler(Arc::new(forward))
            .with_data_channel_send_buffer_limit(SEND_BUFFER_BYTES_MAX)
            .with_udp_addrs(settings.bind.clone());
        let peer: Arc<dyn PeerConnection> = Arc::new(Box::pin(builder.build()).await?);
        let (channel, bulk) = match channels(&peer).await {
            Ok(channels) => channels,
            Err(error) => {
                close(&peer).await;
                return Err(error);
            }
        };
        Ok(Self {
            id,
            open: false,
            cut: false,
            generation: 0,
            path: Path::Direct,
            flush_at: None,
            look_at: None,
            policy: settings.policy,
            peer,
            channel,
            bulk,
            notes,
            state,
            foreign,
            gathered: Vec::new(),
            said: 0,
            complete: false,
            due: None,
        })
    }

    /// Makes an offer.
    pub(super) async fn offer(&mut self) -> Result<String> {
        let offer = self.peer.create_offer(None).await?;
        self.peer.set_local_description(offer.clone()).await?;
        Ok(self.shown(offer.sdp))
    }

    /// Takes back the own offer; the connection is then another attempt's, and candidates are said again under its id.
    pub(super) async fn roll_back(&mut self, id: ConnectionId) -> Result<()> {
        self.peer.set_local_description(RTCSessionDescription::rollback(None)?).await?;
        self.id = id;
        self.said = 0;
        self.due = (!self.gathered.is_empty()).then(Instant::now);
        Ok(())
    }

    /// Accepts an offer and makes an answer.
    pub(super) async fn answer(&mut self, offer: String) -> Result<String> {
        self.bulk.described(&offer);
        self.peer.set_remote_description(RTCSessionDescription::offer(without_candidates(&offer))?).await?;
        let answer = self.peer.create_answer(None).await?;
        self.peer.set_local_description(answer.clone()).await?;
        Ok(self.shown(answer.sdp))
    }

    /// A description as the peer may see it.
    fn shown(&self, sdp: String) -> String {
        let sdp = without_candidates(&sdp);
        sockets::with_room(if self.policy == Policy::Everything { sdp } else { without_addresses(&sdp) })
    }

    /// Restarts ICE by an offer of our own. Asked for in the offer and not by the library's `restart_ice`, which would bind
    /// anew and gather before the new generation begins, and throw away what it found when it does.
    pub(super) async fn restart(&mut self, generation: u32) -> Result<String> {
        self.begin_generation(generation);
        let offer = self.peer.create_offer(Some(RTCOfferOptions { ice_restart: true })).await?;
        self.peer.set_local_description(offer.clone()).await?;
        Ok(self.shown(offer.sdp))
    }

    /// Accepts the peer's restart offer and makes an answer.
    pub(super) async fn answer_restart(&mut self, generation: u32, offer: String) -> Result<String> {
        self.begin_generation(generation);
        self.answer(offer).await
    }

    /// What was gathered belongs to sockets that are about to be closed. A connection that has ended says so on its channel
    /// too.
    fn begin_generation(&mut self, generation: u32) {
        while self.notes.try_recv().is_ok() {}
        // Nor is what was not yet said of the last generation's pair true of this one.
        self.state.mark_unchanged();
        self.generation = generation;
        self.cut = true;
        self.gathered.clear();
        (self.said, self.complete, self.due) = (0, false, None);
    }

    /// Accepts the answer to the own offer.
    pub(super) async fn accept(&mut self, answer: String) -> Result<()> {
        self.bulk.described(&answer);
        self.peer.set_remote_description(RTCSessionDescription::answer(without_candidates(&answer))?).await
    }

    /// Adds an address of the peer. One that the library cannot use is no failure of the others.
    pub(super) async fn add(&mut self, candidate: Candidate) {
        if !is_usable(&candidate.line) {
            return tracing::debug!(connection = ?self.id, "a candidate of the peer is of no kind of ours");
        }
        let init = RTCIceCandidateInit {
            candidate: candidate.line,
            sdp_mid: candidate.mid,
            sdp_mline_index: candidate.mline,
            ..RTCIceCandidateInit::default()
        };
        if let Err(error) = self.peer.add_ice_candidate(init).await {
            tracing::debug!(connection = ?self.id, %error, "a candidate of the peer is not usable");
        }
    }

    /// Waits for what happens next. Cancel safe: nothing that was taken is lost when the wait is dropped.
    ///
    /// The frames' channel is only read when `read` says so, and `Writable` only comes when `write` does. `piece` is the length
    /// of the bulk that waits. Bulk comes last: whatever else there is goes before it.
    pub(super) async fn next(&mut self, read: bool, write: bool, piece: Option<usize>) -> Happening {
        loop {
            let (due, flush_at, look_at) = (self.due, self.flush_at, self.look_at);
            tokio::select! {
                biased;
                Ok(()) = self.state.changed() => return Happening::State(*self.state.borrow_and_update()),
                () = self.foreign.cancelled() => return Happening::Foreign,
                Some(note) = self.notes.recv() => self.note(note),
                () = until(due), if due.is_some() => {
                    if let Some(batch) = self.batch() {
                        return batch;
                    }
                }
                () = until(flush_at), if flush_at.is_some() => {
                    self.wake().await;
                    self.flush_at = None;
                }
                () = until(look_at), if look_at.is_some() => return Happening::Look,
                event = self.channel.poll(), if read => return Happening::Channel(event),
                writable = self.channel.writable(), if write => return Happening::Writable(writable),
                bulk = self.bulk.next(piece) => return Happening::Bulk(bulk),
            }
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Candidate(candidate) => {
                if self.gathered.len() >= CANDIDATES_MAX || self.gathered.contains(&candidate) {
                    return;
                }
                self.gathered.push(candidate);
            }
            Note::End => {
                self.complete = true;
                return;
            }
        }
        let time = if self.said == 0 { FIRST_BATCH_TIME } else { BATCH_TIME };
        self.due.get_or_insert_with(|| Instant::now() + time);
    }

    /// The next batch; the rest, if there is one, is due at once.
    fn batch(&mut self) -> Option<Happening> {
        let unsaid = self.gathered.get(self.said..).unwrap_or_default();
        let batch: Vec<_> = unsaid.iter().take(CANDIDATES_PER_BATCH_MAX).cloned().collect();
        self.said += batch.len();
        let more = self.said < self.gathered.len();
        if !more {
            self.due = None;
        }
        // That there are no more is not worth a signal of its own: nobody waits for it.
        (!batch.is_empty()).then_some(Happening::Candidates(batch, self.complete && !more))
    }

    /// Wakes the library after the DTLS handshake: it has queued the first SCTP packet and would sleep 200 ms before it
    /// sends it; setting anything on the channel wakes it.
    pub(super) async fn wake(&self) {
        // An error means that the channel has ended, which is reported otherwise.
        let _ = self.channel.set_buffered_amount_low_threshold(BUFFERED_LOW).await;
    }

    /// Hands a frame to the library. Called after `Writable`, so that it does not wait.
    pub(super) async fn send(&mut self, frame: &Bytes) -> Result<()> {
        self.will_flush();
        self.channel.send(BytesMut::from(frame.as_ref())).await
    }

    /// Hands a piece of bulk to the library. Called after `Room`.
    pub(super) async fn send_bulk(&mut self, piece: Bytes) -> Result<()> {
        self.will_flush();
        self.bulk.send(piece).await
    }

    fn will_flush(&mut self) {
        if self.path == Path::Relay {
            // After the last of several: each later one wakes the library for those before it.
            self.flush_at = Some(Instant::now() + FLUSH_AFTER);
        }
    }

    /// Looks which path is used now, and plans the next look.
    pub(super) async fn look(&mut self) -> Path {
        self.look_at = Some(Instant::now() + LOOK_EVERY);
        self.path = self.current_path().await;
        self.path
    }

    /// Whether a server stands between. During a restart there is no pair, and the last path is as good as any.
    async fn current_path(&self) -> Path {
        let Some(sctp) = self.peer.sctp().await else { return self.path };
        let pair = sctp.transport().ice_transport().get_selected_candidate_pair().await;
        let Some(pair) = pair.ok().flatten() else { return self.path };
        let relayed =
            [pair.local(), pair.remote()].into_iter().any(|candidate| candidate.typ == RTCIceCandidateType::Relay);
        if relayed { Path::Relay } else { Path::Direct }
    }

    /// Closes the connection; at most about 100 ms. Without it the library's own task would run on for ever.
    pub(super) async fn close(self) {
        close(&self.peer).await;
    }
}

/// The channels of frames and of bulk.
async fn channels(peer: &Arc<dyn PeerConnection>) -> Result<(Arc<dyn DataChannel>, bulk::Channel)> {
    let negotiated = RTCDataChannelInit { negotiated: Some(CHANNEL_ID), ..RTCDataChannelInit::default() };
    let frames = peer.create_data_channel("kith", Some(negotiated)).await?;
    Ok((frames, bulk::Channel::new(peer).await?))
}

async fn close(peer: &Arc<dyn PeerConnection>) {
    if let Err(error) = peer.close().await {
        tracing::debug!(%error, "closing a connection");
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}
