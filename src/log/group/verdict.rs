//! Questions to a fold: whether an entry counts and why not, who may be given it, and what somebody may do.

use thiserror::Error;

use super::causality::Index;
use super::fold::Seat;
use super::{Action, Fold, Last, MEMBERS_MAX, Subject};
use crate::wire::{DeviceKey, EntryId, LogId, RootKey};

/// An entry of a group's conversation that is no change of the group.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// With which device.
    pub device: DeviceKey,
    /// In which log.
    pub log: LogId,
    /// Where in the log.
    pub sequence: u64,
    /// The changes of the group that it has seen, directly or through others; naming those that no other of them has seen will do.
    pub seen: &'a [EntryId],
}

/// Why an entry does not count. It keeps its place in the order; it is not shown as what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Void {
    /// No card of its author names the device.
    Device,
    /// Its author was not in the group, as far as the entry knows.
    Outsider,
    /// Its author was put out, and it stands beyond the cut of this entry.
    Cut(EntryId),
    /// The group is full, and its author is the next in line.
    Full,
    /// It changes the group, and its author was no admin.
    NoAdmin,
    /// It changes the group, and at the same time its author was put out or was an admin no longer.
    Overruled,
    /// It removes or demotes an admin who is senior to its author.
    Senior,
    /// It changes the group in a way that this program cannot read.
    Unreadable,
    /// It creates a group, and this is another one.
    Misplaced,
}

/// How much of an entry somebody may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Not even that there is one.
    Nothing,
    /// What keeps the order whole: the header, without salt and body.
    Header,
    /// All of it.
    Whole,
}

/// Why somebody may not do something. Sentences for people.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Not in the group.
    #[error("You are not in this group.")]
    Outsider,
    /// No admin.
    #[error("Only an admin of this group can do that.")]
    NoAdmin,
    /// The other one has been an admin for longer.
    #[error("They have been an admin for longer than you: only somebody who has been one for even longer can do that.")]
    Senior,
    /// There are [`MEMBERS_MAX`] people.
    #[error("This group is full: {MEMBERS_MAX} people are in it.")]
    Full,
    /// They are not in the group.
    #[error("They are not in this group.")]
    NotIn,
    /// It is so already.
    #[error("That is so already.")]
    Already,
    /// A group is created by its first entry only.
    #[error("This group exists already.")]
    Exists,
}

