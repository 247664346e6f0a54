//! The page and the window around it, as Dioxus is told of them.

use std::sync::Arc;

use dioxus::desktop::muda::{Menu, PredefinedMenuItem, Submenu};
use dioxus::desktop::tao::dpi::{LogicalPosition, LogicalSize};
use dioxus::desktop::tao::window::Window;
use dioxus::desktop::{Config, WindowBuilder};

use super::events::Events;
use super::icon::icon;
use super::place::{Rect, SIZE_MIN, is_reachable, sane};
use super::screen::Screen;
use crate::host::{Settings, Theme, WindowPlace};
use crate::platform::desktop::NEEDS_EDIT_MENU;
use crate::ui::words::Words;
use crate::ui::{SCRIPT, STYLE};

/// What shows until the page has drawn itself, red to opacity: the ground of either theme.
const LIGHT_GROUND: (u8, u8, u8, u8) = (0xf6, 0xf4, 0xf0, 0xff);
const DARK_GROUND: (u8, u8, u8, u8) = (0x12, 0x14, 0x12, 0xff);
/// Where a window goes whose place is out of reach, from the corner of the first screen.
const CORNER: f64 = 40.0;

/// Dioxus takes every context menu away, since a web page's says "Reload". Where there is something to cut, copy or paste,
/// a person needs theirs: this is asked first, and keeps the event from what takes it away.
const MENUS: &str = "addEventListener('contextmenu', (event) => {
  const editable = event.target instanceof Element && event.target.closest('input, textarea');
  if (editable || String(getSelection())) event.stopImmediatePropagation();
}, true);";

/// Everything that the window is made with.
pub(super) fn config(settings: &Settings, screen: Arc<Screen>, mut events: Events) -> Config {
    let place = sane(settings.window);
    let ground = if settings.theme == Theme::Dark { DARK_GROUND } else { LIGHT_GROUND };
    let config = Config::new()
        .with_window(window(&place))
        .with_menu(menu(&Words::english()))
        .with_custom_index(index())
        .with_background_color(ground)
        .with_disable_context_menu(true)
        .with_disable_drag_drop_handler(true)
        // Links to the web are opened outside before this is asked; there is nowhere else to go.
        .with_navigation_handler(|_| false)
        .with_on_window(move |window, _| {
            bring_into_reach(&window, &place);
            screen.set(window);
        })
        .with_custom_event_handler(move |event, _| events.heed(event));
    match icon() {
        Some(icon) => config.with_icon(icon),
        None => config,
    }
}

fn window(place: &WindowPlace) -> WindowBuilder {
    let window = WindowBuilder::new()
        .with_title("Kith")
        .with_inner_size(LogicalSize::new(place.width, place.height))
        .with_min_inner_size(LogicalSize::new(SIZE_MIN.0, SIZE_MIN.1))
        .with_maximized(place.maximized);
    match (place.x, place.y) {
        (Some(x), Some(y)) => window.with_position(LogicalPosition::new(x, y)),
        _ => window,
    }
}

fn bring_into_reach(window: &Window, place: &WindowPlace) {
    let screens: Vec<Rect> = window
        .available_monitors()
        .map(|monitor| {
            let scale = monitor.scale_factor();
            let (at, size) = (monitor.position().to_logical::<f64>(scale), monitor.size().to_logical::<f64>(scale));
            Rect { x: at.x, y: at.y, width: size.width, height: size.height }
        })
        .collect();
    if let Some(first) = screens.first().filter(|_| !is_reachable(place, &screens)) {
        window.set_outer_position(LogicalPosition::new(first.x + CORNER, first.y + CORNER));
    }
}

/// The page. Style and script are in it, so that it needs nothing beside the program.
fn index() -> String {
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <title>Kith</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
         <style>{STYLE}</style>\n\
         </head>\n\
         <body>\n\
         <div id=\"main\"></div>\n\
         <script>{MENUS}</script>\n\
         <script>{SCRIPT}</script>\n\
         </body>\n\
         </html>\n"
    )
}

/// A menu where copy and paste need one; the first one of the bar is the program's own there.
fn menu(words: &Words) -> Option<Menu> {
    if !NEEDS_EDIT_MENU {
        return None;
    }
    let program = Submenu::with_items(
        words.say("app-name"),
        true,
        &[
            &PredefinedMenuItem::hide(None),
            &PredefinedMenuItem::hide_others(None),
            &PredefinedMenuItem::show_all(None),
            &PredefinedMenuItem::separator(),
            &PredefinedMenuItem::quit(None),
        ],
    );
    let edit = Submenu::with_items(
        words.say("menu-edit"),
        true,
        &[
            &PredefinedMenuItem::undo(None),
            &PredefinedMenuItem::redo(None),
            &PredefinedMenuItem::separator(),
            &PredefinedMenuItem::cut(None),
            &PredefinedMenuItem::copy(None),
            &PredefinedMenuItem::paste(None),
            &PredefinedMenuItem::select_all(None),
        ],
    );
    let menu = program.and_then(|program| edit.and_then(|edit| Menu::with_items(&[&program, &edit])));
    menu.inspect_err(|error| tracing::warn!(%error, "there is no Edit menu")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page holds its style and script whole: neither ends its own element early, and Dioxus finds its places.
    #[test]
    fn the_page_is_whole() {
        let index = index();
        assert!(!STYLE.contains("</style") && !SCRIPT.contains("</script"));
        assert_eq!(index.matches("</body>").count(), 1);
        assert_eq!(index.matches("</head>").count(), 1);
        assert!(index.contains("id=\"main\"") && index.contains("viewport-fit=cover"));
    }
}
