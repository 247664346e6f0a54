//! The way to each person, and how long a packet takes there and back.

use std::collections::HashMap;
use std::time::Duration;

use dioxus::prelude::*;
use uuid::Uuid;

use crate::coordinator::{Command, Reply};
use crate::doctor::words_of_duration;
use crate::ui::components::Avatar;
use crate::ui::context::{Ui, use_ui};
use crate::ui::state::ModelStoreExt;
use crate::ui::way::way_to;

/// How often round trips are asked for while somebody looks: links measure them every few seconds.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Everybody, and the way to them.
#[component]
pub fn People() -> Element {
    let ui = use_ui();
    let chats: Vec<Uuid> = ui.model.chats().read().iter().copied().filter(|user| ui.group(*user).is_none()).collect();
    let mut trips = use_signal(HashMap::<Uuid, Duration>::new);
    use_future(move || async move {
        loop {
            let now = round_trips(ui).await;
            if *trips.peek() != now {
                trips.set(now);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    rsx! {
        section { class: "card", aria_label: ui.say("connection-people"),
            h2 { {ui.say("connection-people")} }
            if chats.is_empty() {
                p { class: "muted", {ui.say("connection-nobody")} }
            }
            ul { class: "cards", aria_label: ui.say("connection-people"),
                for user in chats {
                    Way { key: "{user}", user, trip: trips.read().get(&user).copied() }
                }
            }
        }
    }
}

async fn round_trips(ui: Ui) -> HashMap<Uuid, Duration> {
    let Ok(Reply::Status(status)) = ui.run(Command::ShowStatus).await else { return HashMap::new() };
    let trip = |rtt: f64| Duration::try_from_secs_f64(rtt / 1_000.0).ok();
    status.links.iter().filter_map(|link| Some((link.user_id, trip(link.rtt_ms?)?))).collect()
}

#[component]
fn Way(user: Uuid, trip: Option<Duration>) -> Element {
    let ui = use_ui();
    let Some(person) = ui.person(user) else { return rsx! {} };
    let name = person.name().to_owned();
    let way = way_to(&person.contact);
    let path = ui.say(way.long);
    let way = match trip.filter(|_| way.linked) {
        Some(trip) => ui.words().with2("connection-there-and-back", ("path", path), ("time", words_of_duration(trip))),
        None => path,
    };
    rsx! {
        li { class: "person",
            Avatar { user, name: name.clone(), small: true }
            div {
                div {
                    bdi { "{name}" }
                }
                div { class: "small muted", "{way}" }
            }
        }
    }
}
