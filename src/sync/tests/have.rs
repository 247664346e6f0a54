//! When what we have is said over a link, and what is asked once the peer has said it.

use super::*;

/// Nothing is pushed before the peer has said what it has, and `have` is said again until it was heard.
#[test]
fn have_is_repeated_until_the_peer_was_heard() {
    let mut push = Push::default();
    assert_eq!(push.up(Duration::ZERO), vec![Need::Have(Of::All)]);
    assert_eq!(push.wrote(Duration::ZERO), vec![]);
    assert_eq!(push.tick(Duration::from_secs(1)), vec![]);
    assert_eq!(push.tick(Duration::from_secs(2)), vec![Need::Have(Of::Unheard)]);
    let needs = push.peer_has(TALK, Duration::from_secs(3));
    assert!(matches!(needs[..], [Need::Have(Of::One(TALK)), Need::Outbox { after: 0, .. }]));
    assert_eq!(push.tick(Duration::from_secs(4)), vec![Need::Have(Of::Unheard)], "another one may have been lost");
    assert_eq!(push.tick(Duration::from_secs(9)), vec![]);
}

/// When the paths of a link were in doubt and it goes on, `have` is said anew of all, a little later; a new link begins with it anyway.
#[test]
fn have_is_said_anew_after_doubt() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    assert_eq!(push.tick(Duration::from_secs(2)), vec![Need::Have(Of::Unheard)]);
    push.settled(Duration::from_secs(3));
    assert_eq!(push.tick(Duration::from_secs(9)), vec![], "nobody has doubted it");
    push.doubtful();
    push.settled(Duration::from_secs(10));
    assert_eq!(push.tick(Duration::from_secs(11)), vec![]);
    push.doubtful();
    push.settled(Duration::from_secs(11));
    assert_eq!(push.tick(Duration::from_secs(12)), vec![]);
    assert_eq!(push.tick(Duration::from_secs(13)), vec![Need::Have(Of::All)]);
    assert_eq!(push.tick(Duration::from_secs(20)), vec![]);
    push.doubtful();
    push.down();
    push.up(Duration::from_secs(21));
    push.settled(Duration::from_secs(21));
    push.peer_has(TALK, Duration::from_secs(22));
    assert_eq!(push.tick(Duration::from_secs(23)), vec![Need::Have(Of::Unheard)], "as on any new link");
}

/// Of several conversations each is answered once when the peer first speaks of it, and pushed from then on; what the store
/// could not tell is said again with all others.
#[test]
fn each_conversation_is_answered_once_on_a_link() {
    let (mut push, other) = (Push::default(), ConversationId([2; 32]));
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    let needs = push.peer_has(other, Duration::ZERO);
    assert!(matches!(needs[..], [Need::Have(Of::One(one)), Need::Outbox { after: 0, .. }] if one == other));
    assert!(matches!(push.peer_has(other, Duration::ZERO)[..], [Need::Outbox { after: 0, .. }]));
    assert_eq!(push.heard().len(), 2);
    push.unsaid(Duration::ZERO);
    assert_eq!(push.tick(Duration::from_secs(2)), vec![Need::Have(Of::All)]);
    push.unshared(&other);
    assert_eq!(push.heard().iter().collect::<Vec<_>>(), [&TALK]);
}

/// When no conversation is shared any more, no answer to a question about them counts; and pushing begins anew with what is shared again.
#[test]
fn a_question_goes_with_the_last_conversation() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    let [Need::Have(_), Need::Outbox { number, .. }] = push.peer_has(TALK, Duration::ZERO)[..] else { panic!() };
    assert!(!push.asks_in_vain());
    push.unshared(&TALK);
    assert!(!push.asks_in_vain());
    assert_eq!(push.outbox(number, &[(1, id(1), 100)], false, Duration::ZERO), []);
    assert!(matches!(push.peer_has(TALK, Duration::ZERO)[..], [_, Need::Outbox { after: 0, .. }]));
}
