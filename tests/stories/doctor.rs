//! `kith doctor`: it says what is well and what is not, changes nothing, and needs nobody.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Bad, BadBroker, Relay, Skip, Transport, World, report_skip};

/// As long as its help says, and what two busy cores add.
const PROMISED: Duration = Duration::from_secs(13);

/// What it said, and how it ended.
struct Diagnosis {
    code: i32,
    text: String,
}

impl Diagnosis {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The codes of its problems.
    fn problems(&self) -> Vec<String> {
        let json = self.json();
        let problems = json["problems"].as_array().expect("problems");
        for problem in problems {
            for part in ["what", "means", "remedy"] {
                assert!(problem[part].as_str().is_some_and(|text| text.ends_with('.')), "{problem}");
            }
        }
        assert_eq!(json["ok"], problems.is_empty());
        assert_eq!(self.code, i32::from(!problems.is_empty()), "{}", self.text);
        problems.iter().map(|problem| problem["code"].as_str().expect("a code").to_owned()).collect()
    }
}

fn doctor(world: &World, data: &Path, options: &[&str]) -> Diagnosis {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_kith"))
        .arg("doctor")
        .arg("--data")
        .arg(data)
        .args(options)
        .envs(world.home())
        .output()
        .expect("kith doctor");
    assert!(started.elapsed() < PROMISED, "it took {:?}", started.elapsed());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let code = output.status.code().expect("an end of its own");
    assert!(code < 2, "{}", String::from_utf8_lossy(&output.stderr));
    Diagnosis { code, text }
}

/// With a broker that works all is well, whoever runs it, with no identity anywhere; nothing is written.
pub fn a_broker_that_works_is_well(world: &mut World) {
    let data = world.dir().join("nobody");
    let url = world.url().to_owned();
    let said = doctor(world, &data, &["--broker", &url, "--no-default-ice", "--json"]);
    assert_eq!(said.problems(), [""; 0], "{}", said.text);
    let json = said.json();
    let broker = &json["brokers"][0];
    assert!(broker["roundTripMs"].as_f64().is_some_and(|took| took > 0.0 && took < 1_500.0), "{broker}");
    assert!(!said.text.contains("secret@"), "{}", said.text);
    assert!(!data.exists());
    let said = doctor(world, &data, &["--broker", &url, "--no-default-ice"]);
    assert!(said.text.starts_with("✓ The meeting point ") && said.text.ends_with("All is well.\n"), "{}", said.text);
}

/// A wrong password is named as one, and shown to nobody; a guest is told that they cannot listen.
#[test]
fn a_wrong_password_is_named_and_not_shown() {
    let name = "doctor::a_wrong_password_is_named_and_not_shown";
    World::tell(Transport::MosquittoGuarded, name, |world| {
        let data = world.dir().join("nobody");
        let port = world.tcp_port();
        let wrong = format!("mqtt://kith:quite-wrong@127.0.0.1:{port}");
        let said = doctor(world, &data, &["--broker", &wrong, "--no-default-ice", "--json"]);
        assert_eq!(said.problems(), ["broker-login"]);
        assert!(!said.text.contains("quite-wrong"), "{}", said.text);
        let guest = format!("mqtt://127.0.0.1:{port}");
        let said = doctor(world, &data, &["--broker", &guest, "--no-default-ice", "--json"]);
        assert_eq!(said.problems(), ["broker-deaf"]);
    });
}

/// A certificate that is not the one that the address names is no secure connection.
#[test]
fn a_wrong_certificate_is_not_secure() {
    World::tell(Transport::MosquittoTls, "doctor::a_wrong_certificate_is_not_secure", |world| {
        let (place, _) = world.url().split_once('#').expect("a pin");
        let wrong = format!("{place}#sha256={}", "A".repeat(43));
        let said = doctor(world, &world.dir().join("nobody"), &["--broker", &wrong, "--no-default-ice", "--json"]);
        assert_eq!(said.problems(), ["broker-not-secure"]);
        let unknown = doctor(world, &world.dir().join("nobody"), &["--broker", place, "--no-default-ice"]);
        assert_eq!(unknown.code, 1);
        assert!(unknown.text.contains("vouches for") || unknown.text.contains("certificate"), "{}", unknown.text);
    });
}

