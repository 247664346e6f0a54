use std::time::Duration;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;
use x25519_dalek::StaticSecret;

use super::envelope::{Keyring, OpenError, Recipient, open, seal};
use super::*;
use crate::identity::{Secrets, UserId};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{self, CLASSES, ExchangeKey, KeyKind, Message, NewKey, Nonce};

fn secrets(seed: u64) -> Secrets {
    Secrets::generate(&mut StdRng::seed_from_u64(seed))
}

fn keyring(secrets: &Secrets) -> Keyring<'_> {
    Keyring { device: secrets.device_key(), card: &secrets.card_sealing, working: &secrets.working_sealing }
}

fn recipient(secrets: &Secrets) -> Recipient {
    Recipient { device: secrets.device_key(), kind: KeyKind::Working, key: secrets.working_key().key }
}

fn presence(id: u128) -> Topic {
    Topic { id: Uuid::from_u128(id), leaf: Leaf::Presence }
}

fn hello(secrets: &Secrets) -> Message {
    Message::Hello(wire::Hello { boot: Nonce([1; 16]), nonce: Nonce([2; 16]), echo: None, key: secrets.working_key() })
}

/// A topic is read back only from the one form that is written.
#[test]
fn topics_have_one_form() {
    let topic = Topic::door(UserId(Uuid::from_u128(7)));
    assert_eq!(Topic::parse(&topic.to_string()), Ok(topic));
    let id = "00000000-0000-0000-0000-0000000000aa";
    for bad in [
        "",
        "user",
        "user/x/offer",
        "user//offer",
        &format!("user/{id}/offer/"),
        &format!("user/{id}/Offer"),
        &format!("user/{}/offer", id.to_uppercase()),
        &format!("user/{}/offer", id.replace('-', "")),
        "user/+/offer",
        "#",
    ] {
        assert_eq!(Topic::parse(bad), Err(TopicError), "{bad}");
    }
}

/// Both sides derive the same two inboxes; they differ by direction, and a third person derives others.
#[test]
fn both_sides_derive_the_same_inboxes() {
    let (alice, bob, eve) = (secrets(1), secrets(2), secrets(3));
    let (a, b, e) = (alice.certificate(), bob.certificate(), eve.certificate());
    let here = inbox(&alice.rendezvous, &b.rendezvous, &a.device, &b.device);
    assert!(here.is_some());
    assert_eq!(here, inbox(&bob.rendezvous, &a.rendezvous, &a.device, &b.device));
    assert_ne!(here, inbox(&alice.rendezvous, &b.rendezvous, &b.device, &a.device));
    assert_ne!(here, inbox(&eve.rendezvous, &b.rendezvous, &a.device, &b.device));
    assert_ne!(here, inbox(&eve.rendezvous, &e.rendezvous, &a.device, &b.device));
    assert_eq!(inbox(&alice.rendezvous, &ExchangeKey([0; 32]), &a.device, &b.device), None, "a key of small order");
}

