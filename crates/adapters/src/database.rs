//! The database in one SQLite file.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use dhc_app::ports::{Database, StoreError, Write};
use rusqlite::{Connection, ErrorCode, OptionalExtension, ffi, params};

use crate::{durable, lock::HomeLock};

/// The layout below, kept in SQLite's `user_version`.
const LAYOUT: i64 = 1;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS kv (
    tbl   TEXT NOT NULL,
    key   BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (tbl, key)
) WITHOUT ROWID";

/// Tables of keys and sealed values in one SQLite file, in write-ahead mode with every commit
/// flushed to the disk.
#[derive(Debug)]
pub struct SqliteDatabase {
    connection: Mutex<Connection>,
    _lock: Option<Arc<HomeLock>>,
}

impl SqliteDatabase {
    /// Opens the file at `path`, creating it where there is none.
    ///
    /// # Errors
    /// `Damaged` when the file is not a database, or one that a newer version laid out.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite gives its side files the mode of the main file, so that one is made first.
        let mut options = durable::private();
        options.write(true).create(true).truncate(false);
        options
            .open(path)
            .map_err(durable::failed("the database"))?;

        let connection = Connection::open(path).map_err(failed)?;
        prepare(&connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
            _lock: None,
        })
    }

    pub(crate) fn holding(self, lock: Arc<HomeLock>) -> Self {
        Self {
            _lock: Some(lock),
            ..self
        }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic cannot leave the connection half changed: an open transaction rolls back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database for SqliteDatabase {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("SELECT value FROM kv WHERE tbl = ?1 AND key = ?2")
            .map_err(failed)?;
        select
            .query_row(params![table, key], |row| row.get(0))
            .optional()
            .map_err(failed)
    }

    fn list(
        &self,
        table: &'static str,
        prefix: &[u8],
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let connection = self.connection();
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let select = "SELECT key, value FROM kv WHERE tbl = ?1 AND key >= ?2";
        let entries = match after(prefix) {
            Some(end) => connection
                .prepare_cached(&format!("{select} AND key < ?3 ORDER BY key"))
                .and_then(|mut s| s.query_map(params![table, prefix, end], pair)?.collect()),
            None => connection
                .prepare_cached(&format!("{select} ORDER BY key"))
                .and_then(|mut s| s.query_map(params![table, prefix], pair)?.collect()),
        };
        entries.map_err(failed)
    }

    fn commit(&self, batch: &[Write]) -> Result<(), StoreError> {
        let mut connection = self.connection();
        apply(&mut connection, batch).map_err(failed)
    }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    let set = |name, value| connection.pragma_update(None, name, value).map_err(failed);
    set("journal_mode", "WAL")?;
    set("synchronous", "FULL")?;
    set("trusted_schema", "OFF")?;
    let layout: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    if layout > LAYOUT {
        return Err(StoreError::Damaged(
            "a newer version wrote the database".into(),
        ));
    }
    connection.execute_batch(CREATE).map_err(failed)?;
    connection
        .pragma_update(None, "user_version", LAYOUT)
        .map_err(failed)
}

fn apply(connection: &mut Connection, batch: &[Write]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for write in batch {
        match write {
            Write::Put { table, key, value } => transaction
                .prepare_cached("INSERT OR REPLACE INTO kv (tbl, key, value) VALUES (?1, ?2, ?3)")?
                .execute(params![table, key, value])?,
            Write::Delete { table, key } => transaction
                .prepare_cached("DELETE FROM kv WHERE tbl = ?1 AND key = ?2")?
                .execute(params![table, key])?,
        };
    }
    transaction.commit()
}

/// The least key above every key that begins with `prefix`; `None` where there is no bound.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

fn failed(error: rusqlite::Error) -> StoreError {
    let extended = error.sqlite_error().map(|e| e.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        // The index of the write-ahead log finds no room.
        Some(_) if extended == Some(ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged("the database is not what was written".into())
        }
        // SQLite's words only: the crate's own errors may quote the path.
        Some(code) => StoreError::Io(format!("the database: {code:?}")),
        None => StoreError::Io("the database refused a statement".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn put(key: &[u8], value: Vec<u8>) -> Write {
        Write::Put {
            table: "t",
            key: key.to_vec(),
            value,
        }
    }

    #[test]
    fn a_database_without_room_says_so_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let database = SqliteDatabase::open(&folder.path().join("db")).unwrap();
        database.commit(&[put(b"kept", vec![1])]).unwrap();
        database
            .connection()
            .pragma_update(None, "max_page_count", 16)
            .unwrap();
        let batch = [put(b"small", vec![1]), put(b"large", vec![0; 1 << 20])];
        assert!(matches!(database.commit(&batch), Err(StoreError::Full)));
        assert_eq!(database.get("t", b"small").unwrap(), None);
        assert_eq!(database.get("t", b"kept").unwrap(), Some(vec![1]));
        database.commit(&[put(b"small", vec![2])]).unwrap();
    }

    #[test]
    fn a_file_that_is_no_database_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        fs::write(&path, [0x5a; 8192]).unwrap();
        assert!(matches!(
            SqliteDatabase::open(&path),
            Err(StoreError::Damaged(_))
        ));
    }

    #[test]
    fn overwritten_pages_are_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let database = SqliteDatabase::open(&path).unwrap();
        let batch: Vec<_> = (0u32..500)
            .map(|i| put(&i.to_be_bytes(), vec![7; 500]))
            .collect();
        database.commit(&batch).unwrap();
        drop(database);
        let mut bytes = fs::read(&path).unwrap();
        let half = bytes.len() / 2;
        bytes[4096..half].fill(0xff);
        fs::write(&path, bytes).unwrap();
        let read = SqliteDatabase::open(&path).and_then(|database| database.list("t", b""));
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
    }

    #[test]
    fn a_newer_layout_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let database = SqliteDatabase::open(&path).unwrap();
        database
            .connection()
            .pragma_update(None, "user_version", LAYOUT + 1)
            .unwrap();
        drop(database);
        assert!(matches!(
            SqliteDatabase::open(&path),
            Err(StoreError::Damaged(_))
        ));
    }

    #[test]
    fn prefixes_are_bounded_above() {
        assert_eq!(after(b""), None);
        assert_eq!(after(b"a"), Some(b"b".to_vec()));
        assert_eq!(after(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(after(b"\xff\xff"), None);
    }
}
