//! Typed tables over the profile's database, sealed under the vault's database key.

use std::sync::Arc;

use dhc_ipc::Failure;
use dhc_vault::DatabaseKey;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    entropy::Rng,
    failure::{damaged, store_failure},
    ports::{Database, Write},
};

/// A table whose values are sealed; the name and the key are bound in, so that values cannot
/// be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table(pub &'static str);

pub const RECORDS: Table = Table("records");
pub const JOURNAL: Table = Table("journal");
pub const HISTORIES: Table = Table("histories");
pub const CONTACTS: Table = Table("contacts");
pub const OPENINGS: Table = Table("openings");
pub const ACTIVITY: Table = Table("activity");
pub const SEALING: Table = Table("sealing");
pub const HEIGHTS: Table = Table("heights");
pub const NOTES: Table = Table("notes");
pub const SPONSORS: Table = Table("sponsors");
pub const SPONSORING: Table = Table("sponsoring");
pub const REQUESTS: Table = Table("requests");
pub const GLASS: Table = Table("glass");
pub const STORAGE: Table = Table("storage");
pub const OBJECTS: Table = Table("objects");
pub const PIN_SERVICES: Table = Table("pin_services");
pub const PINS: Table = Table("pins");
pub const IDENTITY: Table = Table("identity");

/// The profile's database as use cases see it, while the vault is open.
#[derive(Clone)]
pub struct Sealed {
    database: Arc<dyn Database>,
    key: DatabaseKey,
    rng: Rng,
}

/// Changes that are applied together.
#[derive(Default)]
pub struct Batch(Vec<Write>);

impl Sealed {
    pub fn new(database: Arc<dyn Database>, key: DatabaseKey, rng: Rng) -> Self {
        Self { database, key, rng }
    }

    fn bound_to(table: Table, key: &[u8]) -> Vec<u8> {
        [table.0.as_bytes(), &[0], key].concat()
    }

    fn open<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<T, Failure> {
        let plain = self
            .key
            .open(&Self::bound_to(table, key), sealed)
            .map_err(|_| damaged(table.0))?;
        serde_json::from_slice(&plain).map_err(|_| damaged(table.0))
    }

    pub fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, Failure> {
        self.database
            .get(table.0, key)
            .map_err(store_failure)?
            .map(|sealed| self.open(table, key, &sealed))
            .transpose()
    }

    /// Every value of a table, in the order of its keys.
    pub fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<(Vec<u8>, T)>, Failure> {
        self.database
            .list(table.0, &[])
            .map_err(store_failure)?
            .into_iter()
            .map(|(key, sealed)| self.open(table, &key, &sealed).map(|value| (key, value)))
            .collect()
    }

    pub fn put<T: Serialize>(&self, table: Table, key: &[u8], value: &T) -> Result<(), Failure> {
        let mut batch = Batch::default();
        self.stage(&mut batch, table, key, value)?;
        self.commit(batch)
    }

    pub fn stage<T: Serialize>(
        &self,
        batch: &mut Batch,
        table: Table,
        key: &[u8],
        value: &T,
    ) -> Result<(), Failure> {
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(value).map_err(|_| damaged(table.0))?);
        let sealed = self
            .key
            .seal(&Self::bound_to(table, key), &plain, &mut self.rng.clone());
        batch.0.push(Write::Put {
            table: table.0,
            key: key.to_vec(),
            value: sealed,
        });
        Ok(())
    }

    pub fn delete(&self, table: Table, key: &[u8]) -> Result<(), Failure> {
        let mut batch = Batch::default();
        batch.delete(table, key);
        self.commit(batch)
    }

    pub fn commit(&self, batch: Batch) -> Result<(), Failure> {
        if batch.0.is_empty() {
            return Ok(());
        }
        self.database.commit(&batch.0).map_err(store_failure)
    }
}

impl Batch {
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.0.push(Write::Delete {
            table: table.0,
            key: key.to_vec(),
        });
    }
}
