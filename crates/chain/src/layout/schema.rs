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
    base: Option<String>,
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
    /// An array of any length, of elements that fill a slot each.
    Array {
        element: String,
    },
    /// Strings and packed arrays: nothing of ours is read from them.
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
    // A checkpoint of OpenZeppelin's histories is a structure of one slot.
    let checkpoint = |base: &&String| base.starts_with("t_struct(Checkpoint208)");
    if let ("dynamic_array", Some(element)) =
        (raw.encoding.as_str(), raw.base.as_ref().filter(checkpoint))
    {
        return Ok(Type::Array {
            element: element.clone(),
        });
    }
    // Smaller elements share slots; these are the two of ours that do not.
    let full = |base: &String| matches!(base.as_str(), "t_bytes32" | "t_uint256");
    if let ("dynamic_array", Some(element)) = (raw.encoding.as_str(), raw.base.filter(full)) {
        return Ok(Type::Array { element });
    }
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
