//! The rules as they are written in [`super::super`], followed without any order of evaluation: every question asks its own, and
//! whole pasts are sets. Slow, and of another shape than the fold.

use std::cell::RefCell;

use super::*;

type Rank = (u32, u32, EntryId);

pub(super) struct Model<'a> {
    room: &'a Room,
    facts: BTreeMap<EntryId, &'a Fact>,
    ranks: BTreeMap<EntryId, Rank>,
    works: RefCell<BTreeMap<(EntryId, EntryId), bool>>,
}

impl<'a> Model<'a> {
    pub fn new(room: &'a Room) -> Self {
        let belong = room.facts.iter().filter(|fact| !room.beside.contains(&fact.id));
        let facts: BTreeMap<_, _> = belong.map(|fact| (fact.id, fact)).collect();
        let mut ranks: BTreeMap<EntryId, Rank> = BTreeMap::new();
        // Facts were written in an order in which nobody comes before what they have seen.
        for fact in room.facts.iter().filter(|fact| facts.contains_key(&fact.id)) {
            let below: Vec<Rank> = room.past[&fact.id].iter().filter_map(|id| ranks.get(id).copied()).collect();
            let own = matches!(&fact.action, Some(Action::Promote { root }) if *root == fact.author);
            let reign = below.iter().map(|rank| rank.0).max().unwrap_or(0) + u32::from(own);
            let height = below.iter().map(|rank| rank.1 + 1).max().unwrap_or(0);
            ranks.insert(fact.id, (reign, height, fact.id));
        }
        Self { room, facts, ranks, works: RefCell::default() }
    }

    fn all(&self) -> impl Iterator<Item = &'a Fact> + '_ {
        self.facts.values().copied()
    }

    /// Whether it is one of those that everything else is about (rule 10).
    pub fn belongs(&self, fact: &Fact) -> bool {
        self.facts.contains_key(&fact.id)
    }

    fn cards(fact: &Fact) -> Vec<&Card> {
        match &fact.action {
            Some(Action::Create { cards, .. }) => cards.iter().collect(),
            Some(Action::Add { card }) => vec![card],
            _ => vec![],
        }
    }

    fn saw(&self, later: &EntryId, earlier: &EntryId) -> bool {
        self.room.past[later].contains(earlier)
    }

    pub fn device(&self, fact: &Fact) -> bool {
        self.all().any(|other| {
            Self::cards(other)
                .iter()
                .any(|card| card.root() == fact.author && card.devices().certificate(&fact.device).is_some())
        })
    }

    fn target(fact: &Fact) -> Option<RootKey> {
        match &fact.action {
            Some(Action::Remove { root, .. } | Action::Demote { root } | Action::Promote { root }) => Some(*root),
            Some(Action::Add { card }) => Some(card.root()),
            Some(Action::Leave { .. }) => Some(fact.author),
            _ => None,
        }
    }

    fn takes(fact: &Fact) -> bool {
        matches!(fact.action, Some(Action::Remove { .. } | Action::Demote { .. } | Action::Leave { .. }))
    }

    fn ends(fact: &Fact) -> bool {
        matches!(fact.action, Some(Action::Remove { .. } | Action::Leave { .. }))
    }

    fn about_self(fact: &Fact) -> bool {
        Self::target(fact) == Some(fact.author)
    }

    fn is_creation(&self, fact: &Fact) -> bool {
        let opens = |cards: &[Card]| cards.first().is_some_and(|card| card.root() == fact.author);
        group_conversation(&fact.id) == self.room.conversation
            && matches!(&fact.action, Some(Action::Create { cards, .. }) if opens(cards))
            && self.device(fact)
    }

    /// Who is made an admin by it, if it works.
    fn grantee(&self, fact: &Fact) -> Option<RootKey> {
        match &fact.action {
            Some(Action::Create { .. }) => Some(fact.author),
            Some(Action::Promote { root }) => Some(*root),
            _ => None,
        }
    }

    fn grant(&self, fact: &Fact) -> bool {
        match &fact.action {
            Some(Action::Create { .. }) => self.is_creation(fact),
            Some(Action::Promote { root }) if *root == fact.author => self.takes_over(fact),
            Some(Action::Promote { root }) => self.counts(fact) && self.seat(root, Some(&fact.id)).is_some(),
            _ => false,
        }
    }

    fn takes_over(&self, fact: &Fact) -> bool {
        let admin_seen = self.all().any(|grant| {
            self.saw(&fact.id, &grant.id)
                && self.grantee(grant).is_some()
                && self.grant(grant)
                && !self.all().any(|taking| self.saw(&fact.id, &taking.id) && self.reaches(taking, grant))
        });
        let seats = self.everybody().into_iter().filter_map(|root| Some((self.seat(&root, Some(&fact.id))?, root)));
        self.device(fact)
            && !admin_seen
            && seats.min().map(|(_, root)| root) == Some(fact.author)
            && !self.all().any(|taking| self.reaches(taking, fact) && !self.saw(&taking.id, &fact.id))
    }

