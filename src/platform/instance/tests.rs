use super::*;

struct First {
    dir: tempfile::TempDir,
    calls: mpsc::Receiver<Call>,
    cancel: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

fn first() -> First {
    let dir = tempfile::tempdir().unwrap();
    let (sender, calls) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let serving = tokio::spawn(Door::open(dir.path()).unwrap().serve(sender, cancel.clone()));
    First { dir, calls, cancel, serving }
}

impl First {
    async fn end(self) {
        self.cancel.cancel();
        self.serving.await.unwrap();
    }
}

/// A second start hands over the link that it was started with, or that it has none.
#[tokio::test]
async fn a_second_start_hands_over_its_link() {
    let mut first = first();
    for link in [None, Some("kith:abc".to_owned())] {
        call(first.dir.path(), link.clone()).await.unwrap();
        assert_eq!(first.calls.recv().await, Some(Call { link }));
    }
    first.end().await;
}

/// Whatever else is said on the socket changes nothing, and keeps nobody from calling.
#[tokio::test]
async fn garbage_changes_nothing() {
    let mut first = first();
    let too_long = format!("{{\"link\":\"kith:{}\"}}\n", "x".repeat(20_000));
    for garbage in ["", "\n", "{}", "hello\n", "{\"link\":7}\n", "{\"link\":\"https://x\"}\n", too_long.as_str()] {
        let stream = Stream::connect(name(first.dir.path()).unwrap()).await.unwrap();
        // It may hang up in the middle of what is too long.
        let _ = (&stream).write_all(garbage.as_bytes()).await;
        if garbage.ends_with('\n') {
            assert!(read_line::<Taken>(&stream).await.is_err(), "{garbage:.20}");
        }
    }
    let silent = Stream::connect(name(first.dir.path()).unwrap()).await.unwrap();
    call(first.dir.path(), None).await.unwrap();
    assert_eq!(first.calls.recv().await, Some(Call { link: None }));
    assert!(first.calls.try_recv().is_err());
    drop(silent);
    first.end().await;
}

/// A window that has no time refuses, and the second start knows it.
#[tokio::test]
async fn a_busy_window_refuses() {
    let mut first = first();
    call(first.dir.path(), None).await.unwrap();
    assert!(matches!(call(first.dir.path(), None).await, Err(CallError::Refused)));
    first.calls.recv().await.unwrap();
    first.end().await;
}

/// The socket is for its owner only, goes with the window, and one that a killed window left is in nobody's way.
#[cfg(unix)]
#[tokio::test]
async fn the_socket_is_private_and_goes_with_the_window() {
    use std::os::unix::fs::PermissionsExt;
    let First { dir, calls, cancel, serving } = first();
    let path = dir.path().join(SOCKET_FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    cancel.cancel();
    serving.await.unwrap();
    assert!(!path.exists());
    drop(calls);
    assert!(matches!(call(dir.path(), None).await, Err(CallError::Nobody(_))));
    std::fs::write(&path, "left").unwrap();
    drop(Door::open(dir.path()).unwrap());
}
