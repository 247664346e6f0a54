#![cfg(feature = "embedded-broker")]

use std::net::TcpListener as Probe;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::keeper::Keeper;
use super::settings_file::SettingsFile;
use super::*;
use crate::coordinator::double::Double;
use crate::coordinator::{Command, CommandError, ErrorCode, Reply};

/// A keeper over a coordinator that does as it is told, or refuses.
struct World {
    dir: TempDir,
    port: u16,
    control: Control,
    moved: watch::Sender<Option<WindowPlace>>,
    used: watch::Receiver<Vec<Vec<String>>>,
    refuse: watch::Sender<bool>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

impl World {
    fn new(fixed: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = Probe::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let (core, double) = Double::new(8);
        let (tell_used, used) = watch::channel(vec![]);
        let (refuse, refused) = watch::channel(false);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(double.serve(move |_, command| {
            if *refused.borrow() {
                return Err(CommandError::new(ErrorCode::Storage, "the disk is full"));
            }
            let told = match command {
                Command::UseBrokers(brokers) | Command::UseIce(brokers) => brokers,
                Command::HideAddressFromAll(on) => vec![format!("hide: {on}")],
                other => panic!("{other:?}"),
            };
            tell_used.send_modify(|used| used.push(told));
            Ok(Reply::Done)
        }));
        let fixed_brokers = if fixed { vec!["mqtt://fixed".to_owned()] } else { vec![] };
        let (control, told, orders) = Control::new(Settings::default(), fixed_brokers.clone());
        let (moved, movements) = watch::channel(None);
        let keeper = Keeper {
            core,
            file: SettingsFile::of(dir.path()),
            settings: Settings::default(),
            told,
            orders,
            movements,
            own: None,
            address: Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
            shared: Some(dir.path().join("shared")),
            brokers: fixed_brokers,
            fixed,
            fixed_ice: fixed,
        };
        let ended = cancel.clone();
        tasks.spawn(async move { keeper.run(ended).await.end().await });
        Self { dir, port, control, moved, used, refuse, tasks, cancel }
    }

    async fn choose(&self, reach: Reach) -> Result<(), SettingsError> {
        self.control.change(Choice::Reach(reach)).await
    }

    fn saved(&self) -> Settings {
        SettingsFile::of(self.dir.path()).load()
    }

    /// Whether somebody listens at the port of the own broker.
    fn broker_runs(&self) -> bool {
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    fn last_used(&self) -> Vec<String> {
        self.used.borrow().last().cloned().unwrap_or_default()
    }

    async fn end(self) {
        self.cancel.cancel();
        drop((self.control, self.moved));
        self.tasks.close();
        tokio::time::timeout(Duration::from_secs(20), self.tasks.wait()).await.unwrap();
    }
}

/// Choosing another way to be reached starts and ends this computer's own broker, and every choice is on disk when it is
/// answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_starts_and_ends_the_own_broker() {
    let world = World::new(false);
    assert!(!world.broker_runs());
    world.choose(Reach::ThisComputer).await.unwrap();
    assert!(world.broker_runs());
    assert_eq!(world.last_used(), [format!("mqtt://127.0.0.1:{}", world.port)]);
    assert_eq!(world.saved().reach, Some(Reach::ThisComputer));

    world.choose(Reach::Network).await.unwrap();
    assert!(world.broker_runs());
    assert_eq!(world.saved().reach, Some(Reach::Network));

    let others = Reach::Brokers(vec!["mqtt://elsewhere".to_owned()]);
    world.choose(others.clone()).await.unwrap();
    assert!(!world.broker_runs());
    assert_eq!(world.last_used(), ["mqtt://elsewhere"]);
    assert_eq!((world.saved().reach, world.control.settings().reach), (Some(others.clone()), Some(others)));
    world.end().await;
}

/// A choice that the coordinator refuses changes nothing: not the file, not the own broker.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_choice_changes_nothing() {
    let world = World::new(false);
    world.choose(Reach::ThisComputer).await.unwrap();
    world.refuse.send_replace(true);
    let error = world.choose(Reach::Public).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(world.broker_runs());
    let error = world.choose(Reach::Network).await.unwrap_err();
    assert!(matches!(error, SettingsError::Storage(_)), "{error}");
    assert!(world.broker_runs());
    assert_eq!(world.saved().reach, Some(Reach::ThisComputer));
    assert_eq!(world.control.settings().reach, Some(Reach::ThisComputer));
    let error = world.choose(Reach::Brokers(vec!["ftp://x".to_owned()])).await.unwrap_err();
    assert!(matches!(error, SettingsError::Broker(..)), "{error}");
    world.end().await;
}

/// A choice that cannot be saved is taken back.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_cannot_be_saved_is_taken_back() {
    let world = World::new(false);
    world.choose(Reach::ThisComputer).await.unwrap();
    std::fs::create_dir(world.dir.path().join("settings.new")).unwrap();
    let error = world.choose(Reach::Public).await.unwrap_err();
    assert!(matches!(error, SettingsError::Storage(_)), "{error}");
    assert!(world.broker_runs());
    assert_eq!(world.last_used(), [format!("mqtt://127.0.0.1:{}", world.port)]);
    assert_eq!(world.saved().reach, Some(Reach::ThisComputer));
    world.end().await;
}

