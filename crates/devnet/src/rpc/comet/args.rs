use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use crate::rpc::{INVALID_PARAMS, Params, RpcError};

/// A method's parameters by name. CometBFT takes numbers as digits in strings, and bytes as
/// 0x-hex in a URI, as base64 or bare hex in JSON.
pub(super) struct Args(Map<String, Value>);

fn invalid(name: &str) -> RpcError {
    RpcError::new(INVALID_PARAMS, "Invalid params")
        .with_data(format!("error converting the argument {name}"))
}

impl Args {
    pub(super) fn new(params: Params, names: &[&str]) -> Result<Self, RpcError> {
        match params {
            Params::Named(named) => Ok(Self(named)),
            Params::Listed(list) if list.len() > names.len() => {
                Err(RpcError::new(INVALID_PARAMS, "Invalid params").with_data("too many arguments"))
            }
            Params::Listed(list) => Ok(Self(
                names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .zip(list)
                    .collect(),
            )),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, RpcError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(digits)) if digits.is_empty() => Ok(None),
            Some(Value::String(digits)) => digits.parse().map(Some).map_err(|_| invalid(name)),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| invalid(name)),
        }
    }

    pub(super) fn height(&self) -> Result<Option<u64>, RpcError> {
        self.number("height")
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, RpcError> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| invalid(name)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, RpcError> {
        self.get(name)
            .map(|value| value.as_str().ok_or_else(|| invalid(name)))
            .transpose()
    }

    /// 32 bytes, as hex with or without 0x, or as base64.
    pub(super) fn hash(&self, name: &str) -> Result<Vec<u8>, RpcError> {
        /// Characters of 32 bytes in base64.
        const BASE64_CHARS: usize = 44;
        let text = self.text(name)?.ok_or_else(|| invalid(name))?;
        let bytes = if text.len() == BASE64_CHARS {
            BASE64_STANDARD.decode(text).ok()
        } else {
            hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()
        };
        bytes
            .filter(|bytes| bytes.len() == 32)
            .ok_or_else(|| invalid(name))
    }

    /// Bytes as hex, with or without 0x.
    pub(super) fn hex(&self, name: &str) -> Result<Vec<u8>, RpcError> {
        let text = self.text(name)?.unwrap_or_default();
        hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|_| invalid(name))
    }

    /// Bytes as 0x-hex or base64.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, RpcError> {
        let text = self.text(name)?.ok_or_else(|| invalid(name))?;
        match text.strip_prefix("0x") {
            Some(digits) => hex::decode(digits).map_err(|_| invalid(name)),
            None => BASE64_STANDARD.decode(text).map_err(|_| invalid(name)),
        }
    }
}
