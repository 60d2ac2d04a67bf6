use alloy::primitives::{Address, B256, U256, keccak256};

use super::{Layout, LayoutError, Type, Word, Words, schema::Member};

/// A key of a mapping, as its 32-byte word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Address(Address),
    Uint(U256),
    Bytes32(B256),
}

impl From<Address> for Key {
    fn from(a: Address) -> Self {
        Self::Address(a)
    }
}

impl From<B256> for Key {
    fn from(b: B256) -> Self {
        Self::Bytes32(b)
    }
}

impl From<U256> for Key {
    fn from(n: U256) -> Self {
        Self::Uint(n)
    }
}

impl From<u64> for Key {
    fn from(n: u64) -> Self {
        Self::Uint(U256::from(n))
    }
}

impl Key {
    fn word(self, kind: &str) -> Option<B256> {
        match self {
            Self::Address(a)
                if kind.starts_with("t_address") || kind.starts_with("t_contract(") =>
            {
                Some(a.into_word())
            }
            Self::Uint(n) if kind.starts_with("t_uint") => Some(B256::from(n)),
            Self::Bytes32(b) if kind == "t_bytes32" => Some(b),
            _ => None,
        }
    }
}

/// Where a value lies: its first slot, and how far from the slot's low end it begins.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    layout: &'a Layout,
    slot: U256,
    offset: usize,
    kind: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        base: U256,
        member: &'a Member,
    ) -> Result<Self, LayoutError> {
        Ok(Self {
            layout,
            slot: base.wrapping_add(member.slot),
            offset: member.offset,
            kind: &member.kind,
        })
    }

    /// The value under `key` of a mapping: at keccak256(key ‖ slot of the mapping).
    pub fn key(self, key: impl Into<Key>) -> Result<Self, LayoutError> {
        let Type::Mapping {
            key: key_kind,
            value,
        } = self.layout.kind(self.kind)?
        else {
            return Err(LayoutError::NotAMapping(self.kind.to_owned()));
        };
        let word = key
            .into()
            .word(key_kind)
            .ok_or_else(|| LayoutError::KeyType(self.kind.to_owned()))?;
        let preimage = [word.0, self.slot.to_be_bytes::<32>()].concat();
        Ok(Self {
            layout: self.layout,
            slot: keccak256(preimage).into(),
            offset: 0,
            kind: value,
        })
    }

    /// The element `index` of an array: at keccak256(slot of the array) + index.
    pub fn element(self, index: u64) -> Result<Self, LayoutError> {
        let Type::Array { element } = self.layout.kind(self.kind)? else {
            return Err(LayoutError::NotAnArray(self.kind.to_owned()));
        };
        let first = U256::from_be_bytes(keccak256(self.slot.to_be_bytes::<32>()).0);
        Ok(Self {
            layout: self.layout,
            slot: first.wrapping_add(U256::from(index)),
            offset: 0,
            kind: element,
        })
    }

    /// The length of an array, from slots that were read.
    pub fn length(&self, words: &Words) -> Result<u64, LayoutError> {
        let Type::Array { .. } = self.layout.kind(self.kind)? else {
            return Err(LayoutError::NotAnArray(self.kind.to_owned()));
        };
        let word = words.get(&self.slot()).ok_or(LayoutError::NotRead)?;
        u64::try_from(U256::from_be_bytes(word.0))
            .map_err(|_| LayoutError::Value(format!("a length of {word}")))
    }

    /// A field of a structure.
    pub fn field(self, name: &str) -> Result<Self, LayoutError> {
        let Type::Structure { fields, .. } = self.layout.kind(self.kind)? else {
            return Err(LayoutError::NotAStructure(self.kind.to_owned()));
        };
        let member = fields
            .get(name)
            .ok_or_else(|| LayoutError::NoField(name.to_owned()))?;
        Self::new(self.layout, self.slot, member)
    }

    /// The first slot.
    pub fn slot(&self) -> B256 {
        B256::from(self.slot)
    }

    /// Every slot of the value: one, or all of a structure.
    pub fn slots(&self) -> Result<Vec<B256>, LayoutError> {
        let count = match self.layout.kind(self.kind)? {
            Type::Structure { slots, .. } => *slots,
            _ => 1,
        };
        Ok((0..count)
            .map(|i| B256::from(self.slot.wrapping_add(U256::from(i))))
            .collect())
    }

    /// The bytes of the value within its slot, counted from the slot's high end.
    pub fn bytes(&self) -> Result<std::ops::Range<usize>, LayoutError> {
        let Type::Value { bytes } = self.layout.kind(self.kind)? else {
            return Err(LayoutError::Value(format!("{} is not a value", self.kind)));
        };
        let end = 32 - self.offset;
        let start = end
            .checked_sub(*bytes)
            .ok_or_else(|| LayoutError::Malformed(self.kind.to_owned()))?;
        Ok(start..end)
    }

    /// The value, from slots that were read.
    pub fn read<T: Word>(&self, words: &Words) -> Result<T, LayoutError> {
        let word = words.get(&self.slot()).ok_or(LayoutError::NotRead)?;
        let bytes = &word[self.bytes()?];
        T::decode(self.kind, bytes)
            .ok_or_else(|| LayoutError::Value(format!("not a value of {}", self.kind)))
    }

    /// The value of a field of a structure, from slots that were read.
    pub fn get<T: Word>(&self, field: &str, words: &Words) -> Result<T, LayoutError> {
        self.field(field)?.read(words)
    }
}
