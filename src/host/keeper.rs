//! The one task that changes settings: what is chosen takes effect first, is saved then, and is undone when either fails. Only
//! the address that is hidden is never shown by a failure.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::place::{Wanted, addresses, check};
use super::settings_file::SettingsFile;
use super::{Choice, LocalBroker, LocalBrokerError, Order, Settings, SettingsError, WindowPlace};
use crate::coordinator::{Command, CommandError, ErrorCode, Handle, Reply};

/// How long a window that moves is waited for before its place is saved: a drag is hundreds of places.
const MOVE_PAUSE: Duration = Duration::from_secs(1);

/// This computer's own broker, while this host takes part in it.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) broker: LocalBroker,
    /// Whether it serves the local network.
    pub(super) lan: bool,
}

/// What the task owns.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) core: Handle,
    pub(super) file: SettingsFile,
    pub(super) settings: Settings,
    pub(super) told: watch::Sender<Settings>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) movements: watch::Receiver<Option<WindowPlace>>,
    pub(super) own: Option<Own>,
    /// Where this computer's own broker listens, when it is not the usual address.
    pub(super) address: Option<SocketAddr>,
    /// Where its queues are.
    pub(super) shared: Option<PathBuf>,
    /// In use.
    pub(super) brokers: Vec<String>,
    /// The command line named them.
    pub(super) fixed: bool,
    /// The command line named the ICE servers.
    pub(super) fixed_ice: bool,
}

