//! A second start finds the first: it hands over the link that it was started with, and the first comes to the front.
//!
//! The first start holds the data directory's lock and listens on a local socket beside it: a file in that directory,
//! which nobody else can enter (on Windows a named pipe, which nobody else can write to). One connection carries one line
//! of JSON each way. What is not such a line changes nothing: it is dropped after a moment.

use std::io;
use std::path::Path;
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use interprocess::local_socket::{ListenerOptions, Name};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The longest line: the longest link fits several times over.
const LINE_BYTES_MAX: u64 = 16 * 1024;
/// How long one caller may take; it has everything ready when it calls, and the next one waits behind it.
const CALL_PATIENCE: Duration = Duration::from_secs(1);
/// What a call may take: the first start may be answering others first.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);
/// How long nothing is accepted after an error: a full table of descriptors does not get emptier by asking.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The socket in the data directory.
#[cfg(not(windows))]
const SOCKET_FILE: &str = "window.sock";

/// What a second start wants of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The link that it was started with.
    pub link: Option<String>,
}

/// Why a second start could not hand over.
#[derive(Debug, Error)]
pub enum CallError {
    /// Nobody listens: whoever uses the data directory is no window.
    #[error("no window answers: {0}")]
    Nobody(io::Error),
    /// Whoever listens did not take it.
    #[error("the window did not answer")]
    Refused,
}

#[derive(Deserialize, Serialize)]
struct Line {
    link: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Taken {
    taken: bool,
}

/// Where second starts call, until it is dropped.
pub struct Door {
    listener: Listener,
}

impl Door {
    /// Opens it. Only who holds the lock of the data directory may: what an earlier start left there is removed.
    ///
    /// # Errors
    /// When the system gives no socket there (a path may be too long for one).
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        #[cfg(not(windows))]
        match std::fs::remove_file(data_dir.join(SOCKET_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = ListenerOptions::new().name(name(data_dir)?).create_tokio()?;
        // The directory around it is closed to others already.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(data_dir.join(SOCKET_FILE), std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(Self { listener })
    }

    /// Takes calls, one after the other, until it is cancelled. A call that nobody has room for is refused.
    pub async fn serve(self, calls: mpsc::Sender<Call>, cancel: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let answered = match accepted {
                Ok(stream) => timeout(CALL_PATIENCE, answer(&stream, &calls)).await,
                Err(error) => {
                    tracing::warn!(%error, "a second start cannot be heard");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match answered {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "somebody called and said nothing that we know"),
                Err(_) => tracing::debug!("somebody called and said nothing"),
            }
        }
    }
}

async fn answer(stream: &Stream, calls: &mpsc::Sender<Call>) -> io::Result<()> {
    let line: Line = read_line(stream).await?;
    if line.link.as_deref().is_some_and(|link| !is_link(link)) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no Kith link"));
    }
    let taken = calls.try_send(Call { link: line.link }).is_ok();
    write_line(stream, &Taken { taken }).await
}

/// Only that it may be one; what it says is found out by who reads it.
fn is_link(text: &str) -> bool {
    text.starts_with("kith:") && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Hands over to the window that uses this data directory. Returns when it has taken the call.
///
/// # Errors
/// When no window listens, or it did not take the call.
pub async fn call(data_dir: &Path, link: Option<String>) -> Result<(), CallError> {
    let found = async { Stream::connect(name(data_dir)?).await };
    let stream = found.await.map_err(CallError::Nobody)?;
    let asked = async {
        write_line(&stream, &Line { link }).await?;
        read_line::<Taken>(&stream).await
    };
    match timeout(ANSWER_PATIENCE, asked).await {
        Ok(Ok(Taken { taken: true })) => Ok(()),
        _ => Err(CallError::Refused),
    }
}

async fn read_line<T: serde::de::DeserializeOwned>(stream: &Stream) -> io::Result<T> {
    let mut line = vec![];
    BufReader::new(stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no line"));
    }
    Ok(serde_json::from_slice(&line)?)
}

async fn write_line(mut stream: &Stream, line: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(line)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

#[cfg(not(windows))]
fn name(data_dir: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName};
    data_dir.join(SOCKET_FILE).to_fs_name::<GenericFilePath>()
}

/// Pipes have a namespace of their own: the directory's place in it is a hash of its path.
#[cfg(windows)]
fn name(data_dir: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName};
    let path = data_dir.canonicalize()?;
    let hash = blake3::hash(path.to_string_lossy().as_bytes());
    format!("kith-{}", hash.to_hex()).to_ns_name::<GenericNamespaced>()
}

#[cfg(test)]
mod tests;