/// Other servers that help to find a way are used at once, are on disk when that is answered, and a wrong one changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn servers_are_chosen() {
    let world = World::new(false);
    let mine = Ice { public: false, servers: vec!["stun:mine".to_owned()] };
    world.control.change(Choice::AddServer("stun:mine".to_owned())).await.unwrap();
    assert_eq!(world.last_used(), ["stun:mine", DEFAULT_ICE[0], DEFAULT_ICE[1]]);
    world.control.change(Choice::PublicServers(false)).await.unwrap();
    assert_eq!(world.last_used(), ["stun:mine"]);
    assert_eq!((world.saved().ice, world.control.settings().ice), (mine.clone(), mine.clone()));
    let refused = world.control.change(Choice::AddServer("stun:a b".to_owned())).await.unwrap_err();
    assert!(matches!(refused, SettingsError::Server(_)), "{refused}");
    world.refuse.send_replace(true);
    world.control.change(Choice::PublicServers(true)).await.unwrap_err();
    world.control.change(Choice::RemoveServer("stun:mine".to_owned())).await.unwrap_err();
    assert_eq!((world.saved().ice, world.control.settings().ice), (mine.clone(), mine));
    world.end().await;
}

/// Changes of servers that come one right after the other, before the first is on disk, do not undo each other.
#[tokio::test(flavor = "multi_thread")]
async fn quick_changes_of_servers_do_not_undo_each_other() {
    let world = World::new(false);
    let change = |choice| world.control.change(choice);
    change(Choice::AddServer("stun:old".to_owned())).await.unwrap();
    let changed = tokio::join!(
        change(Choice::AddServer("stun:one".to_owned())),
        change(Choice::PublicServers(false)),
        change(Choice::AddServer("stun:two".to_owned())),
        change(Choice::RemoveServer("stun:old".to_owned())),
        change(Choice::RemoveServer("stun:never".to_owned())),
    );
    assert_eq!(changed, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
    assert_eq!(world.last_used(), ["stun:one", "stun:two"]);
    let ice = world.saved().ice;
    assert_eq!((ice.public, ice.servers), (false, vec!["stun:one".to_owned(), "stun:two".to_owned()]));
    world.end().await;
}

/// What the command line says of servers holds, whatever is chosen; the choice is kept for another start.
#[tokio::test(flavor = "multi_thread")]
async fn servers_of_the_command_line_hold() {
    let world = World::new(true);
    world.control.change(Choice::AddServer("stun:mine".to_owned())).await.unwrap();
    assert_eq!((world.last_used(), world.saved().ice.servers), (vec![], vec!["stun:mine".to_owned()]));
    world.end().await;
}

/// Hiding the address is in force and on disk when it is answered; what could not be saved or done is as it was.
#[tokio::test(flavor = "multi_thread")]
async fn hiding_is_chosen() {
    let world = World::new(false);
    world.control.change(Choice::HideAddress(true)).await.unwrap();
    assert_eq!(world.last_used(), ["hide: true"]);
    assert!(world.saved().hide_address && world.control.settings().hide_address);
    world.refuse.send_replace(true);
    world.control.change(Choice::HideAddress(false)).await.unwrap_err();
    assert!(world.saved().hide_address && world.control.settings().hide_address);
    world.end().await;
}

/// Nothing that fails shows the address: it is hidden although that could not be saved, until the end and in words, and it is
/// shown only after that is on disk.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_never_shows_the_address() {
    let world = World::new(false);
    let blocked = world.dir.path().join("settings.new");
    std::fs::create_dir(&blocked).unwrap();
    let error = world.control.change(Choice::HideAddress(true)).await.unwrap_err();
    assert!(matches!(error, SettingsError::HiddenForNow(_)), "{error}");
    assert_eq!(*world.used.borrow(), [["hide: true"]]);
    assert!(world.control.settings().hide_address && !world.saved().hide_address);
    world.control.change(Choice::HideAddress(false)).await.unwrap_err();
    assert_eq!(*world.used.borrow(), [["hide: true"]], "it was shown");
    assert!(world.control.settings().hide_address);
    // The next choice that can be saved keeps it.
    std::fs::remove_dir(&blocked).unwrap();
    world.control.change(Choice::Theme(Theme::Dark)).await.unwrap();
    assert!(world.saved().hide_address);
    world.control.change(Choice::HideAddress(false)).await.unwrap();
    assert_eq!(world.last_used(), ["hide: false"]);
    assert!(!world.saved().hide_address && !world.control.settings().hide_address);
    world.end().await;
}

