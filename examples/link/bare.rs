//! The library alone: two peer connections with the settings of ours, and nothing of Kith around them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::BytesMut;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::peer_connection::transport::RTCDtlsRole;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit, RTCPeerConnectionIceEvent,
    SettingEngineBuilder,
};

/// What the driver of links sets (`src/link/driver`).
const CHECK_INTERVAL: Duration = Duration::from_millis(12);
const CHECKS_MAX: u16 = 1_250;
const SEND_BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// More addresses than a machine has.
const CANDIDATES_MAX: usize = 64;

/// Two connected peers.
pub struct Bare {
    pub channels: [Arc<dyn DataChannel>; 2],
    peers: [Arc<dyn PeerConnection>; 2],
}

struct Forward(mpsc::Sender<RTCIceCandidateInit>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Forward {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(init) = event.candidate.to_json() {
            let _ = self.0.try_send(init);
        }
    }
}

impl Bare {
    pub async fn new() -> Result<Self> {
        let (a, mut from_a) = peer().await?;
        let (b, mut from_b) = peer().await?;
        let init = || Some(RTCDataChannelInit { negotiated: Some(1), ..RTCDataChannelInit::default() });
        let channels = [a.create_data_channel("bare", init()).await?, b.create_data_channel("bare", init()).await?];
        let offer = a.create_offer(None).await?;
        a.set_local_description(offer.clone()).await?;
        b.set_remote_description(offer).await?;
        let answer = b.create_answer(None).await?;
        b.set_local_description(answer.clone()).await?;
        a.set_remote_description(answer).await?;
        let mut open = [false; 2];
        while open != [true; 2] {
            tokio::select! {
                Some(candidate) = from_a.recv() => b.add_ice_candidate(candidate).await?,
                Some(candidate) = from_b.recv() => a.add_ice_candidate(candidate).await?,
                event = channels[0].poll(), if !open[0] => open[0] = is_open(event)?,
                event = channels[1].poll(), if !open[1] => open[1] = is_open(event)?,
            }
        }
        Ok(Self { channels, peers: [a, b] })
    }

    pub async fn close(self) -> Result<()> {
        for peer in self.peers {
            peer.close().await?;
        }
        Ok(())
    }
}

/// Waits for a message.
pub async fn receive(channel: &Arc<dyn DataChannel>) -> Result<BytesMut> {
    loop {
        if let DataChannelEvent::OnMessage(message) = channel.poll().await.context("the channel ended")? {
            return Ok(message.data);
        }
    }
}

fn is_open(event: Option<DataChannelEvent>) -> Result<bool> {
    Ok(matches!(event.context("the channel ended")?, DataChannelEvent::OnOpen))
}

async fn peer() -> Result<(Arc<dyn PeerConnection>, mpsc::Receiver<RTCIceCandidateInit>)> {
    let (sender, candidates) = mpsc::channel(CANDIDATES_MAX);
    let now = Some(Duration::ZERO);
    let engine = SettingEngineBuilder::new()
        .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS_MAX))
        .with_host_acceptance_min_wait(now)
        .with_srflx_acceptance_min_wait(now)
        .with_prflx_acceptance_min_wait(now)
        .with_discard_local_candidates_during_ice_restart(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .build();
    let builder = PeerConnectionBuilder::new()
        .with_setting_engine(engine)
        .with_handler(Arc::new(Forward(sender)))
        .with_data_channel_send_buffer_limit(SEND_BUFFER_BYTES_MAX)
        .with_udp_addrs(vec!["127.0.0.1:0".to_owned()]);
    Ok((Arc::new(Box::pin(builder.build()).await?), candidates))
}
