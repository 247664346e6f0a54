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
use super::{Control, Front, LocalBroker, LocalBrokerError, Place, WindowPlace};
use crate::coordinator::{self, Handle, Options, StartError};
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
    moved: watch::Sender<Option<WindowPlace>>,
    keeper: JoinHandle<Keeper>,
    tasks: TaskTracker,
    cancel: CancellationToken,
    // Held until the end: the directory is ours.
    data: DataDir,
}

impl Host {
    /// Takes the data directory, starts this computer's own broker when it is needed, and the coordinator.
    ///
    /// # Errors
    /// When one of them cannot be had; nothing runs then.
    pub async fn open(place: Place, front: Front) -> Result<Self, HostError> {
        let path = place.data.clone().or_else(default_data_dir).ok_or(HostError::NoHome)?;
        let data = DataDir::open(path)?;
        let file = SettingsFile::of(data.path());
        let settings = file.load();
        let wanted = place.wanted(settings.reach.as_ref(), front);
        let (brokers, own) = reach(&place, wanted, front).await?;
        let options = Options { data_dir: data.path().to_owned(), brokers: brokers.clone(), ice: place.ice.clone() };
        let core = match coordinator::start(options).await {
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
        let (moved, movements) = watch::channel(settings.window);
        let keeper = Keeper {
            core: core.clone(),
            file,
            settings,
            told,
            orders,
            movements,
            own,
            address: place.local_broker,
            shared: shared_dir(),
            brokers,
            fixed: place.is_fixed(),
        };
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let keeper = tasks.spawn(keeper.run(cancel.clone()));
        Ok(Self { core, control, moved, keeper, tasks, cancel, data })
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