/// A checkup asks what a node would use, reads settings while another Kith has the directory, and changes no file.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkup_only_reads() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place { data: Some(dir.path().to_owned()), no_default_ice: true, ..Place::default() };
    let own = checkup(&place).unwrap();
    assert!(own.brokers[0].own && own.brokers[0].url.is_loopback() && own.servers.is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    let host = Host::open(place.clone(), Front::Window).await.unwrap();
    let text = r#"{"reach":{"kind":"brokers","brokers":["mqtt://a"]},"ice":{"public":false,"servers":["turn:u:p@b"]}}"#;
    std::fs::write(dir.path().join(SETTINGS_FILE), text).unwrap();
    let chosen = checkup(&Place { no_default_ice: false, ..place.clone() }).unwrap();
    assert_eq!(chosen.brokers[0].url.to_string(), "mqtt://a");
    assert_eq!(chosen.servers.iter().map(|server| server.shown().to_owned()).collect::<Vec<_>>(), ["turn:b"]);
    assert!(host.control().checkup().unwrap().brokers.is_empty());
    host.shutdown().await;

    std::fs::write(dir.path().join(SETTINGS_FILE), "{").unwrap();
    assert!(matches!(checkup(&place), Err(CheckupError::Settings(_))));
    assert!(dir.path().join(SETTINGS_FILE).exists());
    let wrong = Place { ice: vec!["nonsense".to_owned()], data: Some(dir.path().join("none")), ..Place::default() };
    assert!(matches!(checkup(&wrong), Err(CheckupError::Server(..))));
}

/// An address that cannot be checked is named without its password, wherever it comes from.
#[test]
fn a_checkup_shows_no_password() {
    let dir = tempfile::tempdir().unwrap();
    let here = Place { data: Some(dir.path().to_owned()), ..Place::default() };
    let refused = |place: &Place| checkup(place).unwrap_err().to_string();
    let server = refused(&Place { ice: vec!["turns:alice:hush@relay".to_owned()], ..here.clone() });
    let broker = refused(&Place { brokers: vec!["mqtt://alice:hush@b:0".to_owned()], ..here.clone() });
    let text = r#"{"ice":{"public":false,"servers":["turns:alice:hush@relay"]}}"#;
    std::fs::write(dir.path().join(SETTINGS_FILE), text).unwrap();
    let kept = refused(&here);
    for (said, place) in [(server, "turns:…@relay"), (broker, "mqtt:…@b:0"), (kept, "turns:…@relay")] {
        assert!(said.contains(place) && !said.contains("hush") && !said.contains("alice"), "{said}");
    }
}

/// When another program has the port, the error says so in words, and the next try works once it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_own_broker_that_cannot_run_is_said() {
    let world = World::new(false);
    let other = Probe::bind((Ipv4Addr::LOCALHOST, world.port)).unwrap();
    let error = world.choose(Reach::ThisComputer).await.unwrap_err();
    assert!(matches!(error, SettingsError::OwnBroker(_)), "{error}");
    assert_eq!(world.saved(), Settings::default());
    drop(other);
    world.choose(Reach::ThisComputer).await.unwrap();
    assert!(world.broker_runs());
    world.end().await;
}

/// Brokers of the command line hold: a choice is kept for the next start and changes nothing now.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_lines_brokers_hold() {
    let world = World::new(true);
    assert_eq!(world.control.fixed_brokers(), ["mqtt://fixed"]);
    world.choose(Reach::ThisComputer).await.unwrap();
    assert!(!world.broker_runs());
    assert!(world.used.borrow().is_empty());
    assert_eq!(world.saved().reach, Some(Reach::ThisComputer));
    world.end().await;
}

/// The window's place is saved in the end, whatever else was changed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn the_windows_place_is_kept() {
    let world = World::new(false);
    let place = |width| Some(WindowPlace { x: Some(1.0), y: Some(2.0), width, height: 500.0, maximized: false });
    world.moved.send_replace(place(f64::NAN));
    world.moved.send_replace(place(700.0));
    world.control.change(Choice::Theme(Theme::Dark)).await.unwrap();
    assert_eq!(world.saved().theme, Theme::Dark);
    let dir = world.dir.path().to_owned();
    let moved = world.moved.clone();
    moved.send_replace(place(800.0));
    let World { dir: kept, control, moved: told, tasks, cancel, .. } = world;
    cancel.cancel();
    drop((control, told, moved));
    tasks.close();
    tasks.wait().await;
    let saved = SettingsFile::of(&dir).load();
    assert_eq!((saved.window, saved.theme), (place(800.0), Theme::Dark));
    drop(kept);
}

/// A window whose person has not chosen yet has no broker; closed and opened again, everything is where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_opens_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place { data: Some(dir.path().join("data")), no_default_ice: true, ..Place::default() };
    for _ in 0..2 {
        let host = Host::open(place.clone(), Front::Window).await.unwrap();
        assert!(host.control().fixed_brokers().is_empty());
        assert!(host.core().watch().await.is_ok() || host.core().subscribe().await.is_ok());
        let again = Host::open(place.clone(), Front::Window).await;
        assert!(matches!(again, Err(HostError::DataDir(crate::platform::DataDirError::InUse(_)))));
        host.shutdown().await;
    }
    let wrong = Place { brokers: vec!["nonsense".to_owned()], ..place };
    assert!(matches!(Host::open(wrong, Front::Node).await, Err(HostError::Core(_))));
}
