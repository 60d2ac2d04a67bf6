//! Trusted headers in one file of the profile.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use dhc_chain::ports::{Evidence, HeaderStore, StoreError};
use dhc_domain::Height;
use redb::{Database, ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::durable;

/// Light blocks in the chain crate's encoding, by height.
const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("light_blocks_1");
/// The checkpoint that a person has confirmed, where there is one: a light block.
const ANCHOR: TableDefinition<(), &[u8]> = TableDefinition::new("anchor_1");

/// A header store in a redb file: a block put is on the disk, or not at all.
#[derive(Debug)]
pub struct RedbHeaderStore {
    database: Database,
    /// Beside the database, as a person sends it on.
    evidence: PathBuf,
}

impl RedbHeaderStore {
    /// Opens the file, making it where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let io = |e| failed(redb::Error::Io(e));
        if !path.try_exists().map_err(io)? {
            // Made whole beside its place: a file that a full disk or a crash cut short in its
            // making is none that redb would open again.
            let fresh = path.with_extension("new");
            match fs::remove_file(&fresh) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
                _ => {}
            }
            Self::open_file(&fresh).map(drop).inspect_err(|_| {
                // What did not fit must not go on taking room.
                let _ = fs::remove_file(&fresh);
            })?;
            fs::rename(&fresh, path).map_err(io)?;
        }
        Self::open_file(path)
    }

    fn open_file(path: &Path) -> Result<Self, StoreError> {
        let mut options = durable::private();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        let database = redb::Builder::new().create_file(file).map_err(failed)?;
        let evidence = path.with_extension("conflict.json");
        let store = Self { database, evidence };
        store.write(|table| table.len().map(drop))?;
        Ok(store)
    }

    fn evidence_name(&self) -> (&Path, String) {
        let name = self.evidence.file_name().unwrap_or_default();
        let folder = self.evidence.parent().unwrap_or(Path::new("."));
        (folder, name.to_string_lossy().into_owned())
    }

    fn read<T>(
        &self,
        f: impl FnOnce(Table<'_>) -> Result<T, redb::StorageError>,
    ) -> Result<T, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        f(&transaction.open_table(BLOCKS).map_err(failed)?).map_err(failed)
    }

    fn write(
        &self,
        f: impl FnOnce(&mut TableMut<'_>) -> Result<(), redb::StorageError>,
    ) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        f(&mut transaction.open_table(BLOCKS).map_err(failed)?).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

type Table<'a> = &'a redb::ReadOnlyTable<u64, &'static [u8]>;
type TableMut<'a> = redb::Table<'a, u64, &'static [u8]>;
type Found<'a> = Option<
    Result<
        (
            redb::AccessGuard<'a, u64>,
            redb::AccessGuard<'a, &'static [u8]>,
        ),
        redb::StorageError,
    >,
>;

fn block(found: Found<'_>) -> Result<Option<(Height, Vec<u8>)>, redb::StorageError> {
    found
        .transpose()
        .map(|pair| pair.map(|(height, block)| (Height(height.value()), block.value().to_vec())))
}

impl HeaderStore for RedbHeaderStore {
    fn put(&self, height: Height, block: &[u8]) -> Result<(), StoreError> {
        self.write(|table| table.insert(height.0, block).map(drop))
    }

    fn get(&self, height: Height) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|table| Ok(table.get(height.0)?.map(|block| block.value().to_vec())))
    }

    fn latest(&self) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.read(|table| block(table.iter()?.next_back()))
    }

    fn at_or_below(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.read(|table| block(table.range(..=height.0)?.next_back()))
    }

    fn at_or_above(&self, height: Height) -> Result<Option<(Height, Vec<u8>)>, StoreError> {
        self.read(|table| block(table.range(height.0..)?.next()))
    }

    fn prune(&self, below: Height, keep: Height) -> Result<(), StoreError> {
        self.write(|table| table.retain(|height, _| height >= below.0 || height == keep.0))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.write(|table| table.retain(|_, _| false))
    }

    fn keep_anchor(&self, block: Option<&[u8]>) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(failed)?;
        {
            let mut table = transaction.open_table(ANCHOR).map_err(failed)?;
            match block {
                Some(block) => table.insert((), block).map(drop),
                None => table.remove(()).map(drop),
            }
            .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn anchor(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        // Most stores never had one, and so have no table for it.
        let table = match transaction.open_table(ANCHOR) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table.map_err(failed)?,
        };
        let block = table.get(()).map_err(failed)?;
        Ok(block.map(|block| block.value().to_vec()))
    }

    fn keep_evidence(&self, evidence: &[u8]) -> Result<Option<String>, StoreError> {
        let (folder, name) = self.evidence_name();
        durable::replace(folder, &name, evidence).map_err(io_failed)?;
        Ok(Some(self.evidence.display().to_string()))
    }

    fn evidence(&self) -> Result<Option<Evidence>, StoreError> {
        let bytes = durable::read(&self.evidence).map_err(io_failed)?;
        let place = Some(self.evidence.display().to_string());
        Ok(bytes.map(|bytes| Evidence { bytes, place }))
    }

    fn dismiss_evidence(&self) -> Result<(), StoreError> {
        if !self.evidence.exists() {
            return Ok(());
        }
        let old = (1..).map(|n| self.evidence.with_extension(format!("{n}.json")));
        let Some(free) = old.into_iter().find(|path| !path.exists()) else {
            return Ok(());
        };
        fs::rename(&self.evidence, free).map_err(io_failed)?;
        durable::sync_folder(self.evidence_name().0).map_err(io_failed)
    }
}

