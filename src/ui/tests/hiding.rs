use uuid::Uuid;

use super::people::World;
use super::stage::Stage;
use crate::coordinator::Path;

/// In somebody's details one switch hides the address from them; what follows from it is said there, above the conversation
/// and on the connection screen, and not as an error.
#[tokio::test]
async fn the_address_is_hidden_from_somebody() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Online, connected directly")).await;
    stage.press("Details");
    let page = stage.until(|page| page.contains("Hide my address")).await;
    assert!(page.contains("Bob Okafor does not learn where you are.") && !page.contains("no relay server is set up"));
    stage.choose("Hide my address");
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
    stage.choose("Hide my address");
    stage.until(|page| !page.contains("no relay server is set up") && page.contains("Hide my address")).await;
}

/// In Settings one switch hides it from everybody; then the details of each say so in place of their own switch.
#[tokio::test]
async fn the_address_is_hidden_from_everybody() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Settings");
    stage.until(|page| page.contains("Hide my address from everybody")).await;
    stage.choose("Hide my address from everybody");
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
    stage.press("About the message of 12:44");
    let page = stage.until(|page| page.contains("About this message")).await;
    // Two were written in that minute: one waits, and of the other it is not known.
    assert!(page.contains("It has not left this device yet") || page.contains("Not known"), "{page}");
}
