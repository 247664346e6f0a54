//! Groups in the window.

use uuid::Uuid;

use super::people::{NOW, World};
use super::stage::Stage;
use crate::coordinator::{ChangeView, GroupChange, LineView, MessageState, ReactionView, Uncounted};

const BOB: Uuid = Uuid::from_u128(1);
const INGRID: Uuid = Uuid::from_u128(77);

/// A group of this person, Bob, and Ingrid, who is no contact.
async fn walkers(admin: bool) -> (Stage, Uuid) {
    let mut world = World::full();
    let group =
        world.script.gathers("Sunday walkers", admin, &[(BOB, "Bob Okafor", !admin), (INGRID, "Ingrid", false)]);
    world.script.says_in(group, INGRID, "I bring the map", NOW - 240_000, MessageState::Received);
    world.script.says_in(group, INGRID, "the big one", NOW - 235_000, MessageState::Received);
    let own = world.script.view.identity.as_ref().map(|own| own.user_id).unwrap_or_default();
    world.script.says_in(group, own, "And I the coffee", NOW - 60_000, MessageState::Sent);
    world.script.becomes(group, |last| last.reactions = vec![ReactionView { emoji: "☕".into(), by: vec![BOB] }]);
    let mut stage = Stage::over(world).await;
    stage.press("Sunday walkers");
    stage.until(|page| page.contains("the big one") && page.contains("And I the coffee")).await;
    (stage, group)
}

async fn page_of(admin: bool) -> Stage {
    let (mut stage, _) = walkers(admin).await;
    stage.press("Details");
    stage.until(|page| page.contains("Leave group")).await;
    stage
}

/// Who wrote is said once above what they wrote in a row, also of somebody who is no contact; what has not come everywhere says so.
#[tokio::test]
async fn a_group_shows_who_wrote() {
    let (mut stage, _) = walkers(true).await;
    let page = stage.page();
    assert!(page.contains("3 members") && page.contains("Message Sunday walkers"), "{page}");
    assert_eq!(page.matches("class=\"b-by\"").count(), 1, "{page}");
    assert!(page.contains("Bob Okafor reacted with ☕") && page.contains("Sent: not everybody has received it yet"));
    stage.press("About the message of 12:44");
    let page = stage.until(|page| page.contains("Received by")).await;
    assert!(page.contains("Not yet by"), "{page}");
}

/// In the list of chats the last message of a group says who wrote it.
#[tokio::test]
async fn the_list_says_who_wrote_in_a_group() {
    let mut world = World::full();
    let name = "Ingrid Sørensen";
    let group = world.script.gathers("Sunday walkers", true, &[(INGRID, name, false)]);
    world.script.says_in(group, INGRID, "the big one", NOW - 235_000, MessageState::Received);
    let mut stage = Stage::over(world).await;
    stage.until(|page| page.contains("Ingrid: the big one")).await;
}

/// An admin makes admins, and removes after a question; others look only.
#[tokio::test]
async fn an_admin_changes_who_is_in_a_group() {
    let mut stage = page_of(true).await;
    stage.press("Ingrid\n");
    stage.until(|page| page.contains("Make admin")).await;
    stage.press("Make admin");
    stage.until(|page| page.contains("No admin any more")).await;
    stage.press("Remove from group");
    stage.until(|page| page.contains("Remove Ingrid from the group?")).await;
    stage.press("yes");
    stage.until(|page| page.contains("2 members")).await;
    stage.press("Add members");
    stage.until(|page| page.contains("Find somebody")).await;
    stage.tick("Amélie Laurent", true);
    stage.submit("Find somebody", "search", "");
    stage.until(|page| page.contains("3 members") && !page.contains("role=\"dialog\"")).await;
    stage.submit("Name of the group", "name", "Monday walkers");
    stage.until(|page| page.contains("Monday walkers") && page.contains("Saved")).await;

    let stage = page_of(false).await;
    let page = stage.page();
    for other in ["Add members", "Name of the group", "What new members get"] {
        assert!(!page.contains(other), "{other}");
    }
}

/// Whoever has left reads, and writes nothing.
#[tokio::test]
async fn who_has_left_a_group_only_reads() {
    let mut stage = page_of(false).await;
    stage.press("Leave group");
    stage.until(|page| page.contains("Leave “Sunday walkers”?")).await;
    stage.press("yes");
    let page = stage.until(|page| page.contains("You are not in this group any more.")).await;
    assert!(!page.contains("Message Sunday walkers") && page.contains("the big one"), "{page}");
}

/// A new group needs a name, and leads into its conversation.
#[tokio::test]
async fn a_new_group_leads_into_its_conversation() {
    let mut stage = Stage::over(World::full()).await;
    stage.press("New group");
    let page = stage.until(|page| page.contains("Name of the group")).await;
    assert!(!page.contains("aria-label=\"Pedro Álvarez\""), "he has not accepted");
    stage.submit("Name of the group", "name", " ");
    stage.until(|page| page.contains("Give the group a name first.")).await;
    stage.tick("Bob Okafor", true);
    stage.tick("Carol Jensen", true);
    stage.until(|page| page.contains("Members: 2 people and you")).await;
    stage.submit("Name of the group", "name", "Hikers");
    let page = stage.until(|page| page.contains("Message Hikers")).await;
    assert!(page.contains("3 members"), "{page}");
}

/// What was changed stands between the messages: who did it, that it does not count, and that others did something at the same time.
#[tokio::test]
async fn changes_of_a_group_are_lines_of_its_conversation() {
    let mut world = World::full();
    let group = world.script.gathers("Sunday walkers", false, &[(BOB, "Bob Okafor", true), (INGRID, "Ingrid", false)]);
    world.script.says_in(group, INGRID, "I bring the map", NOW - 240_000, MessageState::Received);
    let own = world.script.view.identity.as_ref().map(|own| own.user_id).unwrap_or_default();
    let line = |id: &str, change, uncounted, beside: &[&str]| LineView {
        before: None,
        by: "Bob Okafor".into(),
        about: "Ingrid".into(),
        change: ChangeView {
            id: id.into(),
            by: BOB,
            at: NOW,
            change,
            uncounted,
            beside: beside.iter().map(|id| (*id).to_owned()).collect(),
        },
    };
    world.script.changes_in(group, line("a", GroupChange::Added { user_id: own }, None, &[]));
    let removed = GroupChange::Removed { user_id: INGRID };
    world.script.changes_in(group, line("b", removed, Some(Uncounted::Overruled), &["c"]));
    let mut stage = Stage::over(world).await;
    stage.press("Sunday walkers");
    // The message alone stands in the list of chats too.
    let page = stage.until(|page| page.contains("Bob Okafor added you.")).await;
    let overruled = "Bob Okafor removed Ingrid. It does not count: somebody else ended their right to it at the same time. \
                     Somebody else changed something about it at the same time.";
    assert!(page.contains(overruled), "{page}");
}
