use alloy::primitives::{B256, U64};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::rpc::{INVALID_PARAMS, Params, RpcError};

/// A method's parameters by position; null and left out are the same.
pub(super) struct Args(Vec<Value>);

impl Args {
    pub(super) fn new(params: Params) -> Result<Self, RpcError> {
        match params {
            Params::Listed(list) => Ok(Self(list)),
            Params::Named(_) => Err(RpcError::new(INVALID_PARAMS, "non-array args")),
        }
    }

    pub(super) fn optional<T: DeserializeOwned>(
        &self,
        index: usize,
    ) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some).map_err(|error| {
                RpcError::new(INVALID_PARAMS, format!("invalid argument {index}: {error}"))
            }),
        }
    }

    pub(super) fn required<T: DeserializeOwned>(&self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?.ok_or_else(|| {
            RpcError::new(
                INVALID_PARAMS,
                format!("missing value for required argument {index}"),
            )
        })
    }

    pub(super) fn is_pending(&self, index: usize) -> bool {
        self.0.get(index).and_then(Value::as_str) == Some("pending")
    }
}

/// A block as requests name it: a tag, a number, or by EIP-1898 an object with either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) enum BlockRef {
    /// Also for `pending`, `safe` and `finalized`: blocks here are final at once.
    #[default]
    Latest,
    Earliest,
    Number(u64),
    Hash(B256),
}

impl TryFrom<Value> for BlockRef {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = |value: &Value| {
            U64::deserialize(value)
                .map(|n| Self::Number(n.to()))
                .map_err(|error| error.to_string())
        };
        match &value {
            Value::String(tag) => match tag.as_str() {
                "latest" | "pending" | "safe" | "finalized" => Ok(Self::Latest),
                "earliest" => Ok(Self::Earliest),
                hash if hash.len() == 66 => hash
                    .parse()
                    .map(Self::Hash)
                    .map_err(|_| "neither a block's number nor its hash".to_owned()),
                _ => number(&value),
            },
            Value::Object(fields) => match (fields.get("blockHash"), fields.get("blockNumber")) {
                (Some(hash), None) => B256::deserialize(hash)
                    .map(Self::Hash)
                    .map_err(|error| error.to_string()),
                (None, Some(block)) => number(block),
                _ => Err("a block is named by its hash or by its number".to_owned()),
            },
            _ => Err("neither a block's number nor its hash".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_are_named_by_tag_number_or_hash() {
        let hash = B256::repeat_byte(7);
        for (value, block) in [
            (json!("latest"), BlockRef::Latest),
            (json!("pending"), BlockRef::Latest),
            (json!("earliest"), BlockRef::Earliest),
            (json!("0x10"), BlockRef::Number(16)),
            (json!({ "blockNumber": "0x0" }), BlockRef::Number(0)),
            (
                json!({ "blockHash": hash, "requireCanonical": true }),
                BlockRef::Hash(hash),
            ),
        ] {
            assert_eq!(BlockRef::try_from(value), Ok(block));
        }
        for bad in [json!("newest"), json!({}), json!([]), json!("0xzz")] {
            assert!(BlockRef::try_from(bad).is_err());
        }
    }
}
