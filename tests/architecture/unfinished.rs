//! No queue without a bound, and nothing left for later.

use crate::assert_none;
use crate::lexer::Kind;
use crate::source::sources;

/// Names that no code of ours may hold.
const FORBIDDEN: &[&str] = &["unbounded_channel", "unbounded", "todo", "unimplemented"];

/// No queue without a bound, and nothing left for later.
#[test]
fn nothing_unbounded_and_nothing_unfinished() {
    let mut offences = Vec::new();
    for file in sources() {
        for token in &file.tokens {
            match &token.kind {
                Kind::Name(name) if FORBIDDEN.contains(&name.as_str()) => {
                    offences.push(format!("{}:{}: `{name}`", file.path.display(), token.line));
                }
                _ => {}
            }
        }
    }
    assert_none(offences);
}
