use uuid::Uuid;

use super::people::World;
use super::stage::Stage;

/// What is known to be missing is said below the messages, quietly, with who has it; and no more once it has arrived.
#[tokio::test]
async fn what_has_not_arrived_is_said_until_it_has() {
    let (bob, carol) = (Uuid::from_u128(1), Uuid::from_u128(7));
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    let page = stage.until(|page| page.contains("role=\"log\"")).await;
    assert!(!page.contains("What has not arrived"), "{page}");
    stage.happens(move |script| vec![script.lacks(bob, Some(bob), 2, vec![bob, carol])]).await;
    let said = "2 messages from Bob Okafor have not arrived yet. Bob Okafor, Carol Jensen have what is missing.";
    let page = stage.until(|page| page.contains(said)).await;
    assert!(page.contains("aria-label=\"What has not arrived\"") && !page.contains("role=\"alert\""), "{page}");
    stage.happens(move |script| vec![script.lacks(bob, Some(bob), 1, vec![carol])]).await;
    stage.until(|page| page.contains("1 message from Bob Okafor has not arrived yet. Carol Jensen has what")).await;
    stage.happens(move |script| vec![script.lacks(bob, Some(bob), 0, vec![])]).await;
    stage.until(|page| !page.contains("What has not arrived")).await;
    // Of nobody known, and one's own from another device.
    let own = Uuid::from_u128(0xa11c_e000);
    stage.happens(move |script| vec![script.lacks(bob, None, 1, vec![])]).await;
    stage.until(|page| page.contains("1 message that somebody answered has not arrived yet.")).await;
    stage.happens(move |script| vec![script.lacks(bob, Some(own), 3, vec![bob])]).await;
    stage.until(|page| page.contains("3 messages that you wrote on another device have not arrived yet.")).await;
}

/// A copied device is named, and what it wrote is shown all the same.
#[tokio::test]
async fn two_messages_in_one_place_are_said() {
    let bob = Uuid::from_u128(1);
    let mut stage = Stage::over(World::full()).await;
    stage.press("Bob Okafor");
    stage.until(|page| page.contains("role=\"log\"")).await;
    stage.happens(move |script| vec![script.forks(bob, bob)]).await;
    stage.until(|page| page.contains("device has written two different messages in one place")).await;
}
