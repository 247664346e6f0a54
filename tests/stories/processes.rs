//! Processes and data directories: one at a time, and a dead one never blocks the next.

use std::process::{Command, Stdio};

use crate::support::{Transport, World, befriend, link_up};

/// A second process on the same data directory is refused with a clear message, and the first one goes on.
#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    // Were it not refused, the end of its input would end it with success.
    let second = alice.command().stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).to_lowercase();
    assert!(!second.status.success());
    assert!(["already", "in use", "another"].iter().any(|word| said.contains(word)), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(second.stdout.is_empty(), "{}", String::from_utf8_lossy(&second.stdout));
    assert!(alice.runs());
    assert_eq!(alice.contacts(), []);
}

/// A process that was killed never blocks the next one, however often; what it had said to be durable is there.
#[test]
fn a_killed_process_never_blocks_the_next() {
    let world = World::without_broker();
    let mut alice = world.person("Alice");
    let identity = alice.identity().clone();
    for _ in 0..5 {
        alice.kill();
        alice.starts();
        let shown: crate::support::Identity =
            serde_json::from_value(alice.does("identity.show", serde_json::json!({}))).unwrap();
        assert_eq!((&shown.user_id, &shown.device_id), (&identity.user_id, &identity.device_id));
    }
    alice.shutdown();
    alice.starts();
}

/// The end of its input ends a node cleanly.
#[test]
fn the_end_of_input_is_a_clean_end() {
    let world = World::new(Transport::Embedded).unwrap();
    let mut alice = world.person("Alice");
    alice.ends_its_input();
    alice.starts();
    alice.waits_until_online();
    alice.ends_its_input();
}

/// Secret keys and messages are readable by their owner only.
#[cfg(unix)]
#[test]
fn the_data_directory_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::without_broker();
    let alice = world.person("Alice");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&alice.data_dir()), 0o700);
    for entry in std::fs::read_dir(alice.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{} can be read by others", path.display());
    }
}

/// `kith qr` shows the own card in the terminal.
#[test]
fn the_own_card_is_shown_as_a_qr_code() {
    let world = World::without_broker();
    let mut alice = world.person("Alice");
    let data = alice.data_dir();
    alice.shutdown();
    let shown = Command::new(env!("CARGO_BIN_EXE_kith")).arg("qr").arg("--data").arg(&data).output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let picture = String::from_utf8(shown.stdout).unwrap();
    assert!(picture.lines().filter(|line| line.contains(['█', '▀', '▄', '\u{1b}'])).count() > 15, "{picture}");
}

/// `kith broker` prints the address at which it listens, also when the system chose the port.
#[test]
fn the_broker_prints_where_it_listens() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Command::new(env!("CARGO_BIN_EXE_kith"))
        .args(["broker", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(broker.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse::<u16>().ok());
    let connected = port.map(crate::support::mqtt::Client::connect);
    broker.kill().unwrap();
    broker.wait().unwrap();
    assert!(line.starts_with("mqtt://127.0.0.1:"), "{line}");
    assert!(connected.is_some_and(|client| client.is_ok()), "nobody listens at {line}");
}

/// The embedded broker refuses subscriptions with wildcards: who has no inbox's name sees nothing.
#[test]
fn the_embedded_broker_refuses_wildcards() {
    let world = World::new(Transport::Embedded).unwrap();
    for filter in ["#", "user/#", "user/+/presence", "+/+/mailbox", "$SYS/#"] {
        let mut client = crate::support::mqtt::Client::connect(world.tcp_port()).unwrap();
        assert!(client.subscribe(filter).is_err(), "{filter} was granted");
    }
}

/// Nodes that are told of no broker share this machine's first one's, and another takes over when it ends.
#[test]
fn nodes_without_a_broker_share_one_and_take_over() {
    let world = World::without_broker();
    let mut alice = world.person_without_broker_option("Alice");
    let bob = world.person_without_broker_option("Bob");
    alice.waits_until_online();
    bob.waits_until_online();
    befriend(&alice, &bob);
    link_up(&alice, &bob);

    // Alice, whose node came first, goes. Bob's takes over.
    alice.shutdown();
    bob.waits_until_online();
    let id = bob.writes(&alice, "Still here.");
    alice.starts();
    alice.receives(&bob, &id);
    bob.waits_until_delivered(&alice, &id);
    link_up(&alice, &bob);
}
