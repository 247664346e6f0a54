//! Questions by mail. By mail a device brings only its own words: who misses what these stand on asks whoever brought them, and who is asked
//! gives it, whoever wrote it. Nothing else asks again, so a question waits for a way and for the limit, and so does the answer.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Engine;
use super::pending::Pending;
use super::state::PeerState;
use crate::store::{Left, Op};
use crate::wire::{self, ConversationId, DeviceKey, EntryId, FRAMES_PER_MAIL_MAX, Frame, Have, MAIL_BYTES_MAX};

/// Groups about which a device is to be asked, or has asked, when that can be done. Of no more groups than there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    ours: BTreeSet<ConversationId>,
    theirs: BTreeSet<ConversationId>,
}

impl Questions {
    /// Whether there are any.
    pub(super) fn are_asked(&self) -> bool {
        !(self.ours.is_empty() && self.theirs.is_empty())
    }
}

impl Engine {
    /// What came by mail waits for something that its sender has seen and we have not: they may carry it, and are asked.
    pub(super) fn ask_for_the_rest(&mut self, device: &DeviceKey, conversations: &BTreeSet<ConversationId>) {
        conversations.iter().for_each(|conversation| self.ask_by_mail(device, *conversation));
    }

    /// A device is to be asked for what is missing of a group.
    pub(super) fn ask_by_mail(&mut self, device: &DeviceKey, conversation: ConversationId) {
        self.note_question(device, conversation, |questions| &mut questions.ours);
    }

    /// A device has asked by mail for what it lacks of a group.
    pub(super) fn answer_by_mail(&mut self, device: &DeviceKey, conversation: ConversationId) {
        self.note_question(device, conversation, |questions| &mut questions.theirs);
    }

    fn note_question(
        &mut self,
        device: &DeviceKey,
        conversation: ConversationId,
        whose: impl Fn(&mut Questions) -> &mut BTreeSet<ConversationId>,
    ) {
        let is_group = self.joined(&conversation).is_some();
        if let Some(peer) = self.peers.get_mut(device).filter(|peer| is_group && peer.open.is_none()) {
            whose(&mut peer.questions).insert(conversation);
            self.tick_questions(device);
        }
    }

    /// A device has said over the link what it has of a conversation, and hears there what is here.
    pub(super) fn question_is_settled(&mut self, device: &DeviceKey, conversation: &ConversationId) {
        if let Some(peer) = self.peers.get_mut(device) {
            peer.questions.ours.remove(conversation);
            peer.questions.theirs.remove(conversation);
        }
    }

    /// When the next question may go to a device, or the next answer, if there is a way.
    pub(super) fn questions_deadline(peer: &PeerState) -> Option<Duration> {
        let waits = peer.open.is_none() && peer.questions.are_asked();
        waits.then(|| peer.lacks.free_at())
    }

    /// Asks and looks for answers as far as there is a way, and as often as that may be.
    pub(super) fn tick_questions(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let contact = self.is_contact(device);
        while let Some(peer) = self.can_hear_by_mail(device).filter(|peer| now >= peer.lacks.free_at()) {
            let Some(conversation) = peer.questions.ours.pop_first() else { break };
            // They may be out, or nobody to us, since. A contact may bring what they do not share.
            if (contact || peer.shared.contains(&conversation)) && peer.lacks.allow(now) {
                let op = self.have_for(device, &conversation);
                self.ask(Pending::AskByMail(*device, conversation), op);
            }
        }
        while let Some(peer) = self.can_hear_by_mail(device).filter(|peer| now >= peer.lacks.free_at()) {
            let Some(conversation) = peer.questions.theirs.pop_first() else { break };
            if peer.shared.contains(&conversation) {
                self.look_what_it_lacks(device, conversation);
            }
        }
    }

    /// Asks the store for an answer: with the headers of what we have without its body ourselves. Who asks waits for something that stands on
    /// it, and may wait for ever for its author, who may be out for themselves or gone.
    fn look_what_it_lacks(&mut self, device: &DeviceKey, conversation: ConversationId) {
        let mut conversations = self.wanted(device, &BTreeSet::from([conversation]), false);
        conversations.iter_mut().for_each(|wanted| wanted.left = Left::All);
        let op = Op::Outbox { peer: *device, conversations, after: 0, bytes: MAIL_BYTES_MAX };
        self.ask(Pending::Carry(*device, conversation), op);
    }

    /// A device that is reached by mail only, if there is a way now.
    fn can_hear_by_mail(&mut self, device: &DeviceKey) -> Option<&mut PeerState> {
        let routed = self.peers.get(device).is_some_and(|peer| self.mail_route(peer).is_some());
        self.peers.get_mut(device).filter(|peer| routed && peer.open.is_none())
    }

    /// The store has told what we have of one conversation: that asks for the rest.
    pub(super) fn say_question(&mut self, device: &DeviceKey, have: Have) {
        let conversation = have.conversation;
        if self.can_hear_by_mail(device).is_none() {
            return self.ask_by_mail(device, conversation);
        }
        self.send_mail(device, vec![Frame::Have(have).to_bytes()], None, None);
        if let Some(peer) = self.peers.get_mut(device) {
            peer.telling.says_a_part(peer.row.mail_sent);
        }
        self.bodies_after_have(device, conversation);
    }

    /// The store has told what a device lacks: by mail as much of it goes out as one mail holds, and a link that has opened since begins with
    /// what there is. Where nothing is lacking nothing counts as an answer.
    pub(super) fn carry(
        &mut self,
        device: &DeviceKey,
        conversation: ConversationId,
        entries: Vec<(u64, EntryId, wire::Entry)>,
    ) {
        let now = self.now.mono;
        if self.peers.get(device).is_none_or(|peer| peer.open.is_some()) {
            return;
        }
        let mut total = 0;
        let frames = entries.into_iter().map(|(_, _, entry)| Frame::Entry(entry).to_bytes());
        let frames: Vec<Vec<u8>> = frames
            .take(FRAMES_PER_MAIL_MAX)
            .take_while(|bytes| {
                total += bytes.len();
                total <= MAIL_BYTES_MAX
            })
            .collect();
        if frames.is_empty() {
            return;
        }
        if self.can_hear_by_mail(device).is_some_and(|peer| peer.lacks.allow(now)) {
            self.send_mail(device, frames, None, None);
        } else {
            self.answer_by_mail(device, conversation);
        }
    }
}
