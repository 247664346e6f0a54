//! Lines out of a stream of bytes, none longer than a limit, whatever comes.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};

/// A line, or what is left of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line without its newline.
    Whole(&'a [u8]),
    /// A line that was longer than the limit; it has been read to its end and forgotten.
    TooLong,
}

/// Reads lines and keeps at most `limit` bytes of one.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    limit: usize,
    kept: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a line (or at the start of one).
    Keeping,
    /// In a line that is too long.
    Skipping,
    /// The last line was handed out: forget it before reading on.
    HandedOut,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input: BufReader::new(input), limit, kept: Vec::new(), state: State::Keeping }
    }

    /// The next line; none at the end. A last line needs no newline. May be cancelled at any time without losing a byte.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.state == State::HandedOut {
            self.kept.clear();
            self.state = State::Keeping;
        }
        loop {
            let chunk = self.input.fill_buf().await?;
            if chunk.is_empty() {
                if self.state == State::Keeping && self.kept.is_empty() {
                    return Ok(None);
                }
                break;
            }
            let mut parts = chunk.splitn(2, |byte| *byte == b'\n');
            let part = parts.next().unwrap_or_default();
            let ended = parts.next().is_some();
            if self.state == State::Keeping {
                if self.kept.len() + part.len() > self.limit {
                    self.state = State::Skipping;
                    // The memory too: it may be the limit's worth, and the next line is probably short.
                    self.kept = Vec::new();
                } else {
                    self.kept.extend_from_slice(part);
                }
            }
            let used = part.len() + usize::from(ended);
            AsyncBufRead::consume(std::pin::Pin::new(&mut self.input), used);
            if ended {
                break;
            }
        }
        let long = self.state == State::Skipping;
        self.state = State::HandedOut;
        Ok(Some(if long { Line::TooLong } else { Line::Whole(&self.kept) }))
    }
}