    /// Whether an entry takes back a grant that has not seen it.
    fn reaches(&self, taking: &Fact, grant: &Fact) -> bool {
        Self::takes(taking)
            && Self::target(taking) == self.grantee(grant)
            && !self.saw(&grant.id, &taking.id)
            && self.device(taking)
            && (Self::about_self(taking)
                || self.all().any(|by| self.ranks[&by.id] < self.ranks[&grant.id] && self.works(taking, by)))
    }

    fn taken_back(&self, grant: &Fact, from: &Fact) -> bool {
        self.all().any(|taking| self.reaches(taking, grant) && !self.saw(&taking.id, &from.id))
    }

    /// Whether an entry counts by this grant.
    fn works(&self, fact: &Fact, by: &Fact) -> bool {
        if let Some(known) = self.works.borrow().get(&(fact.id, by.id)) {
            return *known;
        }
        let works = self.works_now(fact, by);
        self.works.borrow_mut().insert((fact.id, by.id), works);
        works
    }

    fn works_now(&self, fact: &Fact, by: &Fact) -> bool {
        let changes = !matches!(fact.action, None | Some(Action::Create { .. } | Action::Leave { .. }));
        if !changes || Self::about_self(fact) || !self.saw(&fact.id, &by.id) || !self.device(fact) {
            return false;
        }
        if self.grantee(by) != Some(fact.author) || !self.grant(by) || self.taken_back(by, fact) {
            return false;
        }
        !Self::takes(fact)
            || !self.all().any(|other| {
                self.ranks[&other.id] < self.ranks[&by.id]
                    && self.grantee(other) == Self::target(fact)
                    && !self.saw(&other.id, &fact.id)
                    && self.grant(other)
                    && !self.taken_back(other, fact)
            })
    }

    pub fn counts(&self, fact: &Fact) -> bool {
        if matches!(fact.action, Some(Action::Create { .. })) {
            return self.is_creation(fact);
        }
        if matches!(fact.action, Some(Action::Promote { .. })) && Self::about_self(fact) {
            return self.takes_over(fact);
        }
        self.all().any(|by| self.works(fact, by))
    }

    pub fn everybody(&self) -> BTreeSet<RootKey> {
        (0..PEOPLE).map(root).collect()
    }

    /// What ends a membership, if it counts.
    pub fn ending(&self, root: &RootKey) -> Vec<&'a Fact> {
        let mine = self.all().filter(|fact| Self::ends(fact) && Self::target(fact) == Some(*root));
        mine.filter(|fact| self.device(fact) && (Self::about_self(fact) || self.counts(fact))).collect()
    }

    /// What brings somebody in: height, id, place in a list.
    pub fn entries(&self, root: &RootKey) -> Vec<(u32, EntryId, usize)> {
        let mut found = vec![];
        for fact in self.all() {
            let place = match &fact.action {
                Some(Action::Create { cards, .. }) => cards.iter().position(|card| card.root() == *root),
                Some(Action::Add { card }) => (card.root() == *root && !Self::about_self(fact)).then_some(0),
                _ => None,
            };
            if let Some(place) = place.filter(|_| self.counts(fact)) {
                found.push((self.ranks[&fact.id].1, fact.id, place));
            }
        }
        found.sort_unstable();
        found
    }

    /// Somebody's seat, for all that is known or as an entry sees it.
    pub fn seat(&self, root: &RootKey, by: Option<&EntryId>) -> Option<(u32, EntryId, usize)> {
        let seen = |id: &EntryId| by.is_none_or(|by| self.saw(by, id));
        let ends: Vec<EntryId> = self
            .all()
            .filter(|fact| Self::ends(fact) && Self::target(fact) == Some(*root))
            .filter(|fact| seen(&fact.id))
            .filter(|fact| self.device(fact) && (Self::about_self(fact) || self.counts(fact)))
            .map(|fact| fact.id)
            .collect();
        let mut found = vec![];
        for fact in self.all().filter(|fact| seen(&fact.id)) {
            let place = match &fact.action {
                Some(Action::Create { cards, .. }) => cards.iter().position(|card| card.root() == *root),
                Some(Action::Add { card }) => (card.root() == *root && !Self::about_self(fact)).then_some(0),
                _ => None,
            };
            let Some(place) = place else { continue };
            if self.counts(fact) && ends.iter().all(|end| self.saw(&fact.id, end)) {
                found.push((self.ranks[&fact.id].1, fact.id, place));
            }
        }
        found.into_iter().min()
    }

    /// The grant by which somebody is an admin.
    pub fn office(&self, root: &RootKey) -> Option<EntryId> {
        let held = self.all().filter(|grant| {
            self.grantee(grant) == Some(*root)
                && self.grant(grant)
                && !self.all().any(|taking| self.reaches(taking, grant))
        });
        held.min_by_key(|grant| self.ranks[&grant.id]).map(|grant| grant.id)
    }

    /// Names and words about history that count and that no later one has seen.
    pub fn last_words(&self, is_meant: impl Fn(&Action) -> bool) -> Vec<&'a Fact> {
        let said: Vec<&Fact> =
            self.all().filter(|fact| fact.action.as_ref().is_some_and(&is_meant) && self.counts(fact)).collect();
        said.iter().copied().filter(|fact| !said.iter().any(|later| self.saw(&later.id, &fact.id))).collect()
    }
}
