use super::people::World;
use super::stage::Stage;
use crate::coordinator::MessageState;
use crate::host::Settings;

/// Somebody new is asked for a name, then how others can reach them, and nothing else; an empty name is explained.
#[tokio::test]
async fn somebody_new_is_asked_two_things() {
    let mut stage = Stage::with(World::nobody(), Settings::default()).await;
    assert!(stage.page().contains("Welcome to Kith"));
    stage.submit("Your name", "name", "  ");
    stage.until(|page| page.contains("role=\"alert\"")).await;
    stage.submit("Your name", "name", "Alice");
    let page = stage.until(|page| page.contains("How can others reach you?")).await;
    for choice in ["Only on this computer", "In my network", "Through a broker of mine", "Through a public broker"] {
        assert!(page.contains(choice), "{choice}");
    }
    assert!(!page.contains("Broker address"), "nothing is asked before it is needed");
}

/// With nobody there, the list says what to do and leads there.
#[tokio::test]
async fn an_empty_list_leads_to_the_first_contact() {
    let mut stage = Stage::over(World::alone()).await;
    stage.until(|page| page.contains("Nobody here yet") && page.contains("Add somebody to write to")).await;
    stage.press("Add your first contact");
    let page = stage.until(|page| page.contains("Their link")).await;
    assert!(page.contains("QR code of your link") && page.contains("<svg"), "{page}");
    stage.submit("Their link", "link", "");
    stage.until(|page| page.contains("Paste their link first.")).await;
    stage.submit("Their link", "link", "http://wrong");
    stage.until(|page| page.contains("This is not a Kith link.")).await;
}

/// The list shows what was said last, what is unread, what waits, and whom one has asked.
#[tokio::test]
async fn the_list_shows_how_conversations_stand() {
    let stage = Stage::over(World::full()).await;
    let page = stage.page();
    for text in [
        "You: and the good biscuits",
        "Queued. Is being sent …",
        "Queued. Waits for Dad to come online",
        "2 unread messages",
        "Say hello",
        "Waits for their answer",
        "Requests, 1 waiting",
        "Connected to 2 people",
        "12:44",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

/// A conversation shows days, groups, marks with their reason, and links that lead out; a message that is sent is there.
#[tokio::test]
async fn a_conversation_shows_what_was_said() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    let page = stage.until(|page| page.contains("and the good biscuits</div>") || page.contains("role=\"log\"")).await;
    assert!(page.contains("Online, connected directly"));
    let page = stage.until(|page| page.contains("Morning! Did the new keys arrive?")).await;
    for text in ["Yesterday", "Today", "Sent: Bob Okafor has not received it yet", "Delivered", "11:52"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains("href=\"https://rail.example/t/8842\"") && page.contains("noopener"), "{page}");
    stage.submit("Message Bob Okafor", "text", "Until then!\r\nA.");
    stage.until(|page| page.contains("Until then!\nA.")).await;
}

/// A text that cannot be sent is not lost: it is back in its field, with the reason.
#[tokio::test]
async fn a_text_that_is_refused_comes_back() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Message Bob Okafor")).await;
    let long = "long ".repeat(4_000);
    stage.submit("Message Bob Okafor", "text", &long);
    let page = stage.until(|page| page.contains("Not sent: ")).await;
    assert!(page.contains(&long), "the text is back");
}

/// What is unread is divided from what was read, and counts as read once its end was seen.
#[tokio::test]
async fn unread_messages_are_divided_from_read_ones() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Amélie Laurent");
    let page = stage.until(|page| page.contains("2 new messages")).await;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("How was the concert?") < place("2 new messages"));
    assert!(place("2 new messages") < place("Wonderful. Bring a scarf"));
    assert!(stage.page().contains("2 unread messages"), "the reader has not seen the end yet");
    stage.scrolls_to_the_end("Messages");
    stage.until(|page| !page.contains("2 unread messages")).await;
}

