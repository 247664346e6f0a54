//! Parts that several screens are made of. Behaviour of the keyboard is in the page's script, looks are in `style.css`; each
//! part says what it is for by role and name.

mod avatar;
mod choice;
mod dialog;
mod linked;
mod mark;
mod page;
mod picks;
mod safety;
mod switch;

pub use avatar::Avatar;
pub use choice::{Answer, Choices};
pub use dialog::Confirm;
pub use linked::Linked;
pub use mark::Mark;
pub use page::{Page, Problem};
pub use picks::Picks;
pub use safety::SafetyNumber;
pub use switch::Switch;
