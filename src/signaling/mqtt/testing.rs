//! A client for tests: one connection and the events that it told.

use std::time::Duration;

use super::*;

/// No test waits longer for one event; what arrives arrives in milliseconds.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct TestClient {
    pub(crate) handle: ConnectionHandle,
    pub(crate) cancel: CancellationToken,
    pub(crate) tracker: TaskTracker,
    events: mpsc::Receiver<((), MqttEvent)>,
}

// Its conversation with a broker needs one, and only the embedded one is always there.
#[cfg_attr(not(feature = "embedded-broker"), expect(dead_code))]
impl TestClient {
    /// With room for four events only, so that tests meet a full channel.
    pub(crate) fn new(url: &str, client_id: &str, session: SessionKind) -> Self {
        let url = BrokerUrl::parse(url).unwrap();
        Self::with(Config::new(url, client_id.to_owned(), session, ()))
    }

    pub(crate) fn with(config: Config<()>) -> Self {
        let (sender, events) = mpsc::channel(4);
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let handle = Connection::spawn(config, &tracker, cancel.clone(), sender);
        Self { handle, cancel, tracker, events }
    }

    /// A client that is connected; says whether the broker had kept its session.
    pub(crate) async fn connected(url: &str, client_id: &str, session: SessionKind) -> (Self, bool) {
        let mut client = Self::new(url, client_id, session);
        let present = client.connect().await;
        (client, present)
    }

    pub(crate) async fn connect(&mut self) -> bool {
        self.send(MqttCommand::Connect);
        match self.next().await {
            MqttEvent::Connected { session_present } => session_present,
            other => panic!("not connected: {other:?}"),
        }
    }

    pub(crate) fn send(&self, command: MqttCommand) {
        self.handle.try_send(command).unwrap();
    }

    pub(crate) async fn next(&mut self) -> MqttEvent {
        tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("no event in time").expect("the task ended").1
    }

    pub(crate) async fn subscribe(&mut self, topic: &str) -> bool {
        self.send(MqttCommand::Subscribe { topics: vec![topic.to_owned()] });
        match self.next().await {
            MqttEvent::Subscribed { topic: answered, granted } if answered == topic => granted,
            other => panic!("no answer for {topic}: {other:?}"),
        }
    }

    pub(crate) fn publish(&self, token: u64, topic: &str, payload: impl Into<Bytes>) -> Result<(), SendError> {
        self.handle.try_send(MqttCommand::Publish { token, topic: topic.to_owned(), payload: payload.into() })
    }

    /// Publishes and waits for the PUBACK.
    pub(crate) async fn say(&mut self, token: u64, topic: &str, payload: impl Into<Bytes>) {
        self.publish(token, topic, payload).unwrap();
        assert_eq!(self.next().await, MqttEvent::Published { token });
    }

    pub(crate) async fn receive(&mut self) -> (Option<u64>, Bytes, bool) {
        match self.next().await {
            MqttEvent::Received { delivery, payload, duplicate, .. } => (delivery, payload, duplicate),
            other => panic!("nothing received: {other:?}"),
        }
    }

    /// Sends what is pending and disconnects.
    pub(crate) async fn leave(mut self) {
        self.send(MqttCommand::Disconnect);
        while !matches!(self.next().await, MqttEvent::Lost { .. }) {}
    }

    /// Cancels the task and waits for its end.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(DEADLINE, self.tracker.wait()).await.expect("the task did not end");
    }
}
