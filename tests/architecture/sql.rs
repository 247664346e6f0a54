//! SQL lives in one layer.

use crate::assert_none;
use crate::lexer::Kind;
use crate::source::sources;

/// Beginnings of SQL, as our style writes it.
const SQL: &[&str] =
    &["SELECT ", "INSERT INTO ", "INSERT OR ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "CREATE INDEX ", "PRAGMA "];

/// SQL lives in `store/` only.
#[test]
fn sql_lives_in_the_store() {
    let mut offences = Vec::new();
    for file in sources().iter().filter(|file| file.layer() != Some("store")) {
        for token in file.tokens.iter().filter(|token| !token.in_test && !file.is_test) {
            let offence = match &token.kind {
                Kind::Text(text) => SQL.iter().any(|start| text.trim_start().starts_with(start)),
                Kind::Name(name) => name == "rusqlite",
                Kind::Mark(_) => false,
            };
            if offence {
                offences.push(format!("{}:{}: SQL outside store/", file.path.display(), token.line));
            }
        }
    }
    assert_none(offences);
}
