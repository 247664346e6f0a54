//! What is said by mail of what is here, and what shows that it was heard.

use super::*;

/// What we have is said by mail until a number of this run has counted; a higher one that is none of its own shows that the
/// numbers were put back, and it is said again above that one.
#[test]
fn what_we_have_is_said_by_mail_until_it_counts() {
    let (mut rng, mut telling) = (StdRng::seed_from_u64(1), Telling::default());
    assert_eq!(telling.deadline(), None);
    telling.begin(Duration::ZERO, &mut rng);
    let now = telling.deadline().unwrap();
    assert!(!telling.tick(now / 3) && telling.tick(now) && !telling.tick(now), "it is asked for once");
    telling.says(100, now, &mut rng);
    assert!(!telling.seen(90, 120, now), "seen before this run");
    assert!(telling.is_due());
    assert!(telling.seen(110, 120, now), "a number that this run has given to something else");
    assert_eq!(telling.deadline(), Some(now));
    assert!(telling.tick(now));
    telling.says(130, now, &mut rng);
    let again = telling.deadline().unwrap();
    assert!(again > now + Duration::from_secs(1800));
    assert!(telling.tick(again));
    telling.says(140, again, &mut rng);
    assert!(!telling.seen(130, 150, again));
    assert!(!telling.is_due(), "the first of the two has counted");
    assert!(!telling.seen(130, 150, again) && !telling.is_due());
    telling.answered(Some(140), again);
    assert!(!telling.is_due(), "the peer knows what we said in this run");
    telling.answered(Some(90), again);
    assert!(telling.is_going(again), "it has forgotten that");
    telling.stop();
    assert!(telling.seen(151, 150, again) && telling.is_due(), "more than was ever used");
    telling.stop();
    assert_eq!(telling.deadline(), None);
}

/// What there is of one conversation is said when something is asked for there. That it has counted tells that this run is heard, but
/// not that all of what there is was.
#[test]
fn a_statement_of_one_conversation_is_not_taken_for_that_of_all() {
    let (mut rng, mut telling) = (StdRng::seed_from_u64(1), Telling::default());
    telling.begin(Duration::ZERO, &mut rng);
    let now = telling.deadline().unwrap();
    telling.says_a_part(100);
    assert!(!telling.seen(100, 100, now) && telling.is_due());
    telling.answered(Some(100), now);
    assert_eq!(telling.deadline(), Some(now), "nothing is to be said earlier");
    telling.hurry(now / 2);
    assert!(telling.tick(now / 2), "no part keeps all from going with other mail");
    telling.says(110, now, &mut rng);
    telling.says_a_part(120);
    assert!(!telling.seen(120, 120, now) && telling.is_due());
    assert!(!telling.seen(110, 120, now) && !telling.is_due());
    telling.says_a_part(130);
    telling.answered(Some(130), now);
    assert!(!telling.is_due(), "all of it was heard");
}
