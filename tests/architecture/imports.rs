//! An import never points up or sideways.

use crate::assert_none;
use crate::map::Map;
use crate::source::sources;

/// What only the drivers of a layer may import: the points at which a test kills the process lie right behind the socket.
const DRIVERS_MAY: &[&str] = &["platform"];

/// An import never points from a layer to one that is above it or beside it.
#[test]
fn imports_point_one_way() {
    let map = Map::read();
    let mut offences = Vec::new();
    for file in sources() {
        let Some(from) = file.layer() else { continue };
        for import in file.imports() {
            if file.is_driver() && DRIVERS_MAY.contains(&import.layer.as_str()) {
                continue;
            }
            if let Some(why) = map.refuses(from, &import.layer, file.is_test || import.in_test) {
                offences.push(format!("{}:{}: {why}", file.path.display(), import.line));
            }
        }
    }
    assert_none(offences);
}
