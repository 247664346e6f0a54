//! A group of the gallery, and what its people said.

use kith::coordinator::MessageState::{self, Delivered, Received, Sent};
use kith::coordinator::double::Script;
use kith::coordinator::{ChangeView, GroupChange, LineView, Uncounted};
use uuid::Uuid;

use crate::people::{own, user};
use crate::scenes::NOW;

const MINUTE: u64 = 60 * 1000;

/// Six people who walk on Sundays; two of them are no contacts.
pub fn gather(script: &mut Script) {
    let (me, bob, amelie, youssef, ingrid, tom) = (own().user_id, user(2), user(3), user(5), user(31), user(32));
    let members = [
        (bob, "Bob Okafor", true),
        (amelie, "Amélie Laurent", false),
        (youssef, "يوسف", false),
        (ingrid, "Ingrid Sørensen-Holmgaard of the Seven Lakes and All Their Islands", false),
        (tom, "Tom", false),
    ];
    let group = script.gathers("Sunday walkers", true, &members);
    let said: [(Uuid, u64, &str, MessageState); 9] = [
        (bob, 95, "The forecast says sun until four, then a little rain.", Received),
        (bob, 95, "I would start at nine.", Received),
        (
            ingrid,
            80,
            "Nine is fine. I bring the map, the big one with the paths that the small one does not have.",
            Received,
        ),
        (me, 74, "And I bring coffee", Delivered),
        (amelie, 60, "On prend aussi le chien ?", Received),
        (youssef, 52, "نعم بالطبع", Received),
        (tom, 31, "🐕", Received),
        (me, 12, "Then platform 4, ten to nine", Sent),
        (me, 12, "Whoever is late walks behind", Sent),
    ];
    let bobs = |id: &str, before: &str, about: &str, ago, change, uncounted| LineView {
        before: Some(before.into()),
        by: "Bob Okafor".into(),
        about: about.into(),
        change: ChangeView { id: id.into(), by: bob, at: NOW - ago * MINUTE, change, uncounted, beside: Vec::new() },
    };
    for (from, ago, text, state) in said {
        script.says_in(group, from, text, NOW - ago * MINUTE, state);
        let id = script.messages(group).last().map(|last| last.id.clone()).unwrap_or_default();
        if text.starts_with("The forecast") {
            let made =
                GroupChange::Created { name: "Sunday walkers".into(), members: vec![bob, me, amelie, youssef, ingrid] };
            script.changes_in(group, bobs("made", &id, "", 96, made, None));
        }
        if text.starts_with("And I bring") {
            script.changes_in(group, bobs("tom", &id, "Tom", 76, GroupChange::Added { user_id: tom }, None));
            let against = GroupChange::Removed { user_id: amelie };
            script.changes_in(group, bobs("against", &id, "Amélie Laurent", 75, against, Some(Uncounted::Overruled)));
        }
        if text.starts_with("And I bring") {
            for who in [bob, ingrid, tom] {
                let _ = script.reacts(group, &id, who, "☕", true);
            }
        }
    }
}
