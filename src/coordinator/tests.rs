//! The task beside the engine, with a real store and no broker.

use super::{Change, Command, Delta, Reply, open, start};

/// A watcher is told what changes after its view, a later one sees it at once, and both learn when Kith ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_begins_with_a_view_and_ends_with_kith() {
    let folder = tempfile::tempdir().unwrap();
    let handle = start(open(folder.path()).await.unwrap(), &[], &[], false).unwrap();
    let mut first = handle.watch().await.unwrap();
    assert_eq!(first.view.identity, None);
    let reply = handle.run(Command::CreateIdentity { name: "Alice".to_owned() }).await.unwrap();
    let Reply::Identity(identity) = reply else { panic!("{reply:?}") };
    let Change::Deltas(deltas) = first.next().await else { panic!("nothing was told") };
    assert_eq!(*deltas, [Delta::Identity(identity.clone())]);
    let mut second = handle.watch().await.unwrap();
    assert_eq!(second.view.identity, Some(identity));
    let reply = handle.run(Command::Rename { name: "Alice Liddell".to_owned() }).await.unwrap();
    let Reply::Identity(renamed) = reply else { panic!("{reply:?}") };
    for watch in [&mut first, &mut second] {
        let Change::Deltas(deltas) = watch.next().await else { panic!("nothing was told") };
        assert_eq!(*deltas, [Delta::Identity(renamed.clone())]);
    }
    handle.shutdown().await;
    for watch in [&mut first, &mut second] {
        assert!(matches!(watch.next().await, Change::Ended));
    }
    assert!(handle.watch().await.is_err());
}
