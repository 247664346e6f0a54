//! A conversation in which everything happened to messages that can happen to them.

use kith::coordinator::MessageState::{self, Delivered, Queued, Read, Received};
use kith::coordinator::double::Script;
use uuid::Uuid;

use crate::people::{own, user};
use crate::scenes::NOW;

const MINUTE: u64 = 60 * 1000;

struct Talk<'a> {
    script: &'a mut Script,
    with: Uuid,
}

impl Talk<'_> {
    fn says(&mut self, mine: bool, ago: u64, text: &str, state: MessageState) -> String {
        self.script.says(self.with, mine, text, NOW - ago * MINUTE, state, true);
        self.script.messages(self.with).last().map(|last| last.id.clone()).unwrap_or_default()
    }

    fn they(&mut self, ago: u64, text: &str) -> String {
        self.says(false, ago, text, Received)
    }

    fn we(&mut self, ago: u64, text: &str, state: MessageState) -> String {
        self.says(true, ago, text, state)
    }

    fn answers(&mut self, id: &str) {
        let _ = self.script.answers(self.with, id);
    }

    fn reacts(&mut self, id: &str, who: Uuid, emoji: &str) {
        let _ = self.script.reacts(self.with, id, who, emoji, true);
    }
}

/// Bob and Alice plan a Sunday.
pub fn talk(script: &mut Script) {
    let (me, bob) = (own().user_id, user(2));
    let mut talk = Talk { script, with: bob };
    talk.they(58, "Which train do we take on Sunday?");
    let train = talk.we(57, "The 9:14, platform 4", Read);
    talk.script.becomes(bob, |last| last.edited = true);
    talk.reacts(&train, bob, "👍");
    let alarm = talk.they(55, "Then I set an alarm. Two of them.");
    talk.answers(&train);
    for (who, emoji) in [(me, "😂"), (bob, "😂"), (bob, "⏰")] {
        talk.reacts(&alarm, who, emoji);
    }
    let gone = talk.we(50, "", Delivered);
    talk.script.becomes(bob, |last| last.deleted = true);
    let notice = talk.they(31, "Boarding closes two minutes before departure. Seats 61 and 62 in carriage 12 face the direction of travel; the quiet area begins behind the glass door. Bicycles travel in carriage 1 only, and need a ticket of their own: https://rail.example/conditions/luggage-and-bicycles");
    talk.script.becomes(bob, |last| last.forwarded = true);
    talk.we(30, "No bicycles then", Read);
    talk.answers(&notice);
    talk.they(29, "");
    talk.script.becomes(bob, |last| last.newer = true);
    let arabic = talk.they(12, "هل نلتقي أمام المحطة أم على الرصيف؟");
    talk.we(11, "على الرصيف، عند المقهى", Read);
    talk.answers(&arabic);
    let party = talk.they(8, "🎉");
    talk.reacts(&party, me, "❤️");
    talk.they(3, "What was it that you deleted?");
    talk.answers(&gone);
    talk.script.becomes(bob, |last| {
        if let Some(quote) = &mut last.reply_to {
            quote.deleted = true;
        }
    });
    talk.we(1, "A wrong platform. It is 4, not 14", Queued);
    talk.script.becomes(bob, |last| last.edited = true);
}