impl Keeper {
    /// Carries out orders, one after the other, until it is cancelled; an order that has begun is finished.
    pub(super) async fn run(mut self, cancel: CancellationToken) -> Self {
        let mut due: Option<Instant> = None;
        loop {
            let pause = async {
                match due {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(order) = self.orders.recv() => {
                    let changed = self.change(order.choice).await;
                    // Who asked may have gone away meanwhile.
                    let _ = order.answer.send(changed);
                }
                () = pause => {
                    self.keep_window().await;
                    due = None;
                }
                Ok(()) = self.movements.changed() => {
                    due.get_or_insert(Instant::now() + MOVE_PAUSE);
                }
            }
        }
        self.keep_window().await;
        self
    }

    /// Leaves this computer's own broker.
    pub(super) async fn end(self) {
        if let Some(own) = self.own {
            own.broker.shutdown().await;
        }
    }

    async fn change(&mut self, choice: Choice) -> Result<(), SettingsError> {
        // Somebody who chooses again what did not work wants another try; another choice is not about that.
        let about_reach = matches!(choice, Choice::Reach(_));
        let settings = self.settings.clone().with(choice);
        check(&settings)?;
        if settings.hide_address != self.settings.hide_address {
            return self.change_hiding(settings).await;
        }
        if settings.ice != self.settings.ice {
            return self.change_ice(settings).await;
        }
        let wanted = Wanted::by(settings.reach.as_ref());
        let missing = about_reach && matches!(wanted, Wanted::Own { .. }) && self.own.is_none();
        if self.fixed || (settings.reach == self.settings.reach && !missing) {
            return self.save(settings).await;
        }
        let had = self.own.as_ref().map(|own| own.lan);
        let brokers = match wanted {
            Wanted::Nothing => vec![],
            Wanted::These(brokers) => brokers,
            Wanted::Own { lan } => match self.set_own(Some(lan)).await {
                Ok(()) => self.own.iter().map(|own| own.broker.url().to_string()).collect(),
                Err(error) => {
                    self.put_back(had).await;
                    return Err(SettingsError::OwnBroker(error.for_a_person()));
                }
            },
        };
        let own = matches!(settings.reach, Some(super::Reach::ThisComputer | super::Reach::Network));
        let before = std::mem::replace(&mut self.brokers, brokers.clone());
        if let Err(error) = self.use_brokers(brokers).await {
            self.brokers = before;
            self.put_back(had).await;
            return Err(error);
        }
        if let Err(error) = self.save(settings).await {
            self.brokers = before.clone();
            if let Err(error) = self.use_brokers(before).await {
                tracing::warn!(%error, "the brokers from before could not be used again");
            }
            self.put_back(had).await;
            return Err(error);
        }
        if !own {
            // Last: until here it may have to serve on.
            self.put_back(None).await;
        }
        Ok(())
    }

    /// Links are left or made anew at once. Whatever fails, the address is shown to nobody who would not see it otherwise: it is
    /// hidden before that is on disk, and shown only after.
    async fn change_hiding(&mut self, settings: Settings) -> Result<(), SettingsError> {
        if settings.hide_address {
            self.hide_address(true).await?;
            let Err(error) = self.write(&settings).await else {
                self.adopt(settings);
                return Ok(());
            };
            // It stays hidden while this Kith runs, and the next choice that can be saved keeps it.
            self.adopt(settings);
            return Err(match error {
                SettingsError::Storage(why) => SettingsError::HiddenForNow(why),
                other => other,
            });
        }
        self.write(&settings).await?;
        if let Err(error) = self.hide_address(false).await {
            let before = self.settings.clone();
            if let Err(error) = self.write(&before).await {
                tracing::warn!(%error, "the address is hidden, and will not be at the next start");
            }
            return Err(error);
        }
        self.adopt(settings);
        Ok(())
    }

    async fn hide_address(&self, on: bool) -> Result<(), SettingsError> {
        done(self.core.run(Command::HideAddressFromAll(on)).await)
    }

    /// Other servers are asked from the next connection on.
    async fn change_ice(&mut self, settings: Settings) -> Result<(), SettingsError> {
        if self.fixed_ice {
            return self.save(settings).await;
        }
        let before = addresses(&self.settings.ice);
        self.use_ice(addresses(&settings.ice)).await?;
        let saved = self.save(settings).await;
        if saved.is_err()
            && let Err(error) = self.use_ice(before).await
        {
            tracing::warn!(%error, "the servers from before could not be used again");
        }
        saved
    }

    async fn use_ice(&self, servers: Vec<String>) -> Result<(), SettingsError> {
        done(self.core.run(Command::UseIce(servers)).await)
    }

    async fn use_brokers(&self, brokers: Vec<String>) -> Result<(), SettingsError> {
        done(self.core.run(Command::UseBrokers(brokers)).await)
    }

    /// Starts this computer's own broker for the network or for this computer only, or leaves it. Both at once would want
    /// the same port, so the one that runs ends first.
    async fn set_own(&mut self, lan: Option<bool>) -> Result<(), LocalBrokerError> {
        if self.own.as_ref().map(|own| own.lan) == lan {
            return Ok(());
        }
        if let Some(own) = self.own.take() {
            own.broker.shutdown().await;
        }
        if let Some(lan) = lan {
            self.own = Some(Own { broker: LocalBroker::start(self.address, lan, self.shared.clone()).await?, lan });
        }
        Ok(())
    }

    async fn put_back(&mut self, lan: Option<bool>) {
        if let Err(error) = self.set_own(lan).await {
            tracing::warn!(%error, "this computer's own broker could not be started again");
        }
    }

    /// Saves, and tells everybody who watches.
    async fn save(&mut self, settings: Settings) -> Result<(), SettingsError> {
        self.write(&settings).await?;
        self.adopt(settings);
        Ok(())
    }

    async fn write(&self, settings: &Settings) -> Result<(), SettingsError> {
        let (file, written) = (self.file.clone(), settings.clone());
        let saved = tokio::task::spawn_blocking(move || file.save(&written)).await;
        saved.map_err(|error| SettingsError::Storage(error.to_string()))?
    }

    fn adopt(&mut self, settings: Settings) {
        self.told.send_replace(settings.clone());
        self.settings = settings;
    }

    async fn keep_window(&mut self) {
        let place = *self.movements.borrow_and_update();
        let finite = |place: &WindowPlace| {
            [Some(place.width), Some(place.height), place.x, place.y].into_iter().flatten().all(f64::is_finite)
        };
        if place == self.settings.window || !place.as_ref().is_some_and(finite) {
            return;
        }
        let settings = Settings { window: place, ..self.settings.clone() };
        let (file, written) = (self.file.clone(), settings.clone());
        match tokio::task::spawn_blocking(move || file.save(&written)).await {
            Ok(Ok(())) => {
                // Nobody who watches shows where the window is.
                self.told.send_if_modified(|told| {
                    told.window = place;
                    false
                });
                self.settings = settings;
            }
            Ok(Err(error)) => tracing::warn!(%error, "the window's place could not be saved"),
            Err(error) => tracing::warn!(%error, "the window's place could not be saved"),
        }
    }
}

fn done(reply: Result<Reply, CommandError>) -> Result<(), SettingsError> {
    reply.map(|_| ()).map_err(|error| match error.code {
        ErrorCode::ShuttingDown => SettingsError::Ended,
        _ => SettingsError::Storage(error.message),
    })
}
