//! Where a contract keeps a variable, computed from the compiler's own `storageLayout`
//! (Solidity documentation, "Layout of State Variables in Storage").
//!
//! `layout.variable("grants")?.key(id)?.field("owner")?` is a place: a slot, and the bytes in it.

mod place;
mod schema;
mod word;

use std::collections::BTreeMap;

use alloy::primitives::{B256, U256};

pub use place::{Key, Place};
pub use word::Word;

use schema::{Member, Type};

/// Why a place or its value is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("the storage layout is not the compiler's: {0}")]
    Malformed(String),
    #[error("the contract has no variable {0}")]
    NoVariable(String),
    #[error("the structure has no field {0}")]
    NoField(String),
    #[error("{0} is no mapping")]
    NotAMapping(String),
    #[error("{0} is no structure")]
    NotAStructure(String),
    #[error("{0} is no array of whole slots")]
    NotAnArray(String),
    #[error("a key of {0} is of another type")]
    KeyType(String),
    #[error("the slot was not read")]
    NotRead,
    #[error("{0}")]
    Value(String),
}

/// A contract's storage layout.
#[derive(Clone, Debug)]
pub struct Layout {
    variables: BTreeMap<String, Member>,
    types: BTreeMap<String, Type>,
}

/// Slots that were read, by number.
pub type Words = BTreeMap<B256, B256>;

impl Layout {
    /// Reads a compiler's `storageLayout` object.
    pub fn parse(json: &str) -> Result<Self, LayoutError> {
        let value =
            serde_json::from_str(json).map_err(|e| LayoutError::Malformed(e.to_string()))?;
        schema::layout(value)
    }

    /// Reads the `storageLayout` of a contract artifact.
    pub fn of_artifact(json: &str) -> Result<Self, LayoutError> {
        let artifact: schema::Artifact =
            serde_json::from_str(json).map_err(|e| LayoutError::Malformed(e.to_string()))?;
        schema::layout(artifact.storage_layout)
    }

    /// The place of a state variable.
    pub fn variable(&self, name: &str) -> Result<Place<'_>, LayoutError> {
        let member = self
            .variables
            .get(name)
            .ok_or_else(|| LayoutError::NoVariable(name.to_owned()))?;
        Place::new(self, U256::ZERO, member)
    }

    fn kind(&self, id: &str) -> Result<&Type, LayoutError> {
        self.types
            .get(id)
            .ok_or_else(|| LayoutError::Malformed(format!("no type {id}")))
    }
}
