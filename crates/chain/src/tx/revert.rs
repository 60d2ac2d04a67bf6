use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    sol_types::{Revert as RevertString, SolError},
};

use crate::{contracts::error_signature, node::words};

/// Why a contract refused, decoded from what it returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revert {
    /// The custom error's name, as `GrantRevoked`; `Error` for a text, empty where nothing was
    /// returned, the selector in hex where it is none of the product's.
    pub name: String,
    /// Its arguments as text.
    pub args: Vec<String>,
}

impl std::fmt::Display for Revert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name.as_str(), self.args.as_slice()) {
            ("", _) => f.write_str("reverted"),
            (name, []) => f.write_str(name),
            (name, args) => write!(f, "{name}({})", args.join(", ")),
        }
    }
}

impl Revert {
    /// Decodes the data that a reverted call returned.
    pub fn decode(data: &[u8]) -> Self {
        let Some((selector, args)) = data.split_first_chunk::<4>() else {
            return Self {
                name: String::new(),
                args: Vec::new(),
            };
        };
        if *selector == RevertString::SELECTOR
            && let Ok(revert) = RevertString::abi_decode(data)
        {
            return Self {
                name: "Error".into(),
                args: vec![words(&revert.reason)],
            };
        }
        let Some((name, kinds)) = error_signature(*selector).and_then(|s| s.split_once('(')) else {
            return Self {
                name: format!("0x{}", hex::encode(selector)),
                args: Vec::new(),
            };
        };
        let decoded =
            DynSolType::parse(&format!("({kinds}")).and_then(|kind| kind.abi_decode_params(args));
        let args = match decoded {
            Ok(DynSolValue::Tuple(values)) => values.iter().map(text).collect(),
            Ok(value) => vec![text(&value)],
            Err(_) => Vec::new(),
        };
        Self {
            name: name.to_owned(),
            args,
        }
    }
}

fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Address(a) => a.to_checksum(None),
        DynSolValue::Uint(n, _) => n.to_string(),
        DynSolValue::Int(n, _) => n.to_string(),
        DynSolValue::Bool(b) => b.to_string(),
        DynSolValue::String(s) => words(s),
        DynSolValue::FixedBytes(b, n) => format!("0x{}", hex::encode(&b[..*n])),
        DynSolValue::Bytes(b) => format!("0x{}", hex::encode(b)),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use alloy::{primitives::Address, sol_types::SolError};

    use super::Revert;
    use crate::contracts::{Consent, IncentivePool};

    #[test]
    fn a_refusal_is_named_with_its_arguments() {
        let revoked = Revert::decode(&Consent::GrantRevoked {}.abi_encode());
        assert_eq!(revoked.to_string(), "GrantRevoked");
        let listed = Consent::ApproverInvalid {
            account: Address::ZERO,
        }
        .abi_encode();
        assert_eq!(
            Revert::decode(&listed).args,
            [Address::ZERO.to_checksum(None)]
        );
        let few = IncentivePool::TooFewAttestations {
            given: alloy::primitives::U256::from(1),
            threshold: 2,
        };
        assert_eq!(
            Revert::decode(&few.abi_encode()).to_string(),
            "TooFewAttestations(1, 2)"
        );
        assert_eq!(Revert::decode(&[]).to_string(), "reverted");
        assert_eq!(Revert::decode(&[1, 2, 3, 4]).name, "0x01020304");
        let text = alloy::sol_types::Revert {
            reason: "no".into(),
        }
        .abi_encode();
        assert_eq!(Revert::decode(&text).to_string(), "Error(no)");
        // A node's word, too: nothing that a terminal obeys.
        let text = alloy::sol_types::Revert {
            reason: "\u{1b}[2Jpaid".into(),
        }
        .abi_encode();
        assert_eq!(Revert::decode(&text).to_string(), "Error([2Jpaid)");
    }
}