/// Each way in which a broker is bad has its name, and none keeps it waiting.
#[test]
fn every_bad_broker_is_found_out() {
    let world = World::without_broker();
    let data = world.dir().join("nobody");
    for (way, problem) in [
        (Bad::Refuses, "broker-refuses"),
        (Bad::Hangs, "broker-refuses"),
        (Bad::Mute, "broker-mute"),
        (Bad::Babbles, "broker-mute"),
        (Bad::HangsUp, "broker-mute"),
        (Bad::Lies, "broker-loses"),
        (Bad::Small, "broker-small"),
        // Its confirmation lies behind the flood.
        (Bad::Floods, "broker-mute"),
    ] {
        let bad = BadBroker::start(way);
        let said = doctor(&world, &data, &["--broker", &bad.url(), "--no-default-ice", "--json"]);
        assert_eq!(said.problems(), [problem], "{way:?}: {}", said.text);
    }
    let said = doctor(&world, &data, &["--broker", world.url(), "--no-default-ice", "--json"]);
    assert_eq!(said.problems(), ["broker-unreachable"]);
}

/// It looks at the settings of a Kith that runs on the same data, and neither disturbs the other.
#[test]
fn it_works_beside_a_running_kith() {
    let world = World::new(Transport::Embedded).unwrap();
    let alice = world.person("Alice");
    let settings = alice.data_dir().join("settings.json");
    let chosen = format!(r#"{{"reach":{{"kind":"brokers","brokers":["{}"]}},"ice":{{"public":false}}}}"#, world.url());
    std::fs::write(&settings, &chosen).unwrap();
    let said = doctor(&world, &alice.data_dir(), &["--json"]);
    assert_eq!(said.problems(), [""; 0]);
    assert_eq!(said.json()["brokers"][0]["broker"], world.url());
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), chosen);
    assert!(alice.status().brokers.iter().all(|broker| broker.state == "connected"));
}

/// Without any choice this computer's own broker is meant: it does not run now, and that is said and no problem.
#[test]
fn the_own_broker_may_rest() {
    let world = World::without_broker();
    let port = crate::support::free_port();
    let own = format!("127.0.0.1:{port}");
    let said = doctor(&world, &world.dir().join("nobody"), &["--no-default-ice", "--local-broker", &own]);
    assert_eq!(said.code, 0, "{}", said.text);
    assert!(said.text.contains("· This computer's own meeting point"), "{}", said.text);
}

/// A relay is asked with the credentials that a node would use; its server tells our address, and how a NAT would behave.
#[test]
fn a_relay_and_the_way_out_are_checked() {
    let world = World::new(Transport::Embedded).unwrap();
    let relay = match Relay::start(world.dir()) {
        Ok(relay) => relay,
        Err(Skip(reason)) => return report_skip("doctor::a_relay_and_the_way_out_are_checked", &reason),
    };
    let data = world.dir().join("nobody");
    let ask = |ice: &[&str]| {
        let mut options = vec!["--broker", world.url(), "--no-default-ice", "--json"];
        ice.iter().for_each(|url| options.extend(["--ice", url]));
        doctor(&world, &data, &options)
    };
    let right = relay.url(crate::support::RELAY_PASSWORD);
    let said = ask(&[&right, &relay.stun()]);
    assert_eq!(said.problems(), [""; 0], "{}", said.text);
    let json = said.json();
    assert!(
        json["turn"][0]["relay"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")),
        "{}",
        said.text
    );
    assert_eq!((&json["udp"], &json["nat"]["public"]), (&"passes".into(), &"127.0.0.1".into()), "{}", said.text);
    assert_eq!(json["nat"]["translated"], false);
    assert_eq!(json["nat"]["mapping"], "endpointIndependent");
    assert_eq!(json["nat"]["filtering"], "endpointIndependent");
    assert!(!said.text.contains(crate::support::RELAY_PASSWORD));

    let said = ask(&[&relay.url("wrong")]);
    assert_eq!(said.problems(), ["relay-login"]);
    let said = ask(&[&format!("turn:u:p@127.0.0.1:{}", crate::support::free_port())]);
    assert_eq!(said.problems(), ["relay-silent"]);
}
