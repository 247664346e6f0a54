//! Lines of bounded length out of a stream.

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::rpc::LINE_BYTES_MAX;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// A line over the limit; it was skipped without being kept.
    TooLong,
}

/// Reads lines. Cancelling a read loses nothing: what was read so far is kept here.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    skipping: bool,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: vec![], skipping: false }
    }

    /// The next line; `None` at the end of the stream (or when it cannot be read any more).
    pub(super) async fn next(&mut self) -> Option<Line> {
        loop {
            let Ok(chunk) = self.reader.fill_buf().await else { return self.last() };
            if chunk.is_empty() {
                return self.last();
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if !self.skipping {
                if self.line.len() + part.len() > LINE_BYTES_MAX {
                    self.skipping = true;
                    self.line = vec![];
                } else {
                    self.line.extend_from_slice(part);
                }
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Some(self.take());
            }
        }
    }

    fn take(&mut self) -> Line {
        if std::mem::take(&mut self.skipping) { Line::TooLong } else { Line::Whole(std::mem::take(&mut self.line)) }
    }

    /// What stands at the end of the stream without a line end counts as a line.
    fn last(&mut self) -> Option<Line> {
        (self.skipping || !self.line.is_empty()).then(|| self.take())
    }
}
