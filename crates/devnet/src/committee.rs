//! The PoQ committee: says how similar a record is to what was contributed before, and signs it.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::{
    dyn_abi::TypedData,
    primitives::{Address, B256, Bytes},
    signers::SignerSync,
};
use dhc_market::{SKETCH_BYTES, similarity_sixteenths};
use serde_json::json;

use crate::{
    founders::Venue,
    keys::{Keys, Role},
    store::StoreError,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum AttestationError {
    #[error("a sketch has {SKETCH_BYTES} bytes, not {0}")]
    Sketch(usize),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the similarity cannot be signed: {0}")]
    Signing(String),
}

/// The committee's word on a record.
pub(crate) struct Attestation {
    /// Similarity to what exists, 0 to 16.
    pub(crate) sixteenths: u8,
    /// 65 bytes each, of members in the committee's order.
    pub(crate) signatures: Vec<Bytes>,
}

pub(crate) struct Committee {
    venue: Arc<dyn Venue>,
    keys: Keys,
    /// A sketch is compared with all before it: one at a time.
    turn: Mutex<()>,
}

impl Committee {
    pub(crate) fn new(venue: Arc<dyn Venue>, keys: Keys) -> Self {
        Self {
            venue,
            keys,
            turn: Mutex::new(()),
        }
    }

    /// Compares the sketch of a record with those of all other records seen, keeps it, and signs
    /// the greatest similarity. Asked again about a record, it goes by the sketch given first and
    /// by the records before it, so that the answer stays.
    pub(crate) fn attest(
        &self,
        contributor: Address,
        record: B256,
        sketch: &[u8],
    ) -> Result<Attestation, AttestationError> {
        let sketch = sketch_of(sketch)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let store = self.venue.sketches();
        let seen = store.snapshot()?.sketches()?;
        let known = seen.iter().find(|entry| entry.record == record.0);
        let sixteenths = match known {
            Some(entry) => entry.sixteenths,
            None => {
                let mut greatest = 0;
                for entry in &seen {
                    let similarity = similarity_sixteenths(&sketch, &sketch_of(&entry.sketch)?);
                    greatest = greatest.max(similarity);
                }
                store.put_sketch(&record.0, greatest, &sketch)?;
                greatest
            }
        };
        let signatures = (0..)
            .zip(&self.venue.genesis().committee)
            .map(|(seat, _)| self.sign(seat, contributor, record, sixteenths))
            .collect::<Result<_, _>>()?;
        Ok(Attestation {
            sixteenths,
            signatures,
        })
    }

    /// EIP-712, as `IncentivePool` checks it.
    fn sign(
        &self,
        seat: u8,
        contributor: Address,
        record: B256,
        sixteenths: u8,
    ) -> Result<Bytes, AttestationError> {
        let signing = |error: &dyn ToString| AttestationError::Signing(error.to_string());
        let genesis = self.venue.genesis();
        let data: TypedData = serde_json::from_value(json!({
            "types": {
                "EIP712Domain": [
                    { "name": "name", "type": "string" },
                    { "name": "version", "type": "string" },
                    { "name": "chainId", "type": "uint256" },
                    { "name": "verifyingContract", "type": "address" },
                ],
                "Similarity": [
                    { "name": "contributor", "type": "address" },
                    { "name": "recordId", "type": "bytes32" },
                    { "name": "sixteenths", "type": "uint8" },
                ],
            },
            "primaryType": "Similarity",
            "domain": {
                "name": "DHC IncentivePool",
                "version": "1",
                "chainId": genesis.evm_chain_id,
                "verifyingContract": genesis.contracts["IncentivePool"],
            },
            "message": {
                "contributor": contributor,
                "recordId": record,
                "sixteenths": sixteenths,
            },
        }))
        .map_err(|error| signing(&error))?;
        let hash = data
            .eip712_signing_hash()
            .map_err(|error| signing(&error))?;
        let signer = self.keys.account(Role::Committee(seat));
        let signature = signer
            .sign_hash_sync(&hash)
            .map_err(|error| signing(&error))?;
        Ok(signature.as_bytes().into())
    }
}

fn sketch_of(bytes: &[u8]) -> Result<[u8; SKETCH_BYTES], AttestationError> {
    bytes
        .try_into()
        .map_err(|_| AttestationError::Sketch(bytes.len()))
}
