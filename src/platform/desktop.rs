//! What differs between desktop systems for a window.

/// Whether copy and paste need an Edit menu: on macOS their keys are the menu's.
pub const NEEDS_EDIT_MENU: bool = cfg!(target_os = "macos");

/// Whether there is a display to open a window on. Only some systems can do without; a wrong yes costs a worse message.
#[must_use]
pub fn has_display() -> bool {
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    true
}
