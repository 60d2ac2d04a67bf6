use std::collections::BTreeMap;

use alloy::primitives::U256;
use serde::Deserialize;

use super::{Layout, LayoutError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    pub storage_layout: RawLayout,
}

/// `storageLayout` as solc writes it.
#[derive(Deserialize)]
pub(super) struct RawLayout {
    storage: Vec<RawMember>,
    #[serde(default)]
    types: Option<BTreeMap<String, RawType>>,
}

#[derive(Deserialize)]
struct RawMember {
    label: String,
    slot: String,
    offset: usize,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawType {
    encoding: String,
    number_of_bytes: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    members: Option<Vec<RawMember>>,
}

/// A variable, or a field of a structure: its slot counts from the structure's first.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub slot: U256,
    pub offset: usize,
    pub kind: String,
}

#[derive(Clone, Debug)]
pub(super) enum Type {
    /// A value of so many bytes within one slot.
    Value {
        bytes: usize,
    },
    Mapping {
        key: String,
        value: String,
    },
    Structure {
        slots: usize,
        fields: BTreeMap<String, Member>,
    },
    /// Arrays, strings: nothing of ours is read from them.
    Other,
}

pub(super) fn layout(raw: RawLayout) -> Result<Layout, LayoutError> {
    let types = raw
        .types
        .unwrap_or_default()
        .into_iter()
        .map(|(id, t)| Ok((id, kind(t)?)));
    Ok(Layout {
        variables: members(raw.storage)?,
        types: types.collect::<Result<_, _>>()?,
    })
}

fn members(raw: Vec<RawMember>) -> Result<BTreeMap<String, Member>, LayoutError> {
    raw.into_iter()
        .map(|m| {
            let slot = m
                .slot
                .parse()
                .map_err(|_| LayoutError::Malformed(format!("slot of {}", m.label)))?;
            if m.offset >= 32 {
                return Err(LayoutError::Malformed(format!("offset of {}", m.label)));
            }
            Ok((
                m.label,
                Member {
                    slot,
                    offset: m.offset,
                    kind: m.kind,
                },
            ))
        })
        .collect()
}

fn kind(raw: RawType) -> Result<Type, LayoutError> {
    let bytes: usize = raw
        .number_of_bytes
        .parse()
        .map_err(|_| LayoutError::Malformed("numberOfBytes".into()))?;
    match (raw.encoding.as_str(), raw.key, raw.value, raw.members) {
        ("mapping", Some(key), Some(value), _) => Ok(Type::Mapping { key, value }),
        ("inplace", _, _, Some(fields)) => Ok(Type::Structure {
            slots: bytes.div_ceil(32),
            fields: members(fields)?,
        }),
        ("inplace", _, _, None) if (1..=32).contains(&bytes) => Ok(Type::Value { bytes }),
        _ => Ok(Type::Other),
    }
}