/// What comes while something else is on the screen is not read: it is there, as new, when the reader returns.
#[tokio::test]
async fn what_nobody_sees_is_not_read() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("data-row")).await;
    stage.scrolls_to_the_end("Messages");
    for (leave, there) in [("Settings", "Appearance"), ("Details", "Safety number")] {
        stage.press(leave);
        stage.until(|page| page.contains(there)).await;
        let says = format!("Are you in {leave}?");
        stage
            .happens(move |world| {
                let at = world.view.chats.iter().find_map(|chat| Some(chat.last.as_ref()?.at)).unwrap_or_default();
                let bob = world.view.contacts.iter().find(|one| one.name == "Bob Okafor").expect("Bob").user_id;
                vec![world.says(bob, false, &says, at, MessageState::Received, false)]
            })
            .await;
        stage.until(|page| page.contains("1 unread message")).await;
        stage.rests().await;
        assert!(stage.page().contains("1 unread message"), "nobody has seen it");
        stage.press("Back");
        stage.until(|page| !page.contains(there) && page.contains("data-row")).await;
        stage.scrolls_to_the_end("Messages");
        stage.until(|page| !page.contains("1 unread message")).await;
    }
}

/// What was typed is there again after a look elsewhere, before any disk has it.
#[tokio::test]
async fn what_was_typed_is_there_again() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Message Bob Okafor")).await;
    stage.types("Message Bob Okafor", "half a thou");
    stage.press("Settings");
    stage.until(|page| page.contains("Appearance")).await;
    stage.press("Back");
    stage.until(|page| page.contains("Message Bob Okafor") && page.contains("half a thou")).await;
}

/// Accepting leads into the conversation; a declined request is gone, and so is one that is taken back.
#[tokio::test]
async fn requests_are_answered_once() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Requests, 1 waiting");
    let page = stage.until(|page| page.contains("Nadia Haddad")).await;
    assert!(page.contains("Without your link") && page.contains("Somebody") && page.contains("Sent requests"));
    stage.press("Cancel request");
    stage.until(|page| !page.contains("Pedro Álvarez")).await;
    stage.press("Decline");
    stage.until(|page| !page.contains("Requests, 1 waiting") || !page.contains(">Somebody<")).await;
    stage.press("Accept");
    stage.until(|page| page.contains("Message Nadia Haddad") || page.contains("Message Somebody")).await;
}

/// A nickname is what one sees; removing asks first, and then the person is gone from everywhere.
#[tokio::test]
async fn a_contact_can_be_renamed_and_removed() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Details")).await;
    stage.press("Details");
    stage.until(|page| page.contains("Safety number")).await;
    stage.submit("Nickname", "nickname", "Bobby");
    let page = stage.until(|page| page.contains("Saved")).await;
    assert!(page.contains("Bobby") && page.contains("Their own name is Bob Okafor."));
    stage.press("Remove contact");
    let page = stage.until(|page| page.contains("role=\"dialog\"")).await;
    assert!(page.contains("Remove Bobby?"));
    stage.press("Cancel");
    stage.until(|page| !page.contains("role=\"dialog\"")).await;
    stage.press("Remove contact");
    stage.until(|page| page.contains("role=\"dialog\"")).await;
    stage.press("yes");
    stage.until(|page| !page.contains("Bobby") && !page.contains("Bob Okafor")).await;
}

/// What is chosen holds at once.
#[tokio::test]
async fn settings_hold_at_once() {
    let mut stage = Stage::over(World::full()).await;
    assert!(stage.page().contains("data-theme=\"system\""));
    stage.press("Settings");
    stage.until(|page| page.contains("Appearance")).await;
    stage.choose("Dark");
    stage.until(|page| page.contains("data-theme=\"dark\"")).await;
    stage.choose("Huge");
    stage.until(|page| page.contains("data-text=\"huge\"")).await;
    stage.choose("Through a broker of mine");
    stage.until(|page| page.contains("Broker address")).await;
    stage.submit("Broker address", "address", "");
    stage
        .until(|page| {
            page.contains("Write the broker's address first.") || page.contains("Write the broker&#39;s address first.")
        })
        .await;
}

/// Ten thousand messages cost the page no more than a stretch of them.
#[tokio::test]
async fn a_long_conversation_is_a_stretch_of_it() {
    let mut stage = Stage::over(World::long(10_000)).await;
    stage.press("Bob Okafor");
    let page = stage.until(|page| page.contains("Message 9999.")).await;
    assert!(page.matches("<article").count() <= 160);
    assert!(!page.contains("Message 100."));
}
