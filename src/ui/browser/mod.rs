//! The same components in a browser on this computer; not there yet.

use thiserror::Error;

use crate::coordinator::Handle;
use crate::host::Control;

/// Why there is no preview.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// Not there yet.
    #[error("the browser preview comes later")]
    Later,
}

/// Serves the window to browsers on this computer until `stop` comes; without a port, on a free one. `on_url` is told the
/// address once it can be opened.
///
/// # Errors
/// When it cannot begin, or ends by itself.
pub async fn serve(
    _core: Handle,
    _control: Control,
    _port: Option<u16>,
    _on_url: impl FnOnce(&str),
    _stop: impl Future<Output = ()>,
) -> Result<(), BrowserError> {
    Err(BrowserError::Later)
}
