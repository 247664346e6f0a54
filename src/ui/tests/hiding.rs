use uuid::Uuid;

use super::people::World;
use super::stage::Stage;
use crate::coordinator::{NoLink, Path};
use crate::host::{Reach, Settings};

/// In somebody's details one switch hides the address from them; what follows from it is said there, above the conversation
/// and on the connection screen, and not as an error.
#[tokio::test]
async fn the_address_is_hidden_from_somebody() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Online, connected directly")).await;
    stage.press("Details");
    let page = stage.until(|page| page.contains("Hide my address")).await;
    assert!(page.contains("Bob Okafor does not learn where you are") && !page.contains("no relay server is set up"));
    stage.tick("Hide my address", true);
    let page = stage.until(|page| page.contains("you hide your address and no relay server is set up")).await;
    assert!(!page.contains("role=\"alert\""), "{page}");
    stage.press("Back");
    stage.until(|page| page.contains("By mail: you hide your address")).await;
    stage.press("Connection: what works and what does not");
    stage.until(|page| page.contains("Through a mailbox: you hide your address")).await;
    stage.press("Back");
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("aria-label=\"Details\"")).await;
    stage.press("Details");
    stage.until(|page| page.contains("Hide my address")).await;
    stage.tick("Hide my address", false);
    stage.until(|page| !page.contains("no relay server is set up") && page.contains("Hide my address")).await;
}

/// A second click on the switch, before the first is kept, takes it back: what the page shows is what was asked for last.
#[tokio::test]
async fn a_quick_second_click_takes_the_first_back() {
    for clicks in [[true, false].as_slice(), &[true, false, true]] {
        let mut stage = Stage::over(World::full()).await;
        stage.press("Settings");
        stage.until(|page| page.contains("Hide my address from everybody")).await;
        clicks.iter().for_each(|on| stage.tick("Hide my address from everybody", *on));
        stage.rests().await;
        stage.press("Back");
        stage.press("Bob Okafor");
        stage.until(|page| page.contains("Online, connected directly")).await;
        stage.press("Details");
        let page = stage.until(|page| page.contains("aria-label=\"Your address\"")).await;
        assert_eq!(page.contains("You hide your address from everybody"), clicks.len() == 3, "{page}");
    }
}

/// Before somebody is accepted, or has accepted, the address can be hidden from them.
#[tokio::test]
async fn the_address_is_hidden_before_somebody_is_a_contact() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Requests");
    let page = stage.until(|page| page.contains("Nadia Haddad") && page.contains("Pedro Álvarez")).await;
    assert_eq!(page.matches("name=\"hide-from\"").count(), 3, "two who ask, one who was asked: {page}");
    let ticked = |page: &str| {
        let boxes = page.split("<input").filter(|tag| tag.contains("\"hide-from\""));
        boxes.filter(|tag| tag.split('>').next().is_some_and(|tag| tag.contains("checked"))).count()
    };
    assert_eq!(ticked(&page), 0);
    stage.tick("Hide my address", true);
    stage.until(|page| ticked(page) == 1).await;
}

/// Who is met in the own network tells its address with their card; no switch hides that, and both say so.
#[tokio::test]
async fn a_card_that_tells_an_address_is_said() {
    let mut world = World::full();
    let notice = "Your contact card names an address in your own network";
    world.script.view.brokers.iter_mut().for_each(|broker| broker.url = "mqtt://192.168.1.4:1883".to_owned());
    let mut stage = Stage::over(world).await;
    stage.press("Settings");
    stage.until(|page| page.contains(notice)).await;
    stage.press("Back");
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Online, connected directly")).await;
    stage.press("Details");
    stage.until(|page| page.contains(notice)).await;
}

/// Settings that could not be read hide the address, and say why until something is chosen.
#[tokio::test]
async fn lost_settings_hide_the_address() {
    let lost = Settings { reach: Some(Reach::ThisComputer), hide_address: true, lost: true, ..Settings::default() };
    let mut stage = Stage::with(World::full(), lost).await;
    stage.press("Settings");
    stage.until(|page| page.contains("could not be read and were put aside")).await;
    stage.tick("Hide my address from everybody", false);
    stage.until(|page| !page.contains("could not be read and were put aside")).await;
}

/// Why messages go another way, or none, is said in words; nobody who is there is called away.
#[tokio::test]
async fn the_reason_is_said() {
    let reasons = [
        (NoLink::TheyTakeNone, Path::Mail, "By mail: they take no link"),
        (NoLink::RelayFails, Path::Mail, "By mail: no way through relay"),
        (NoLink::NoSharedBroker, Path::None, "Waits: no shared meeting point"),
    ];
    for (reason, path, words) in reasons {
        let mut world = World::full();
        let mut contacts = world.script.view.contacts.iter_mut();
        let contact = contacts.find(|contact| contact.name == "Bob Okafor").unwrap();
        (contact.path, contact.reason, contact.online) = (path, Some(reason), false);
        let mut stage = Stage::over(world).await;
        stage.press("Bob Okafor");
        let page = stage.until(|page| page.contains(words)).await;
        assert!(!page.contains("Away."), "{page}");
    }
}

/// In Settings one switch hides it from everybody; then the details of each say so in place of their own switch.
#[tokio::test]
async fn the_address_is_hidden_from_everybody() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Settings");
    stage.until(|page| page.contains("Hide my address from everybody")).await;
    stage.tick("Hide my address from everybody", true);
    stage.rests().await;
    stage.press("Back");
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Online, connected directly")).await;
    stage.press("Details");
    let page = stage.until(|page| page.contains("You hide your address from everybody. See Settings.")).await;
    assert!(!page.contains("name=\"hide-from\""), "{page}");
}

/// Each message tells who wrote it and when, how far it has come and how it travelled.
#[tokio::test]
async fn a_message_tells_how_it_travelled() {
    let mut world = World::full();
    world.script.went(Uuid::from_u128(2), Path::Mail);
    let mut stage = Stage::over(world).await;
    stage.press("Amélie Laurent");
    stage.until(|page| page.contains("About the message of 12:12")).await;
    stage.press("About the message of 12:12");
    let page = stage.until(|page| page.contains("About this message")).await;
    for text in ["Amélie Laurent", "Today, 12:12", "Received", "Through a mailbox, sealed", "aria-modal"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    stage.press("Close");
    stage.until(|page| !page.contains("About this message")).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("About the message of 12:44")).await;
    // Two were written in that minute; the first is met first: it is sent, and nobody has noted how.
    stage.press("About the message of 12:44");
    let page = stage.until(|page| page.contains("About this message")).await;
    assert!(page.contains("Not known") && !page.contains("It has not left this device yet"), "{page}");
    stage.press("Close");
    stage.until(|page| !page.contains("About this message")).await;
    stage.press("Dad");
    stage.until(|page| page.contains("About the message of 09:58")).await;
    stage.press("About the message of 09:58");
    let page = stage.until(|page| page.contains("About this message")).await;
    assert!(page.contains("It has not left this device yet") && !page.contains("Not known"), "{page}");
}
