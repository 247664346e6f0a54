//! Mail that comes late, from somebody who has lost what it says: their disk was replaced meanwhile. Who gets it has a link with them that is in
//! doubt right then, for the network of one of them changes again and again, or one wakes; and takes them to have what they wrote.

use std::time::Duration;

use super::life::Life;

/// It is with the broker within this.
const MAILED: Duration = Duration::from_secs(3);
/// The broker takes up to so long to deliver it: mostly the link is open before.
const LATE: Duration = Duration::from_secs(8);
/// So often there is doubt meanwhile, and each time the link is found again before the next one.
const CHANGES: usize = 6;
const CHANGES_EVERY: Duration = Duration::from_millis(1_300);

impl Life {
    /// Somebody writes to a contact who is away, loses that with their disk, and is linked with them before it comes. Everything else is well.
    pub fn relapse(&mut self, who: usize) {
        let Some((room, side)) = self.writer_to_one(who, who / 8) else { return };
        let (device, contact) = (self.rooms[room].devices[side], self.rooms[room].devices[1 - side]);
        let backup = self.world.back_up(device);
        self.go_away(contact);
        self.world.break_link(device, contact);
        self.write_to(room, side, 10);
        self.world.pass(MAILED);
        self.put_back(device, &backup);
        self.world.mail_takes = LATE;
        self.bring_back(contact);
        for _ in 0..CHANGES {
            self.world.pass(CHANGES_EVERY);
            match who / self.people % 4 {
                0 => self.world.change_network(contact),
                1 => self.world.change_network(device),
                2 => self.world.wake(contact),
                _ => self.world.wake(device),
            }
        }
        self.world.mail_takes = Duration::ZERO;
        self.relapses += 1;
    }
}
