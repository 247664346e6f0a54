use super::people::World;
use super::stage::Stage;

/// The line that says how things stand leads to what works and what does not: meeting points, the way to each person.
#[tokio::test]
async fn the_status_line_leads_to_the_connection() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Connection: what works and what does not");
    let page = stage.until(|page| page.contains("there and back")).await;
    for text in [
        "mqtts://broker.example:8883",
        "Connected",
        "Directly, from device to device, 23 ms there and back",
        "Away. Messages wait here",
        "Check now",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    stage.press("Back");
    stage.until(|page| !page.contains("Check now")).await;
}

/// A checkup says what is the matter, what it means and what to do, then what is well; what can be copied names nobody.
#[tokio::test]
async fn a_checkup_says_what_to_do() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Settings");
    stage.until(|page| page.contains("Look at the connection")).await;
    stage.press("Look at the connection");
    stage.until(|page| page.contains("Check now")).await;
    stage.press("Check now");
    let page = stage.until(|page| page.contains("One thing needs attention.")).await;
    for text in [
        "This network gives you another address for everybody",
        "What it means",
        "What to do",
        "Add a TURN server in Settings",
        "lets you in and delivers. It confirms a message after 34 ms.",
        "Servers see this device at 198.51.100.7.",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let copied = page.split("id=\"connection-text\"").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap();
    assert!(copied.contains("What to do: Add a TURN server") && copied.contains("mqtts://broker.example:8883"));
    assert!(!copied.contains("Bob") && !copied.contains("Alice"), "{copied}");
    stage.press("Back");
    stage.until(|page| page.contains("Appearance")).await;
}

/// Servers are added and removed, the public ones can be left out, and a wrong address is explained and not taken.
#[tokio::test]
async fn servers_are_added_and_removed() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Settings");
    let page = stage.until(|page| page.contains("Servers that help to find a way")).await;
    assert!(page.contains("stun.l.google.com"), "who is asked is named");
    let (form, field) = ("Servers that help to find a way", "server");
    stage.submit(form, field, " ");
    stage.until(|page| page.contains("address first.")).await;
    stage.submit(form, field, "http://wrong");
    stage.until(|page| page.contains("“http://wrong” is no address of a STUN or TURN server.")).await;
    stage.submit(form, field, " turn:user:hush@relay.example:3478 ");
    let page = stage.until(|page| page.contains("Remove turn:relay.example:3478")).await;
    assert!(page.contains("With user name and password") && page.contains("It holds from the next connection on."));
    assert!(!page.contains("hush"), "{page}");
    stage.submit(form, field, "turn:hush@other.example");
    let page = stage.until(|page| page.contains("Remove turn:other.example")).await;
    assert!(page.contains("With a secret") && !page.contains("hush"), "{page}");
    stage.press("Remove turn:relay.example:3478");
    stage.until(|page| !page.contains("relay.example") && page.contains("other.example")).await;
}

/// Whether the box for the public servers is ticked.
fn asks_public(page: &str) -> bool {
    let tag = page.split("<input").find(|tag| tag.contains("\"public-servers\"")).expect("the box");
    tag.split('>').next().is_some_and(|tag| tag.contains("checked"))
}

/// Two changes that come before the first is kept both hold, and the box for the public servers shows what holds: as clicked
/// when it could be kept, as before when it could not.
#[tokio::test]
async fn quick_changes_of_servers_hold() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Settings");
    let page = stage.until(|page| page.contains("Servers that help to find a way")).await;
    assert!(asks_public(&page), "{page}");
    let (form, field) = ("Servers that help to find a way", "server");
    stage.submit(form, field, "stun:one.example");
    stage.submit(form, field, "stun:two.example");
    stage.tick("Ask public servers too", false);
    let all = |page: &str| page.contains("one.example") && page.contains("two.example");
    stage.until(|page| all(page) && !asks_public(page) && page.contains("It holds from")).await;
    stage.rests().await;
    let page = stage.page();
    assert!(all(&page) && !asks_public(&page), "{page}");
    stage.fills_the_disk();
    stage.tick("Ask public servers too", true);
    // The page itself has ticked the box: only what changes here makes it show again what holds.
    stage.until(asks_public).await;
    stage.until(|page| !asks_public(page) && page.contains("the disk is full")).await;
}
