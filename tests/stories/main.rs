//! The stories: people on devices of their own, each a `kith node` process with files on disk, and a real broker.
//!
//! One file a theme. Most stories are told three times, over the embedded broker and over Mosquitto (`mqtt` and `ws`):
//! `embedded::…`, `mosquitto_mqtt::…`, `mosquitto_ws::…`; some of them over Mosquitto with a password and its access rules
//! too (`mosquitto_guarded::…`, over TLS `mosquitto_mqtts::…` and `mosquitto_wss::…`). Those that take long are below `long::`. What depends on no
//! kind of broker is told once (`bad_links::…`, `doctor::…`, `limits::…`, `processes::…`, `rpc::…`), and so is what passes through
//! one (`broker_sees::…`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr, clippy::print_stdout)]

#[path = "../support/mod.rs"]
mod support;

mod at_once;
mod bad_links;
mod broker_restarts;
mod broker_sees;
mod crash;
mod doctor;
mod first_contact;
mod group;
mod hiding;
mod junk;
mod limits;
mod living;
mod nats;
mod offline;
mod passwords;
mod processes;
mod rpc;
mod several_brokers;
mod strangers;
mod tools;

/// One test per story in a module per transport.
macro_rules! told_over {
    ($($transport:ident = $kind:ident),*; $stories:tt) => {
        $( told_over!(@ $transport $kind $stories); )*
    };
    (@ $transport:ident $kind:ident { $($theme:ident::$story:ident,)* }) => {
        mod $transport {
            use crate::support::{Transport, World};
            $(
                #[test]
                fn $story() {
                    let name = concat!(module_path!(), "::", stringify!($story));
                    let name = name.split_once("::").map_or(name, |(_, name)| name);
                    World::tell(Transport::$kind, name, |world| crate::$theme::$story(world));
                }
            )*
        }
    };
}

told_over! {
    embedded = Embedded, mosquitto_mqtt = MosquittoTcp, mosquitto_ws = MosquittoWs;
    {
        first_contact::strangers_become_contacts_and_write_over_a_direct_link,
        first_contact::two_who_are_never_online_together_become_contacts_and_talk,
        first_contact::crossing_requests_are_acceptance,
        first_contact::adding_the_one_who_asks_is_acceptance,
        strangers::who_is_declined_learns_nothing_and_does_not_interrupt_again,
        strangers::who_is_blocked_learns_nothing,
        strangers::a_blocked_contact_hears_nothing_more,
        strangers::a_removed_contact_is_gone_and_can_come_back,
        offline::offline_messages_arrive_once_and_in_order,
        offline::what_is_written_before_leaving_arrives_without_the_author,
        living::what_is_said_can_be_changed_and_taken_back,
        at_once::both_write_at_once_and_read_the_same_order,
        at_once::both_offer_at_once_and_get_one_link,
        broker_restarts::an_open_link_outlives_the_broker_and_both_find_each_other_again,
        doctor::a_broker_that_works_is_well,
        hiding::who_hides_leaves_a_direct_link_at_once,
        hiding::who_hides_from_all_is_hidden_from_each,
        group::five_who_are_never_all_there_hold_a_conversation,
    }
}

told_over! {
    mosquitto_guarded = MosquittoGuarded, mosquitto_mqtts = MosquittoTls, mosquitto_wss = MosquittoWss;
    {
        first_contact::strangers_become_contacts_and_write_over_a_direct_link,
        first_contact::two_who_are_never_online_together_become_contacts_and_talk,
        broker_restarts::an_open_link_outlives_the_broker_and_both_find_each_other_again,
        doctor::a_broker_that_works_is_well,
    }
}

mod long {
    told_over! {
        embedded = Embedded, mosquitto_mqtt = MosquittoTcp, mosquitto_ws = MosquittoWs;
        {
            broker_restarts::mail_that_a_broker_lost_is_sent_again,
            junk::five_thousand_junk_messages_at_the_door_stop_nobody,
            junk::five_thousand_junk_messages_in_inboxes_stop_nobody,
        }
    }
    // Only a broker that allows wildcard subscriptions shows a watcher what it could send again.
    told_over! {
        mosquitto_mqtt_replay = MosquittoTcp, mosquitto_ws_replay = MosquittoWs;
        { junk::replayed_packets_change_nothing, }
    }
}
