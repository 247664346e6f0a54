//! What must be so once all have ended: looked at in their databases, by the code that wrote them and by SQLite.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kith::identity::{GroupId, SECRETS_BYTES_MAX, Secrets};
use kith::log::order::{Node, sort};
use kith::log::{Entry, Text, direct_conversation};
use kith::platform;
use kith::store::{Db, Kept};
use kith::wire::{ConversationId, RootKey, kind};

use crate::person::Person;

/// What was compared.
pub struct Compared {
    conversations: usize,
    pub entries: usize,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conversations.fmt(f)
    }
}

struct Opened<'a> {
    person: &'a Person,
    root: RootKey,
    db: Db,
}

/// Looks at everybody's database.
pub fn check(people: &[Person], group: &str) -> Compared {
    let open = |person| {
        let key_file = Person::data(person).join("identity.key");
        let secrets = platform::read_secret(&key_file, SECRETS_BYTES_MAX).unwrap().unwrap();
        let db = Db::open(&Person::data(person).join("kith.sqlite3")).unwrap();
        db.check_integrity().unwrap_or_else(|error| panic!("{}: {error}", person.name));
        Opened { person, root: Secrets::from_bytes(&secrets).unwrap().root_key(), db }
    };
    let opened: Vec<Opened> = people.iter().map(open).collect();
    let all: Vec<&Opened> = opened.iter().collect();
    let named = |id: &&ConversationId| GroupId::from(*id).0.to_string() == group;
    let known = opened[0].db.conversations().unwrap();
    let mut entries = same(*known.iter().find(named).expect("the group"), &all, |_| group.to_owned());
    let mut conversations = 1;
    for (at, one) in opened.iter().enumerate() {
        for other in &opened[at + 1..] {
            // Whom each of the two writes to.
            let to = |from: &Opened<'_>| if from.root == one.root { other.person.user() } else { one.person.user() };
            entries += same(direct_conversation(&one.root, &other.root), &[one, other], to);
            conversations += 1;
        }
    }
    Compared { conversations, entries }
}

/// One conversation, with all who are in it. Tells how many entries it has.
fn same(conversation: ConversationId, sides: &[&Opened<'_>], to: impl Fn(&Opened<'_>) -> String) -> usize {
    let names: Vec<&str> = sides.iter().map(|side| side.person.name).collect();
    let names = names.join(" and ");
    let strip = |kept: &[Kept]| kept.iter().map(|kept| (kept.id, kept.entry.clone())).collect::<Vec<_>>();
    let here = sides[0].db.entries(&conversation).unwrap();
    for side in &sides[1..] {
        let there = side.db.entries(&conversation).unwrap();
        assert!(strip(&here) == strip(&there), "{names} do not have the same entries in the same order");
        assert!(there.iter().all(|kept| kept.position.is_some()), "{names}: an entry waits for another");
    }
    assert!(here.iter().all(|kept| kept.position.is_some()), "{names}: an entry waits for another");
    let ids: BTreeSet<_> = here.iter().map(|kept| kept.id).collect();
    assert_eq!(ids.len(), here.len(), "{names}: an entry is there twice");
    let entries: Vec<Entry> = here.into_iter().map(|kept| Entry::verify(kept.entry).unwrap()).collect();
    let order = sort(&entries.iter().map(Node::from).collect::<Vec<_>>());
    assert_eq!(order, entries.iter().map(Entry::id).collect::<Vec<_>>(), "{names}: another order");

    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.header().kind == kind::TEXT) {
        let text = Text::parse(entry.body().unwrap()).unwrap().text;
        let twice = texts.insert(text.clone(), entry.id().to_string());
        assert!(twice.is_none(), "{names}: “{text}” is there twice");
    }
    for side in sides {
        let to = to(side);
        for said in side.person.acknowledged().iter().filter(|said| said.to == to) {
            let id = texts.remove(&said.text);
            assert_eq!(id.as_ref(), Some(&said.id), "{names}: “{}” was acknowledged and is not there", said.text);
        }
        for text in side.person.unanswered() {
            texts.remove(&text);
        }
    }
    assert!(texts.is_empty(), "{names}: nobody wrote {texts:?}");
    entries.len()
}
