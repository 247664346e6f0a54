//! Long files are named.

use crate::source::sources;

/// Past this a file is a place to look: would it read better as two?
const LINES_MAX: usize = 400;

/// Long files are named; that is no failure.
#[test]
fn long_files_are_named() {
    for file in sources() {
        if file.lines > LINES_MAX {
            println!("note: {} has {} lines; would it read better as two?", file.path.display(), file.lines);
        }
    }
}
