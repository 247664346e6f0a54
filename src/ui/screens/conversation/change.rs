//! What was changed in a group, as a line between the messages.

use uuid::Uuid;

use crate::coordinator::{GroupChange, LineView, Uncounted};
use crate::ui::context::Ui;

/// Who did what; whether it counts; and that somebody else did something about it at the same time.
pub fn change_text(ui: &Ui, line: &LineView) -> String {
    let own = |user: &Uuid| ui.own() == Some(*user);
    let named = |name: &str| if name.is_empty() { ui.say("somebody") } else { name.to_owned() };
    let by = if own(&line.change.by) { ui.say("info-you") } else { named(&line.by) };
    let about = |user: &Uuid| if own(user) { ui.say("change-you") } else { named(&line.about) };
    let say = |key: &str| ui.words().with(key, "by", by.clone());
    let with = |key: &str, value: String| ui.words().with2(key, ("by", by.clone()), ("about", value));
    let mut text = match &line.change.change {
        GroupChange::Created { name, .. } => with("change-created", name.clone()),
        GroupChange::Added { user_id } => with("change-added", about(user_id)),
        GroupChange::Removed { user_id } => with("change-removed", about(user_id)),
        GroupChange::Left => say("change-left"),
        GroupChange::Promoted { user_id } if *user_id == line.change.by => say("change-took-over"),
        GroupChange::Promoted { user_id } => with("change-promoted", about(user_id)),
        GroupChange::Demoted { user_id } => with("change-demoted", about(user_id)),
        GroupChange::Renamed { name } => with("change-renamed", name.clone()),
        GroupChange::History { shared: true } => say("change-history-on"),
        GroupChange::History { shared: false } => say("change-history-off"),
        GroupChange::Card | GroupChange::Newer => say("change-newer"),
    };
    let why = line.change.uncounted.map(|why| match why {
        Uncounted::Outsider | Uncounted::NoAdmin => "change-no-admin",
        Uncounted::Overruled => "change-overruled",
        Uncounted::Senior => "change-senior",
        Uncounted::Unreadable => "change-unreadable",
    });
    for key in why.into_iter().chain((!line.change.beside.is_empty()).then_some("change-beside")) {
        text.push(' ');
        text.push_str(&ui.say(key));
    }
    text
}