/// Client ids are stable, differ by broker and session, and fit every broker.
#[test]
fn client_ids_are_stable_and_short() {
    let (here, there) =
        (BrokerUrl::parse("mqtt://one.example:1883").unwrap(), BrokerUrl::parse("mqtt://two.example:1883").unwrap());
    let id = client_id(&[1; 32], &here, SessionKind::Mail);
    assert_eq!(id, client_id(&[1; 32], &here, SessionKind::Mail));
    let logged_in = BrokerUrl::parse("mqtt://kith:secret@one.example:1883").unwrap();
    assert_eq!(id, client_id(&[1; 32], &logged_in, SessionKind::Mail), "another password is the same mailbox");
    for other in [
        client_id(&[1; 32], &there, SessionKind::Mail),
        client_id(&[1; 32], &here, SessionKind::Door),
        client_id(&[2; 32], &here, SessionKind::Mail),
    ] {
        assert_ne!(id, other);
    }
    assert!(id.len() <= 23 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

/// An envelope opens for its recipient on its topic and says who made it.
#[test]
fn an_envelope_opens_for_its_recipient() {
    let (alice, bob) = (secrets(1), secrets(2));
    let message = hello(&alice);
    let bytes = seal(&mut StdRng::seed_from_u64(3), &alice.device, &recipient(&bob), &presence(1), &message).unwrap();
    assert_eq!(bytes.len(), CLASSES[0]);
    let opened = open(&bytes, &presence(1), &keyring(&bob)).unwrap();
    assert_eq!((opened.device, opened.message), (alice.device_key(), message));
}

/// On another topic, for another key, for another device, or with any byte changed, it does not open.
#[test]
fn an_envelope_cannot_be_moved_or_altered() {
    let (alice, bob, eve) = (secrets(1), secrets(2), secrets(3));
    let mut rng = StdRng::seed_from_u64(3);
    let bytes = seal(&mut rng, &alice.device, &recipient(&bob), &presence(1), &hello(&alice)).unwrap();
    assert_eq!(open(&bytes, &presence(2), &keyring(&bob)), Err(OpenError::Sealed));
    assert_eq!(open(&bytes, &presence(1), &keyring(&eve)), Err(OpenError::Sealed));
    let other_device = Keyring { device: eve.device_key(), ..keyring(&bob) };
    assert_eq!(open(&bytes, &presence(1), &other_device), Err(OpenError::Forged));
    for at in (0..bytes.len()).step_by(7).chain(0..40) {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(open(&altered, &presence(1), &keyring(&bob)).is_err(), "byte {at}");
    }
    assert!(open(&bytes[..1023], &presence(1), &keyring(&bob)).is_err());
}

/// The card's key opens only requests and new keys; a hello sealed to it is refused.
#[test]
fn the_card_key_opens_only_requests_and_new_keys() {
    let (alice, bob) = (secrets(1), secrets(2));
    let mut rng = StdRng::seed_from_u64(3);
    let to = Recipient { kind: KeyKind::Card, key: bob.card_key(), ..recipient(&bob) };
    let bytes = seal(&mut rng, &alice.device, &to, &presence(1), &hello(&alice)).unwrap();
    assert_eq!(open(&bytes, &presence(1), &keyring(&bob)), Err(OpenError::Misplaced));
    let message = Message::NewKey(NewKey { key: alice.working_key() });
    let bytes = seal(&mut rng, &alice.device, &to, &presence(1), &message).unwrap();
    assert_eq!(open(&bytes, &presence(1), &keyring(&bob)).unwrap().message, message);
    let bytes = seal(&mut rng, &alice.device, &recipient(&bob), &presence(1), &message).unwrap();
    assert_eq!(open(&bytes, &presence(1), &keyring(&bob)), Err(OpenError::Misplaced));
}

struct Side {
    boot: Nonce,
    hello: Hello,
}

fn send(side: &Side, greeting: Greeting, key: wire::WorkingKey) -> wire::Hello {
    wire::Hello { boot: side.boot, nonce: greeting.nonce, echo: greeting.echo, key }
}

proptest! {
    /// However announcements, answers and replays of old hellos are mixed, the exchange ends; and once both have announced
    /// to each other without loss, each has adopted the other's present boot and no old one.
    #[test]
    fn hello_ends_and_adopts_only_the_living(seed: u64, restarts in 0usize..4) {
        let mut rng = StdRng::seed_from_u64(seed);
        let key = secrets(1).working_key();
        let mut sides = [0u8, 1].map(|_| Side { boot: Nonce(rng.random()), hello: Hello::default() });
        let mut history: Vec<(usize, wire::Hello)> = vec![];
        let mut now = Duration::ZERO;
        for round in 0..=restarts {
            let mut queue: Vec<(usize, wire::Hello)> = vec![];
            for (from, side) in sides.iter_mut().enumerate() {
                if round == restarts || rng.random() {
                    let greeting = side.hello.announce(&mut rng);
                    queue.push((1 - from, send(side, greeting, key)));
                }
            }
            let mut steps = 0;
            while !queue.is_empty() {
                steps += 1;
                prop_assert!(steps < 60, "hello goes on for ever");
                now += Duration::from_millis(700);
                let (to, hello) = queue.remove(0);
                history.push((to, hello.clone()));
                let replay = history[rng.random_range(0..history.len())].clone();
                if steps < 8 && round < restarts { queue.push(replay); }
                let heard = sides[to].hello.receive(&hello, now, &mut rng);
                if let Some(greeting) = heard.answer {
                    queue.push((1 - to, send(&sides[to], greeting, key)));
                }
            }
            if round < restarts {
                let who = rng.random_range(0..2usize);
                sides[who] = Side { boot: Nonce(rng.random()), hello: Hello::default() };
                now += Duration::from_secs(60);
            }
        }
        prop_assert_eq!(sides[0].hello.adopted(), Some(sides[1].boot));
        prop_assert_eq!(sides[1].hello.adopted(), Some(sides[0].boot));
    }

    /// A replayed hello never brings back the boot of a peer that has restarted since.
    #[test]
    fn replays_bring_back_no_old_boot(seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let key = secrets(1).working_key();
        let (mut alice, mut old) = (Hello::default(), Side { boot: Nonce([1; 16]), hello: Hello::default() });
        let mine = |greeting: Greeting| wire::Hello { boot: Nonce([9; 16]), nonce: greeting.nonce, echo: greeting.echo, key };
        let mut recorded = vec![];
        let mut meet = |alice: &mut Hello, bob: &mut Side, rng: &mut StdRng| {
            let mut from_alice = Some(alice.announce(rng));
            while let Some(greeting) = from_alice.take() {
                if let Some(answer) = bob.hello.receive(&mine(greeting), Duration::ZERO, rng).answer {
                    let hello = send(bob, answer, key);
                    recorded.push(hello.clone());
                    from_alice = alice.receive(&hello, Duration::ZERO, rng).answer;
                }
            }
        };
        meet(&mut alice, &mut old, &mut rng);
        let mut new = Side { boot: Nonce([2; 16]), hello: Hello::default() };
        meet(&mut alice, &mut new, &mut rng);
        prop_assert_eq!(alice.adopted(), Some(new.boot));
        // One that echoes nothing was kept too.
        let announced = old.hello.announce(&mut rng);
        recorded.push(send(&old, announced, key));
        for hello in &recorded {
            // While a nonce of hers is out, too: only its own echo counts.
            alice.announce(&mut rng);
            alice.receive(hello, Duration::from_secs(100), &mut rng);
            prop_assert_eq!(alice.adopted(), Some(new.boot));
        }
    }

    /// Arbitrary bytes of every class never open and never panic.
    #[test]
    fn junk_does_not_open(seed: u64, class in 0usize..4) {
        let mut bytes = vec![0; CLASSES[class]];
        rand::Rng::fill_bytes(&mut StdRng::seed_from_u64(seed), &mut bytes);
        (bytes[0], bytes[1]) = (1, 1);
        prop_assert_eq!(open(&bytes, &presence(1), &keyring(&secrets(1))), Err(OpenError::Sealed));
    }
}

/// The same secret of both rendezvous keys cannot be had from two cards: the derivation needs one of the secrets.
#[test]
fn inboxes_need_a_secret() {
    let (alice, bob) = (secrets(1), secrets(2));
    let (a, b) = (alice.certificate(), bob.certificate());
    let real = inbox(&alice.rendezvous, &b.rendezvous, &a.device, &b.device);
    for public in [a.rendezvous, b.rendezvous, alice.card_key(), bob.card_key()] {
        for other in [&a.rendezvous, &b.rendezvous] {
            assert_ne!(real, inbox(&StaticSecret::from(public.0), other, &a.device, &b.device));
        }
    }
}

/// Whoever makes us announce again and again does not make worthless the answer that is on its way.
#[test]
fn an_announcement_does_not_undo_the_one_before() {
    let mut rng = StdRng::seed_from_u64(5);
    let (mut alice, mut bob) = (Hello::default(), Side { boot: Nonce([1; 16]), hello: Hello::default() });
    let key = secrets(1).working_key();
    let first = alice.announce(&mut rng);
    let hello = wire::Hello { boot: Nonce([9; 16]), nonce: first.nonce, echo: first.echo, key };
    let answer = bob.hello.receive(&hello, Duration::ZERO, &mut rng).answer.unwrap();
    alice.announce(&mut rng);
    let heard = alice.receive(&send(&bob, answer, key), Duration::ZERO, &mut rng);
    assert_eq!(heard.adopted, Some(true));
    let next = alice.announce(&mut rng);
    assert_ne!(next.nonce, first.nonce, "an echoed nonce is used up");
}

/// Two brokers of which one is two seconds slower: each hello comes twice, and the two greet each other a few times at most.
#[test]
fn brokers_of_unequal_speed_make_no_storm() {
    let mut rng = StdRng::seed_from_u64(6);
    let key = secrets(1).working_key();
    let mut sides = [1, 2].map(|boot| Side { boot: Nonce([boot; 16]), hello: Hello::default() });
    let mut on_the_way = vec![];
    let mut said = 0;
    let (quick, slow) = (Duration::from_millis(20), Duration::from_secs(2));
    for (from, at) in [(0, 0), (1, 300)] {
        let at = Duration::from_millis(at);
        let greeting = sides[from].hello.announce(&mut rng);
        on_the_way.extend([quick, slow].map(|delay| (at + delay, 1 - from, send(&sides[from], greeting, key))));
    }
    while let Some(next) = (0..on_the_way.len()).min_by_key(|n| on_the_way[*n].0) {
        let (now, to, hello) = on_the_way.swap_remove(next);
        if let Some(answer) = sides[to].hello.receive(&hello, now, &mut rng).answer {
            said += 1;
            assert!(said <= 8, "they greet each other for ever");
            let answer = send(&sides[to], answer, key);
            on_the_way.extend([quick, slow].map(|delay| (now + delay, 1 - to, answer.clone())));
        }
    }
    assert!(sides.iter().all(|side| side.hello.adopted().is_some()));
}
