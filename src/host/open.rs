//! Opening a host, and ending it in order.

use std::path::Path;

use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::keeper::{Keeper, Own};
use super::place::Wanted;
use super::settings_file::SettingsFile;
use super::{Control, Front, LocalBroker, LocalBrokerError, Place, Settings, WindowPlace};
use crate::coordinator::{self, Handle, StartError};
use crate::platform::{DataDir, DataDirError, default_data_dir, shared_dir};

/// Why Kith cannot run here.
#[derive(Debug, Error)]
pub enum HostError {
    /// The system names no home, and the command line no data directory.
    #[error("there is no home directory: give one with --data")]
    NoHome,
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// This computer's own broker cannot run.
    #[error(transparent)]
    OwnBroker(#[from] LocalBrokerError),
    /// The coordinator cannot start.
    #[error(transparent)]
    Core(#[from] StartError),
}

/// A Kith that runs on this device, until [`Host::shutdown`].
#[derive(Debug)]
pub struct Host {
    core: Handle,
    control: Control,
    keeper: JoinHandle<Keeper>,
    tasks: TaskTracker,
    cancel: CancellationToken,
    // Held until the end: the directory is ours.
    data: DataDir,
}

/// A data directory that is ours, and the settings in it: what is known at once, before anything runs.
#[derive(Debug)]
pub struct Claim {
    place: Place,
    data: DataDir,
    file: SettingsFile,
    settings: Settings,
    moved: watch::Sender<Option<WindowPlace>>,
}

impl Claim {
    /// Takes the data directory of a place. Quick: a window that is to be shown need not wait for more.
    ///
    /// # Errors
    /// When it cannot be had, or another Kith has it.
    pub fn take(place: Place) -> Result<Self, HostError> {
        let path = place.data.clone().or_else(default_data_dir).ok_or(HostError::NoHome)?;
        let data = DataDir::open(path)?;
        let file = SettingsFile::of(data.path());
        let settings = file.load();
        let (moved, _) = watch::channel(settings.window);
        Ok(Self { place, data, file, settings, moved })
    }

    /// The settings as they were kept.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Where to say that the window is somewhere else now. Say it as often as it happens: it is saved once in a while, and
    /// at the end.
    #[must_use]
    pub fn window_place(&self) -> watch::Sender<Option<WindowPlace>> {
        self.moved.clone()
    }

    /// Starts this computer's own broker when it is needed, and the coordinator.
    ///
    /// # Errors
    /// When one of them cannot be had; nothing runs then, and the directory is free again.
    pub async fn open(self, front: Front) -> Result<Host, HostError> {
        let Self { place, data, file, settings, moved } = self;
        let wanted = place.wanted(settings.reach.as_ref(), front);
        // Beside each other: neither needs the other, and somebody waits for both.
        let (reached, opened) = tokio::join!(reach(&place, wanted, front), coordinator::open(data.path()));
        let (brokers, own) = reached?;
        let ice = place.ice(&settings.ice);
        let core = match opened.and_then(|opened| coordinator::start(opened, &brokers, &ice, settings.hide_address)) {
            Ok(core) => core,
            Err(error) => {
                if let Some(own) = own {
                    own.broker.shutdown().await;
                }
                return Err(error.into());
            }
        };
        let fixed = if place.is_fixed() { brokers.clone() } else { vec![] };
        let (control, told, orders) = Control::new(settings.clone(), fixed);
        let control = control.with_place(place.clone());
        let keeper = Keeper {
            core: core.clone(),
            file,
            settings,
            told,
            orders,
            movements: moved.subscribe(),
            own,
            address: place.local_broker,
            shared: shared_dir(),
            brokers,
            fixed: place.is_fixed(),
            fixed_ice: place.is_ice_fixed(),
        };
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let keeper = tasks.spawn(keeper.run(cancel.clone()));
        Ok(Host { core, control, keeper, tasks, cancel, data })
    }
}

impl Host {
    /// Takes the data directory, starts this computer's own broker when it is needed, and the coordinator.
    ///
    /// # Errors
    /// When one of them cannot be had; nothing runs then.
    pub async fn open(place: Place, front: Front) -> Result<Self, HostError> {
        Claim::take(place)?.open(front).await
    }

    /// The coordinator.
    #[must_use]
    pub fn core(&self) -> &Handle {
        &self.core
    }

    /// The settings.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Ends everything in order: settings, then the coordinator (all is on disk), then this computer's own broker, so that
    /// what is said last still goes out; the data directory is free afterwards.
    pub async fn shutdown(self) {
        self.cancel.cancel();
        self.tasks.close();
        let keeper = self.keeper.await;
        self.core.shutdown().await;
        match keeper {
            Ok(keeper) => keeper.end().await,
            Err(error) => tracing::error!(%error, "the settings' task did not end well"),
        }
        drop(self.data);
    }
}

/// The brokers, and this computer's own one when it is among them and shall run.
async fn reach(place: &Place, wanted: Wanted, front: Front) -> Result<(Vec<String>, Option<Own>), HostError> {
    let lan = match wanted {
        Wanted::Nothing => return Ok((vec![], None)),
        Wanted::These(brokers) => return Ok((brokers, None)),
        Wanted::Own { lan } => lan,
    };
    let named = || Ok((vec![LocalBroker::url_of(place.local_broker, lan)?.to_string()], None));
    if front == Front::Look {
        return named();
    }
    match LocalBroker::start(place.local_broker, lan, shared_dir()).await {
        Ok(broker) => Ok((vec![broker.url().to_string()], Some(Own { broker, lan }))),
        // A person must get to their messages; the window says that the broker cannot be reached.
        Err(error) if front == Front::Window && !place.is_fixed() => {
            tracing::warn!(%error, "this computer's own broker does not run");
            named()
        }
        Err(error) => Err(error.into()),
    }
}
