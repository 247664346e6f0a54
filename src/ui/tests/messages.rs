//! What happens to a message after it was sent.

use uuid::Uuid;

use super::people::World;
use super::stage::Stage;
use crate::coordinator::{Delta, MessageState};

const BOB: Uuid = Uuid::from_u128(1);

/// The window, with the conversation with Bob open.
async fn with_bob() -> Stage {
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Perfect, I bring coffee")).await;
    stage
}

async fn menu_of(stage: &mut Stage, time: &str) -> String {
    stage.press(&format!("What you can do with the message of {time}"));
    stage.until(|page| page.contains("role=\"menu\"")).await
}

/// The menu offers what can be done with this very message, and goes when it is left.
#[tokio::test]
async fn a_menu_offers_what_can_be_done() {
    let mut stage = with_bob().await;
    let page = menu_of(&mut stage, "12:39").await;
    for entry in ["Reply", "Copy", "Forward", "About this message", "Delete"] {
        assert!(page.contains(&format!("{entry}</button>")), "{entry}: {page}");
    }
    assert!(!page.contains("Edit</button>"), "it is Bob's");
    assert!(page.contains("React with 👍") && !page.contains("React with 🥳"));
    stage.press("More emoji");
    stage.until(|page| page.contains("React with 🥳")).await;
    stage.press("menu-veil");
    stage.until(|page| !page.contains("role=\"menu\"")).await;
    let page = menu_of(&mut stage, "12:44").await;
    assert!(page.contains("Edit</button>"), "it is one's own: {page}");
    stage.press("About this message");
    stage.until(|page| page.contains("role=\"dialog\"") && !page.contains("role=\"menu\"")).await;
}

/// An answer shows what it answers, and leads there; who leaves it writes something new.
#[tokio::test]
async fn an_answer_quotes_what_it_answers() {
    let mut stage = with_bob().await;
    menu_of(&mut stage, "12:39").await;
    stage.press("Reply");
    stage.until(|page| page.contains("Reply to Bob Okafor")).await;
    stage.press("Write no reply");
    stage.until(|page| !page.contains("Reply to Bob Okafor")).await;
    menu_of(&mut stage, "12:39").await;
    stage.press("Reply");
    stage.until(|page| page.contains("Reply to Bob Okafor")).await;
    stage.submit("Message Bob Okafor", "text", "On time!");
    let quote = "Go to what Bob Okafor wrote: I have the tickets";
    // The list may show the text before the conversation does.
    let page = stage.until(|page| page.contains(quote)).await;
    assert!(!page.contains("Reply to Bob Okafor"), "{page}");
    stage.press(quote);
    stage.until(|page| page.contains("data-jump=\"1\"")).await;
}

/// What is being answered is still there after a look at another conversation.
#[tokio::test]
async fn an_answer_waits_for_whoever_looks_elsewhere() {
    let mut stage = with_bob().await;
    menu_of(&mut stage, "12:39").await;
    stage.press("Reply");
    stage.until(|page| page.contains("Reply to Bob Okafor")).await;
    stage.press("Amélie Laurent");
    stage.until(|page| page.contains("Message Amélie Laurent")).await;
    assert!(!stage.page().contains("Reply to Bob Okafor"));
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("Reply to Bob Okafor")).await;
}

/// The last message of one's own is written anew, and a draft waits meanwhile.
#[tokio::test]
async fn a_message_is_edited_and_the_draft_stays() {
    let mut stage = with_bob().await;
    stage.types("Message Bob Okafor", "half a thou");
    stage.types("asks-of-the-page", "edit");
    let page = stage.until(|page| page.contains("Edit your message")).await;
    assert!(page.matches("and the good biscuits").count() > 2, "it stands in the field: {page}");
    stage.press("Leave it as it is");
    stage.until(|page| page.contains("half a thou") && !page.contains("Edit your message")).await;
    stage.types("asks-of-the-page", "edit");
    stage.until(|page| page.contains("Edit your message")).await;
    stage.submit("Edit your message", "text", "and the best biscuits");
    let page = stage.until(|page| page.contains("and the best biscuits") && page.contains("edited")).await;
    assert!(!page.contains("and the good biscuits") && page.contains("half a thou"), "{page}");
}

