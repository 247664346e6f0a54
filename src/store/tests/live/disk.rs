//! What was deleted is on no disk.

use std::path::Path;

use super::*;

/// Whether any file beside the database holds these bytes.
fn on_disk(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

/// Of what was deleted nothing is left in any file, whatever happened to its page before, and while the database is open; what was
/// not deleted is all there.
#[test]
fn what_was_deleted_is_on_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Db::open(&folder.path().join("kith.db")).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let (mut own, mut bob) = (Writer::new(1, 1), Writer::new(2, 2));
    let secret = |n: usize| format!("<secret {n:04}>");
    let mut all: Vec<(Entry, bool)> = vec![];
    for n in 0..300 {
        let long = secret(n) + &"x".repeat(rng.random_range(0..6) * rng.random_range(0..900));
        let mine = n % 2 == 0;
        let (writer, after) = if mine { (&mut own, vec![]) } else { (&mut bob, vec![]) };
        // Wrong clocks: rows are moved about.
        let entry = writer.write(rng.random_range(0..1_000), &after, &long);
        if mine {
            drop(append(&mut db, &entry))
        } else {
            drop(insert(&mut db, device(2), std::slice::from_ref(&entry)))
        }
        let edit = (n % 7 == 0).then(|| {
            let writer = if mine { &mut own } else { &mut bob };
            writer.write_on(1_000, entry.id(), kind::EDIT, text(&format!("edit {long}")))
        });
        match edit {
            Some(edit) if mine => drop(append(&mut db, &edit)),
            Some(edit) => drop(insert(&mut db, device(2), &[edit])),
            None => {}
        }
        all.push((entry, mine));
    }
    assert!(on_disk(folder.path(), secret(0).as_bytes()));
    for (n, (entry, mine)) in all.iter().enumerate().filter(|(n, _)| n % 3 == 0) {
        let writer = if *mine { &mut own } else { &mut bob };
        let delete = writer.write_on(2_000, entry.id(), kind::DELETE, deletion());
        if *mine {
            drop(append(&mut db, &delete))
        } else {
            drop(insert(&mut db, device(2), &[delete]))
        }
        if n % 60 == 0 {
            assert!(!on_disk(folder.path(), secret(n).as_bytes()), "right after its deletion: {n}");
        }
    }
    for n in 0..300 {
        assert_eq!(on_disk(folder.path(), secret(n).as_bytes()), n % 3 != 0, "{n}");
    }
}
