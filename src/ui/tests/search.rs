use super::people::World;
use super::stage::Stage;

/// What is typed finds people and what was said; a message opens in its place, and the list is back when the search ends.
#[tokio::test]
async fn what_was_said_is_found_and_opens_in_its_place() {
    let mut stage = Stage::over(World::full()).await;
    stage.types("Search", "bis");
    let page = stage.until(|page| page.contains("Found messages")).await;
    assert!(page.contains("<mark>bis</mark>cuits") && !page.contains("Say hello"), "{page}");
    stage.types("Search", "bob");
    let page = stage.until(|page| page.contains("<mark>Bob</mark> Okafor") && page.contains("1 found")).await;
    assert!(!page.contains("Found messages"), "{page}");
    stage.types("Search", "nowhere");
    stage.until(|page| page.contains("Nothing found for “nowhere”")).await;
    stage.types("Search", "new keys");
    stage.until(|page| page.contains("<mark>keys</mark>")).await;
    stage.press("Did the");
    let page = stage.until(|page| page.contains("role=\"log\"") && page.contains("data-target=\"0")).await;
    assert!(page.contains("<mark>keys</mark>"), "what was found stays");
    stage.types("Search", "");
    stage.until(|page| page.contains("Say hello")).await;
    stage.types("Search", "bob");
    stage.until(|page| page.contains("<mark>Bob</mark>")).await;
    stage.submit("Search", "quick", "bob");
    stage.until(|page| page.contains("Say hello") && page.contains("Message Bob Okafor")).await;
}

/// In a long conversation only the stretch around what was found is read, and more of the same is found on demand.
#[tokio::test]
async fn a_message_far_back_is_found() {
    let mut stage = Stage::over(World::long(10_000)).await;
    stage.types("Search", "message 42");
    let page = stage.until(|page| page.contains("Show more")).await;
    assert_eq!(page.matches("found-text").count(), 30);
    stage.press("Show more");
    stage.until(|page| page.matches("found-text").count() == 60).await;
    stage.types("Search", "\"message 4242\"");
    stage.until(|page| page.matches("found-text").count() == 1).await;
    stage.press("found-text");
    let page = stage.until(|page| page.contains("data-target=\"0")).await;
    assert!(page.contains("Message 4241.") && page.contains("Message 4243.") && !page.contains("Message 9999."));
    assert!(page.matches("<article").count() <= 160);
    let long = "long ".repeat(100);
    stage.types("Search", &long);
    stage.until(|page| page.contains("This is too long to look for.")).await;
}

/// A chat is pinned, muted and archived in its menu, and each is seen in the list and taken back.
#[tokio::test]
async fn a_chat_is_pinned_muted_and_archived() {
    let mut stage = Stage::over(World::full()).await;
    let place = |page: &str, text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place(&stage.page(), "Bob Okafor") < place(&stage.page(), "Amélie Laurent"));
    stage.asks_for_the_menu("Amélie Laurent");
    let page = stage.until(|page| page.contains("role=\"menu\"")).await;
    for choice in ["Pin", "Mute for 1 hour", "Mute for 8 hours", "Archive"] {
        assert!(page.contains(choice), "{choice}");
    }
    stage.press("Pin");
    let page = stage.until(|page| page.contains("Pinned") && !page.contains("role=\"menu\"")).await;
    assert!(place(&page, "Amélie Laurent") < place(&page, "Bob Okafor"));
    stage.asks_for_the_menu("Amélie Laurent");
    stage.until(|page| page.contains("Unpin")).await;
    stage.press("Mute for 8 hours");
    stage.until(|page| page.contains("badge quiet")).await;
    stage.asks_for_the_menu("Amélie Laurent");
    stage.until(|page| page.contains("Unmute") && !page.contains("Mute for")).await;
    stage.press("Archive");
    let page = stage.until(|page| page.contains("1 archived chat")).await;
    assert!(!page.contains("Amélie Laurent"));
    stage.press("1 archived chat");
    stage
        .until(|page| page.contains("All chats") && page.contains("Amélie Laurent") && !page.contains("Bob Okafor"))
        .await;
    stage.press("Amélie Laurent");
    stage.until(|page| page.contains("Details")).await;
    stage.press("Details");
    let page = stage.until(|page| page.contains("This conversation")).await;
    assert!(page.contains("No notifications until Today, 20:45."), "{page}");
    stage.tick("Archive", false);
    stage.until(|page| page.contains("Bob Okafor") && !page.contains("All chats")).await;
    stage.tick("Mute", false);
    stage.until(|page| !page.contains("badge quiet")).await;
}
