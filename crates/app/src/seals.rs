//! An institution's seal: its signature that a study is this person's, over a salted commitment.

use alloy::sol_types::{SolStruct, eip712_domain};
use dhc_domain::{Address, B256, Commitment, Quality};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod typed {
    alloy::sol! {
        /// As `RecordIndex` checks it.
        struct Seal {
            address owner;
            bytes32 commitment;
            uint32 quality;
        }
    }
}

/// Seals as they travel with studies, from the institution to the patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealFile {
    pub format: String,
    pub issuer: Address,
    pub owner: Address,
    pub seals: Vec<StudySeal>,
}

/// The seal of one study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudySeal {
    pub study_uid: String,
    pub salt: B256,
    pub commitment: Commitment,
    pub quality: Quality,
    /// r ‖ s ‖ v in hex.
    pub signature: String,
}

pub const FORMAT: &str = "DHC-SEAL/1";

/// SHA-256 over the sorted SHA-256s of a study's instances: the same for the same files in any
/// order and under any names.
pub fn study_digest(study: &dhc_imaging::Study) -> B256 {
    let mut hashes: Vec<[u8; 32]> = study.instances().map(|i| i.sha256).collect();
    hashes.sort_unstable();
    let mut digest = Sha256::new();
    for hash in &hashes {
        digest.update(hash);
    }
    B256::from_slice(&digest.finalize())
}

/// keccak-256(salt ‖ digest).
pub fn commitment(salt: &B256, digest: &B256) -> Commitment {
    Commitment(alloy::primitives::keccak256(
        [salt.as_slice(), digest.as_slice()].concat(),
    ))
}

/// The EIP-712 digest that an issuer signs.
pub fn signing_hash(
    evm_chain_id: u64,
    index: Address,
    owner: Address,
    commitment: Commitment,
    quality: &Quality,
) -> B256 {
    let domain = eip712_domain! {
        name: "DHC RecordIndex",
        version: "1",
        chain_id: evm_chain_id,
        verifying_contract: index,
    };
    typed::Seal {
        owner,
        commitment: commitment.0,
        quality: quality.pack(),
    }
    .eip712_signing_hash(&domain)
}

impl SealFile {
    pub fn parse(json: &str) -> Result<Self, Failure> {
        let file: Self = serde_json::from_str(json).map_err(|e| {
            Failure::new(
                Code::SealRefused,
                format!("the seal file is not understood: {e}"),
            )
        })?;
        if file.format != FORMAT {
            return Err(Failure::new(
                Code::SealRefused,
                format!("a seal file of the form {:?} is not known", file.format),
            ));
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by hand: keccak-256 of 64 zero bytes (as in EIP-1052's and Solidity's examples).
    #[test]
    fn a_commitment_is_keccak_over_salt_and_digest() {
        assert_eq!(
            commitment(&B256::ZERO, &B256::ZERO).to_string(),
            "0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"
        );
        assert_ne!(
            commitment(&B256::ZERO, &B256::ZERO),
            commitment(&B256::with_last_byte(1), &B256::ZERO)
        );
    }
}