impl Fold<'_> {
    /// Whether an entry counts that is no change of the group. `is_before` says of an entry of the same log with a lower number
    /// whether it is on the branch that ends with the given one; where that one is not here yet, say yes.
    ///
    /// # Errors
    /// Why it does not.
    pub fn judge(&self, written: &Written<'_>, is_before: impl Fn(&Last) -> bool) -> Result<(), Void> {
        if !self.group.is_known_device(&written.author, &written.device) {
            return Err(Void::Device);
        }
        if written.seen.iter().any(|id| self.group.beside.contains_key(id)) {
            return Err(Void::Outsider);
        }
        let clock = self.group.clock(written.seen);
        let mut why = Void::Outsider;
        for seat in self.seats.get(&written.author).into_iter().flatten() {
            if !self.group.causality.is_in(&clock, seat.entry) {
                continue;
            }
            let beyond = self.ends.get(&written.author).into_iter().flatten().filter(|end| {
                !self.group.causality.has_seen(seat.entry, **end) && !self.is_within(**end, written, &is_before)
            });
            // Of several ends the one with the lowest id is named, so that every device names the same.
            match beyond.filter_map(|end| self.fact(*end)).map(|fact| fact.id).min() {
                None if self.is_beyond_the_last_seat(&written.author, seat) => why = Void::Full,
                None => return Ok(()),
                Some(end) => why = Void::Cut(if let Void::Cut(other) = why { end.min(other) } else { end }),
            }
        }
        Err(why)
    }

    fn is_within(&self, end: Index, written: &Written<'_>, is_before: impl Fn(&Last) -> bool) -> bool {
        let Some(Action::Remove { cut, .. } | Action::Leave { cut }) =
            self.fact(end).and_then(|fact| fact.action.as_ref())
        else {
            return false;
        };
        let key = (written.device, written.log);
        let last = cut.binary_search_by_key(&key, |last| (last.device, last.log)).ok().and_then(|at| cut.get(at));
        last.is_some_and(|last| written.id == last.id || (written.sequence < last.sequence && is_before(last)))
    }

    /// Whether somebody sits here and the group is full before them.
    fn is_beyond_the_last_seat(&self, root: &RootKey, seat: &Seat) -> bool {
        self.seats.len() > MEMBERS_MAX
            && self.seat_now(root) == Some(*seat)
            && self.sitting().iter().skip(MEMBERS_MAX).any(|(waiting, _)| waiting == root)
    }

    /// Whether somebody is in the group now.
    #[must_use]
    pub fn is_inside(&self, root: &RootKey) -> bool {
        self.seat_now(root).is_some()
    }

    /// Whether a device writes for somebody who is in the group now: anybody can put another's name on an entry of their own.
    #[must_use]
    pub fn is_of_member(&self, root: &RootKey, device: &DeviceKey) -> bool {
        self.is_inside(root) && self.group.is_known_device(root, device)
    }

    /// How many changes count that people have written who are not in the group now. Who was put out goes on to write such ones,
    /// about themselves, when they never look at what puts them out.
    #[must_use]
    pub fn changes_by_outsiders(&self) -> usize {
        let outside = self.group.by_author.iter().filter(|(author, _)| !self.is_inside(author));
        outside.flat_map(|(_, changes)| changes).filter(|change| self.verdict_on(**change).is_ok()).count()
    }

    /// Whether somebody has come in again after they were out. Who has not may be given what is below some place in a log and
    /// nothing above it ([`Fold::share`]) as long as they are out; who has may be given several parts of it.
    #[must_use]
    pub fn has_come_back(&self, root: &RootKey) -> bool {
        let ends = || self.ends.get(root).into_iter().flatten();
        let mut seats = self.seats.get(root).into_iter().flatten();
        seats.any(|seat| ends().any(|end| self.has_seen(seat.entry, *end)))
    }

    /// Whether what puts somebody into the group now may stand on an entry that has seen these changes: who lacks it does not know of that.
    #[must_use]
    pub fn may_come_in_by(&self, root: &RootKey, seen: &[EntryId]) -> bool {
        let seen: Vec<Index> = seen.iter().filter_map(|id| self.group.causality.find(id)).collect();
        let mut seats = self.seats.get(root).into_iter().flatten().filter(|seat| self.holds(root, seat, |_| true));
        seats.any(|seat| seen.iter().all(|earlier| self.has_seen(seat.entry, *earlier)))
    }

    /// What decides about the entries of everybody who ever came in, as a hash: while it is the same, so is every [`Fold::judge`] of
    /// theirs, but for branches of their logs.
    #[must_use]
    pub fn standings(&self) -> Vec<(RootKey, [u8; 32])> {
        let sitting = self.sitting();
        let beyond: Vec<RootKey> = sitting.iter().skip(MEMBERS_MAX).map(|(root, _)| *root).collect();
        let standing = |root: &RootKey| {
            let mut hasher = blake3::Hasher::new_derive_key("kith 2026 standing in a group");
            let mut said = |entries: Vec<Index>| {
                let mut ids: Vec<EntryId> =
                    entries.iter().filter_map(|entry| self.fact(*entry)).map(|fact| fact.id).collect();
                ids.sort_unstable();
                hasher.update(&ids.len().to_be_bytes());
                for id in ids {
                    hasher.update(id.as_bytes());
                }
            };
            said(self.seats.get(root).into_iter().flatten().map(|seat| seat.entry).collect());
            said(self.ends.get(root).cloned().unwrap_or_default());
            for device in self.group.devices.get(root).into_iter().flatten() {
                hasher.update(device.as_bytes());
            }
            hasher.update(&[u8::from(beyond.contains(root))]);
            (*root, *hasher.finalize().as_bytes())
        };
        self.seats.keys().map(standing).collect()
    }

    /// Whether a change of the group counts. None when it is not here.
    #[must_use]
    pub fn verdict(&self, id: &EntryId) -> Option<Result<(), Void>> {
        let beside = self.group.beside.get(id).map(|(author, device)| {
            let known = self.group.is_known_device(author, device);
            Err(if known { Void::Outsider } else { Void::Device })
        });
        beside.or_else(|| self.group.causality.find(id).map(|index| self.verdict_on(index)))
    }

    fn verdict_on(&self, index: Index) -> Result<(), Void> {
        let Some(fact) = self.fact(index) else { return Err(Void::Unreadable) };
        if self.counts.get(index).is_some_and(Option::is_some) {
            return Ok(());
        }
        let Some(action) = &fact.action else { return Err(Void::Unreadable) };
        if !self.is_known_device(fact) {
            return Err(Void::Device);
        }
        if matches!(action, Action::Create { .. }) {
            return Err(Void::Misplaced);
        }
        let sits = self.seat_by(&fact.author, index).is_some();
        if !fact.needs_authority() && !fact.promotes_itself() {
            return if sits { Ok(()) } else { Err(Void::Outsider) };
        }
        if self.against_senior.get(index).is_some_and(|senior| *senior) {
            return Err(Void::Senior);
        }
        if !sits {
            return Err(Void::Outsider);
        }
        // Was there an office that was not taken back before? Then it was at the same time.
        let held = self.grants.iter().any(|grant| {
            grant.to == fact.author && self.has_seen(index, grant.entry) && !self.is_given_up_by(grant, index)
        });
        Err(if held { Void::Overruled } else { Void::NoAdmin })
    }

    /// The changes that are about the same, or about the author of this one, and that neither have seen it nor were seen by it.
    #[must_use]
    pub fn at_the_same_time(&self, id: &EntryId) -> Vec<EntryId> {
        let Some(index) = self.group.causality.find(id) else { return vec![] };
        let Some(fact) = self.fact(index) else { return vec![] };
        let own = fact.subject().into_iter();
        let author = Some(Subject::Person(fact.author)).filter(|_| fact.needs_authority());
        let mut found: Vec<EntryId> = vec![];
        for (subject, is_own) in own.map(|subject| (subject, true)).chain(author.map(|subject| (subject, false))) {
            let others = self.group.about.get(&subject).into_iter().flatten();
            for other in others.copied().filter(|other| self.group.causality.concurrent(index, *other)) {
                let Some(other) = self.fact(other) else { continue };
                if is_own || other.revokes().is_some() {
                    found.push(other.id);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// How much somebody may be given of an entry that has seen these changes, and is one itself or not. Who was put out gets what
    /// was written by people who did not know that, and the entry that says so with what it stands on. Who came without history gets bodies of what was
    /// written by people who knew of them, and of all changes; headers of the rest, so that the order is the same for them.
    #[must_use]
    pub fn share(&self, root: &RootKey, seen: &[EntryId], is_change: bool) -> Share {
        let clock = self.group.clock(seen);
        let now = self.seat_now(root);
        if self.seat_in(root, &clock).is_some() {
            return Share::Whole;
        }
        // Whether another may stand on this entry: it has seen all that this one has seen.
        let seen: Vec<Index> = seen.iter().filter_map(|id| self.group.causality.find(id)).collect();
        let may_stand_on = |end: &Index| seen.iter().all(|earlier| self.has_seen(*end, *earlier));
        let standing_on = match is_change {
            true => Share::Whole,
            false => Share::Header,
        };
        // Who was added in vain takes themselves to be in it until they have what makes that void, with its place.
        let is_undone = || self.undone.get(root).into_iter().flatten().any(may_stand_on);
        let Some(seats) = self.seats.get(root) else {
            return if is_undone() { standing_on } else { Share::Nothing };
        };
        let is_put_out = self.ends.get(root).into_iter().flatten().any(|end| self.group.causality.is_in(&clock, *end));
        if now.is_none() && is_put_out {
            // Who was in again and went again has to have what the entry stands on that put them out, or it would have no place with
            // them. They might have had that while they were in.
            let is_end = |end: &Index| may_stand_on(end) && self.ends_a_seat(root, *end);
            let ended = self.ends.get(root).into_iter().flatten().any(is_end);
            return if ended || is_undone() { standing_on } else { Share::Nothing };
        }
        if is_change || seats.iter().any(|seat| self.gets_history(seat)) { Share::Whole } else { Share::Header }
    }

    /// Whether an end of somebody ends a seat that nothing ended which it has seen. That may be one of which its author did not know: whoever has
    /// that seat takes themselves to be in, and this alone says that they are not. Who is out opens nothing so for themselves.
    fn ends_a_seat(&self, root: &RootKey, end: Index) -> bool {
        let is_own = |end: Index| self.fact(end).is_none_or(|fact| fact.author == *root);
        let has_left = |seat: Index| {
            self.ends.get(root).into_iter().flatten().any(|own| is_own(*own) && self.has_seen(*own, seat))
        };
        self.seats.get(root).into_iter().flatten().any(|seat| {
            let is_beside = self.group.causality.concurrent(seat.entry, end);
            let is_unknown = is_beside && !is_own(end) && !has_left(seat.entry);
            let is_seen = |entry: Index| self.has_seen(end, entry) || (is_unknown && entry == seat.entry);
            self.holds(root, seat, is_seen)
        })
    }

    /// Whether somebody may do this now. What is asked for here and written before anything else arrives counts.
    ///
    /// # Errors
    /// Why not.
    pub fn allows(&self, by: &RootKey, action: &Action) -> Result<(), Refusal> {
        if self.seat_now(by).is_none() {
            return Err(Refusal::Outsider);
        }
        let office = self.office_now(by);
        let is_in = |root: &RootKey| if self.seat_now(root).is_some() { Ok(()) } else { Err(Refusal::NotIn) };
        match action {
            Action::Create { .. } => return Err(Refusal::Exists),
            Action::Leave { .. } => return Ok(()),
            Action::Add { card } if card.root() == *by => return Ok(()),
            Action::Remove { root, .. } if root == by => return Ok(()),
            Action::Demote { root } if root == by => {
                return if office.is_some() { Ok(()) } else { Err(Refusal::Already) };
            }
            Action::Promote { root } if root == by => {
                return match (office, self.membership().and_then(|membership| membership.heir)) {
                    (Some(_), _) => Err(Refusal::Already),
                    (None, heir) if heir == Some(*by) => Ok(()),
                    (None, _) => Err(Refusal::NoAdmin),
                };
            }
            _ => {}
        }
        let office = office.ok_or(Refusal::NoAdmin)?;
        match action {
            Action::Add { card } => {
                if self.seat_now(&card.root()).is_some() {
                    return Err(Refusal::Already);
                }
                if self.sitting().len() >= MEMBERS_MAX { Err(Refusal::Full) } else { Ok(()) }
            }
            Action::Remove { root, .. } | Action::Demote { root } => {
                is_in(root)?;
                match self.office_now(root) {
                    Some(theirs) if theirs.rank < office.rank => Err(Refusal::Senior),
                    None if matches!(action, Action::Demote { .. }) => Err(Refusal::Already),
                    _ => Ok(()),
                }
            }
            Action::Promote { root } => {
                is_in(root)?;
                if self.office_now(root).is_some() { Err(Refusal::Already) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}