fn io_failed(error: io::Error) -> StoreError {
    failed(redb::Error::Io(error))
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(error) if durable::no_room(&error) => StoreError::Full,
        error => StoreError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use dhc_chain::ports::MemoryHeaderStore;

    use super::*;

    /// What every header store does.
    fn conforms(store: &dyn HeaderStore) -> Result<(), StoreError> {
        let h = Height;
        assert_eq!(
            (store.latest()?, store.at_or_below(h(9))?, store.get(h(1))?),
            (None, None, None)
        );
        for height in [1, 10, 20, 30] {
            store.put(h(height), &[height as u8])?;
        }
        store.put(h(20), b"again")?;
        assert_eq!(store.get(h(20))?.as_deref(), Some(&b"again"[..]));
        assert_eq!(store.latest()?, Some((h(30), vec![30])));
        assert_eq!(store.at_or_below(h(19))?, Some((h(10), vec![10])));
        assert_eq!(store.at_or_above(h(11))?, Some((h(20), b"again".to_vec())));
        assert_eq!(store.at_or_above(h(31))?, None);
        store.prune(h(20), h(1))?;
        assert_eq!((store.get(h(1))?, store.get(h(10))?), (Some(vec![1]), None));
        assert_eq!(store.at_or_below(h(29))?, Some((h(20), b"again".to_vec())));
        assert_eq!(
            (store.evidence()?, store.dismiss_evidence().is_ok()),
            (None, true)
        );
        store.keep_evidence(b"first")?;
        let place = store.keep_evidence(b"second")?;
        store.clear()?;
        assert_eq!(store.latest()?, None);
        let bytes = b"second".to_vec();
        assert_eq!(store.evidence()?, Some(Evidence { bytes, place }));
        store.dismiss_evidence()?;
        assert_eq!(store.evidence()?, None);
        store.keep_anchor(None)?;
        assert_eq!(store.anchor()?, None);
        store.keep_anchor(Some(b"first"))?;
        store.keep_anchor(Some(b"second"))?;
        store.clear()?;
        assert_eq!(store.anchor()?.as_deref(), Some(&b"second"[..]));
        store.keep_anchor(None)?;
        assert_eq!(store.anchor()?, None);
        Ok(())
    }

    #[test]
    fn memory_and_file_conform() -> Result<(), StoreError> {
        let folder = tempfile::tempdir()
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        conforms(&MemoryHeaderStore::default())?;
        conforms(&RedbHeaderStore::open(&folder.path().join("headers"))?)
    }

    #[test]
    fn a_making_that_was_cut_short_does_not_matter() -> Result<(), StoreError> {
        let folder = tempfile::tempdir()
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        let path = folder.path().join("headers.redb");
        let half = path.with_extension("new");
        fs::write(half, vec![0; 5000])
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        RedbHeaderStore::open(&path)?.put(Height(7), b"block")
    }

    #[test]
    fn evidence_outlives_the_process_and_its_dismissal() -> Result<(), StoreError> {
        let folder = tempfile::tempdir()
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        let path = folder.path().join("chain.redb");
        for n in [1, 2] {
            let place = RedbHeaderStore::open(&path)?.keep_evidence(b"{}")?;
            let store = RedbHeaderStore::open(&path)?;
            assert_eq!(store.evidence()?.and_then(|e| e.place), place);
            store.dismiss_evidence()?;
            assert!(
                folder
                    .path()
                    .join(format!("chain.conflict.{n}.json"))
                    .exists()
            );
        }
        Ok(())
    }

    #[test]
    fn what_was_put_is_there_after_reopening() -> Result<(), StoreError> {
        let folder = tempfile::tempdir()
            .map_err(redb::Error::Io)
            .map_err(failed)?;
        let path = folder.path().join("headers");
        RedbHeaderStore::open(&path)?.put(Height(7), b"block")?;
        assert_eq!(
            RedbHeaderStore::open(&path)?.latest()?,
            Some((Height(7), b"block".to_vec()))
        );
        Ok(())
    }
}
