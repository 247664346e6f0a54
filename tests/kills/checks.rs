//! What must be so once all have ended: looked at in their databases, by the code that wrote them and by SQLite.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kith::identity::{SECRETS_BYTES_MAX, Secrets};
use kith::log::order::{Node, sort};
use kith::log::{Entry, Text, direct_conversation};
use kith::platform;
use kith::store::{Db, Kept};
use kith::wire::RootKey;

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
pub fn check(people: &[Person]) -> Compared {
    let open = |person| {
        let secrets =
            platform::read_secret(&Person::data(person).join("identity.key"), SECRETS_BYTES_MAX).unwrap().unwrap();
        let db = Db::open(&Person::data(person).join("kith.sqlite3")).unwrap();
        db.check_integrity().unwrap_or_else(|error| panic!("{}: {error}", person.name));
        Opened { person, root: Secrets::from_bytes(&secrets).unwrap().root_key(), db }
    };
    let opened: Vec<Opened> = people.iter().map(open).collect();
    let mut compared = Compared { conversations: 0, entries: 0 };
    for (at, one) in opened.iter().enumerate() {
        for other in &opened[at + 1..] {
            compared.conversations += 1;
            compared.entries += pair(one, other);
        }
    }
    compared
}

/// One conversation, on both sides. Tells how many entries it has.
fn pair(one: &Opened<'_>, other: &Opened<'_>) -> usize {
    let names = format!("{} and {}", one.person.name, other.person.name);
    let conversation = direct_conversation(&one.root, &other.root);
    let [here, there] = [one, other].map(|side| side.db.entries(&conversation).unwrap());
    let strip = |kept: &[Kept]| kept.iter().map(|kept| (kept.id, kept.entry.clone())).collect::<Vec<_>>();
    assert!(strip(&here) == strip(&there), "{names} do not have the same entries in the same order");
    assert!(here.iter().chain(&there).all(|kept| kept.position.is_some()), "{names}: an entry waits for another");
    let ids: BTreeSet<_> = here.iter().map(|kept| kept.id).collect();
    assert_eq!(ids.len(), here.len(), "{names}: an entry is there twice");
    let entries: Vec<Entry> = here.into_iter().map(|kept| Entry::verify(kept.entry).unwrap()).collect();
    let order = sort(&entries.iter().map(Node::from).collect::<Vec<_>>());
    assert!(order.iter().eq(entries.iter().map(Entry::id).collect::<Vec<_>>().iter()), "{names}: another order");

    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for entry in &entries {
        let text = Text::parse(entry.body().unwrap()).unwrap().text;
        let twice = texts.insert(text.clone(), entry.id().to_string());
        assert!(twice.is_none(), "{names}: “{text}” is there twice");
    }
    let count = entries.len();
    for (from, to) in [(one, other), (other, one)] {
        let to = to.person.user();
        for said in from.person.acknowledged().iter().filter(|said| said.to == to) {
            let id = texts.remove(&said.text);
            assert_eq!(id.as_ref(), Some(&said.id), "{names}: “{}” was acknowledged and is not there", said.text);
        }
        for text in from.person.unanswered() {
            texts.remove(&text);
        }
    }
    assert!(texts.is_empty(), "{names}: nobody wrote {texts:?}");
    count
}