/// For everyone is for one's own only; what was deleted says so, and what is deleted for oneself is gone.
#[tokio::test]
async fn a_message_is_deleted_for_everyone_or_here() {
    let mut stage = with_bob().await;
    menu_of(&mut stage, "12:39").await;
    stage.press("Delete");
    let page = stage.until(|page| page.contains("Delete this message?")).await;
    assert!(!page.contains("Delete for everyone"));
    stage.press("Delete for me");
    stage.until(|page| !page.contains("I have the tickets") && !page.contains("role=\"dialog\"")).await;
    menu_of(&mut stage, "12:44").await;
    stage.press("Delete");
    stage.until(|page| page.contains("Delete for everyone")).await;
    stage.press("Cancel");
    stage.until(|page| !page.contains("Delete this message?")).await;
    menu_of(&mut stage, "12:44").await;
    stage.press("Delete");
    stage.until(|page| page.contains("Delete this message?")).await;
    stage.press("Delete for everyone");
    stage.until(|page| page.contains("This message was deleted")).await;
    let page = menu_of(&mut stage, "12:44").await;
    assert!(!page.contains("React with") && page.contains("Delete</button>"), "{page}");
}

/// A reaction is set and taken back by a press; those of others are counted, and said by name.
#[tokio::test]
async fn reactions_are_set_and_taken_back() {
    let mut stage = with_bob().await;
    menu_of(&mut stage, "12:39").await;
    stage.press("React with 👍");
    let page = stage.until(|page| page.contains("You reacted with 👍")).await;
    assert!(page.contains("aria-pressed=\"true\"") && !page.contains("role=\"menu\""), "{page}");
    stage
        .happens(|world| {
            let id =
                world.messages(BOB).iter().find(|one| one.text.starts_with("I have the tickets")).unwrap().id.clone();
            vec![world.reacts(BOB, &id, BOB, "👍", true).unwrap()]
        })
        .await;
    stage.until(|page| page.contains("You and Bob Okafor reacted with 👍")).await;
    stage.press("You and Bob Okafor reacted with 👍");
    stage.until(|page| page.contains(">Bob Okafor reacted with 👍") && page.contains("aria-pressed=\"false\"")).await;
}

/// A message is passed on to whom one chooses; to nobody is explained.
#[tokio::test]
async fn a_message_is_passed_on() {
    let mut stage = with_bob().await;
    menu_of(&mut stage, "12:39").await;
    stage.press("Forward");
    let page = stage.until(|page| page.contains("Forward to …")).await;
    assert!(!page.contains("aria-label=\"Pedro Álvarez\""), "he has not accepted");
    stage.types("Find somebody", "zzz");
    stage.until(|page| page.contains("Nobody of this name.")).await;
    stage.types("Find somebody", "laur");
    stage.until(|page| page.contains("aria-label=\"Amélie Laurent\"")).await;
    stage.submit("Forward to …", "search", "laur");
    stage.until(|page| page.contains("Choose somebody first.")).await;
    stage.tick("Amélie Laurent", true);
    stage.until(|page| page.contains("Forward to 1 chat")).await;
    stage.submit("Forward to …", "search", "laur");
    let page = stage.until(|page| page.contains("Message Amélie Laurent") && page.contains("Forwarded")).await;
    assert!(!page.contains("role=\"dialog\"") && page.contains("https://rail.example/t/8842"), "{page}");
}

/// Who types is named; what a newer Kith wrote, or somebody deleted, is said instead of an empty bubble; and what was read is marked.
#[tokio::test]
async fn what_others_do_is_shown() {
    let mut stage = with_bob().await;
    stage.happens(|_| vec![Delta::Typing { with: BOB, from: BOB, on: true }]).await;
    stage.until(|page| page.contains("Bob Okafor is writing …")).await;
    stage.happens(|_| vec![Delta::Typing { with: BOB, from: BOB, on: false }]).await;
    stage.until(|page| !page.contains("is writing …") && page.contains("Online, connected directly")).await;
    stage.happens(|world| vec![world.becomes(BOB, |last| last.state = MessageState::Read)]).await;
    stage.until(|page| page.contains("aria-label=\"Read\"")).await;
    stage
        .happens(|world| {
            vec![world.becomes(BOB, |last| {
                last.newer = true;
                last.text.clear();
            })]
        })
        .await;
    let page = stage.until(|page| page.contains("This was written by a newer Kith.")).await;
    assert!(page.contains("You: Written by a newer Kith"), "{page}");
}
