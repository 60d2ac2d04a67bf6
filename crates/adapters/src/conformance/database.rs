//! `Database`.

use std::collections::BTreeMap;

use dhc_app::ports::{Database, Write};
use proptest::prelude::*;

use super::memory::MemoryDatabase;
use crate::database::SqliteDatabase;

const TABLES: [&str; 2] = ["grants", "records"];

fn put(table: &'static str, key: &[u8], value: &[u8]) -> Write {
    Write::Put {
        table,
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

fn delete(table: &'static str, key: &[u8]) -> Write {
    Write::Delete {
        table,
        key: key.to_vec(),
    }
}

/// What every database does, on an empty one.
fn suite(database: &dyn Database) {
    let get = |table, key: &[u8]| database.get(table, key).unwrap();
    assert_eq!(get("grants", b"absent"), None);
    assert!(database.list("grants", b"").unwrap().is_empty());
    database.commit(&[]).unwrap();

    database
        .commit(&[put("grants", b"a", b"1"), put("records", b"a", b"2")])
        .unwrap();
    assert_eq!(get("grants", b"a"), Some(b"1".to_vec()), "tables are apart");
    assert_eq!(
        get("records", b"a"),
        Some(b"2".to_vec()),
        "tables are apart"
    );

    database
        .commit(&[put("grants", b"a", b""), delete("records", b"absent")])
        .unwrap();
    assert_eq!(
        get("grants", b"a"),
        Some(Vec::new()),
        "a value may be empty, and is replaced"
    );

    let batch = [
        put("grants", b"b", b"1"),
        delete("grants", b"b"),
        delete("grants", b"a"),
        put("grants", b"a", b"3"),
    ];
    database.commit(&batch).unwrap();
    assert_eq!(get("grants", b"b"), None, "a batch is applied in its order");
    assert_eq!(
        get("grants", b"a"),
        Some(b"3".to_vec()),
        "a batch is applied in its order"
    );

    let keys: [&[u8]; 6] = [b"", b"\x00", b"p", b"p\x00", b"p\xff", b"q"];
    let mut shuffled = keys;
    shuffled.reverse();
    database
        .commit(&shuffled.map(|key| put("heads", key, key)))
        .unwrap();
    let listed = |prefix: &[u8]| -> Vec<_> {
        database
            .list("heads", prefix)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    };
    assert_eq!(listed(b""), keys, "in the order of keys");
    assert_eq!(listed(b"p"), keys[2..5]);
    assert_eq!(listed(b"p\xff"), keys[4..5]);
    assert!(listed(b"\xff").is_empty());

    let large: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
    database
        .commit(&[put("records", b"large", &large)])
        .unwrap();
    assert_eq!(get("records", b"large"), Some(large));
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let key = proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255)], 0..3);
    let write =
        (0..2usize, key, proptest::option::of(any::<[u8; 2]>())).prop_map(|(table, key, value)| {
            match value {
                Some(value) => put(TABLES[table], &key, &value),
                None => delete(TABLES[table], &key),
            }
        });
    proptest::collection::vec(write, 0..40)
}

#[test]
fn the_model_conforms() {
    suite(&MemoryDatabase::default());
}

#[test]
fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    suite(&SqliteDatabase::open(&folder.path().join("db")).unwrap());
}

#[test]
fn sqlite_keeps_what_was_committed_when_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteDatabase::open(&folder.path().join("db")).unwrap();
    open().commit(&[put("grants", b"k", b"v")]).unwrap();
    assert_eq!(open().get("grants", b"k").unwrap(), Some(b"v".to_vec()));
}

#[test]
fn threads_share_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = SqliteDatabase::open(&folder.path().join("db")).unwrap();
    std::thread::scope(|scope| {
        for thread in 0u8..4 {
            let database = &database;
            scope.spawn(move || {
                for i in 0u8..20 {
                    database
                        .commit(&[put("grants", &[thread, i], &[i])])
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(database.list("grants", b"").unwrap().len(), 80);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sqlite_agrees_with_the_model(batches in proptest::collection::vec(writes(), 1..4), prefix in proptest::collection::vec(any::<u8>(), 0..2)) {
        let folder = tempfile::tempdir().unwrap();
        let database = SqliteDatabase::open(&folder.path().join("db")).unwrap();
        let model = MemoryDatabase::default();
        for batch in &batches {
            database.commit(batch).unwrap();
            model.commit(batch).unwrap();
        }
        for table in TABLES {
            for prefix in [&prefix[..], b"", b"\xff"] {
                let both: [BTreeMap<_, _>; 2] = [&database as &dyn Database, &model]
                    .map(|d| d.list(table, prefix).unwrap().into_iter().collect());
                prop_assert_eq!(&both[0], &both[1]);
            }
        }
    }
}
