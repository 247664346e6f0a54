//! A broker that lets in only whom it knows.

use crate::first_contact;
use crate::support::{Transport, World};

/// Two people who log in at one broker with a password become contacts and write to each other: their cards carry no
/// password, and each uses their own.
#[test]
fn two_people_on_one_broker_with_a_password_meet() {
    World::tell(Transport::MosquittoGuarded, "passwords::two_people_on_one_broker_with_a_password_meet", |world| {
        first_contact::strangers_become_contacts_and_write_over_a_direct_link(world);
    });
}
