//! ICS-23 proofs of single keys under an app hash.
//!
//! A Cosmos application's state is a set of named stores. Two proofs lead from a key to the app
//! hash: one in the store's own tree, one from the store's root to the app hash (ICS-23,
//! cosmos-sdk `store/rootmulti`). State after block H stands in the header of H+1.

pub mod keys;
mod spec;

use dhc_domain::ProofSpec;
use ics23::{
    CommitmentProof, ExistenceProof, HostFunctionsManager, NonExistenceProof,
    commitment_proof::Proof, verify_membership, verify_non_membership,
};
use prost::Message;

/// One step of a proof, as `abci_query` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofOp {
    /// `ics23:iavl`, `ics23:jmt` or `ics23:simple`.
    pub kind: String,
    /// What this step proves: the key, then the store's name.
    pub key: Vec<u8>,
    /// A protobuf `cosmos.ics23.v1.CommitmentProof`.
    pub data: Vec<u8>,
}

/// Why a proof does not show what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    #[error("the proof has not exactly two steps")]
    Steps,
    #[error("a step is of another kind than the network's")]
    Kind,
    #[error("a step proves another key or store")]
    Key,
    #[error("a step is not an ICS-23 proof")]
    Encoding,
    #[error("a step does not have the shape of its tree")]
    Shape,
    #[error("the store is not under the app hash")]
    Store,
    #[error("the value is not under the store's root")]
    Value,
}

/// Larger than any honest proof; bounds the work a liar can cause.
const MAX_STEP_BYTES: usize = 64 * 1024;
const MAX_DEPTH: usize = 256;

/// Checks that `key` of `store` has `value` — or, where `None`, is absent — under `app_hash`.
pub fn verify(
    network: ProofSpec,
    app_hash: &[u8],
    store: &str,
    key: &[u8],
    value: Option<&[u8]>,
    ops: &[ProofOp],
) -> Result<(), ProofFault> {
    let [in_store, of_store] = ops else {
        return Err(ProofFault::Steps);
    };
    let (step_kind, tree) = spec::tree(network).ok_or(ProofFault::Kind)?;
    if in_store.kind != step_kind || of_store.kind != spec::SIMPLE_STEP {
        return Err(ProofFault::Kind);
    }
    if in_store.key != key || of_store.key != store.as_bytes() {
        return Err(ProofFault::Key);
    }

    let of_store = decode(&of_store.data)?;
    let Some(Proof::Exist(exist)) = &of_store.proof else {
        return Err(ProofFault::Encoding);
    };
    spec::check_simple(exist)?;
    let root = exist.value.clone();
    let app_hash = app_hash.to_vec();
    if !verify_membership::<HostFunctionsManager>(
        &of_store,
        &spec::simple(),
        &app_hash,
        store.as_bytes(),
        &root,
    ) {
        return Err(ProofFault::Store);
    }

    let in_store = decode(&in_store.data)?;
    let proven = match (&in_store.proof, value) {
        (Some(Proof::Exist(exist)), Some(value)) => {
            check_existence(network, exist)?;
            verify_membership::<HostFunctionsManager>(&in_store, &tree, &root, key, value)
        }
        (Some(Proof::Nonexist(absent)), None) => {
            check_absence(network, absent, key)?;
            verify_non_membership::<HostFunctionsManager>(&in_store, &tree, &root, key)
        }
        _ => return Err(ProofFault::Value),
    };
    if proven {
        Ok(())
    } else {
        Err(ProofFault::Value)
    }
}

fn decode(data: &[u8]) -> Result<CommitmentProof, ProofFault> {
    if data.len() > MAX_STEP_BYTES {
        return Err(ProofFault::Encoding);
    }
    CommitmentProof::decode(data).map_err(|_| ProofFault::Encoding)
}

fn check_existence(network: ProofSpec, exist: &ExistenceProof) -> Result<(), ProofFault> {
    if exist.path.len() > MAX_DEPTH {
        return Err(ProofFault::Shape);
    }
    match network {
        ProofSpec::Iavl => Ok(()),
        ProofSpec::Devnet => spec::check_jmt(exist),
        ProofSpec::Mpt => Err(ProofFault::Kind),
    }
}

fn check_absence(
    network: ProofSpec,
    absent: &NonExistenceProof,
    key: &[u8],
) -> Result<(), ProofFault> {
    if absent.key != key {
        return Err(ProofFault::Key);
    }
    for neighbour in absent.left.iter().chain(&absent.right) {
        check_existence(network, neighbour)?;
    }
    // `ics23` walks two neighbours' paths down from the root until they part, and expects that
    // they do.
    if let (Some(left), Some(right)) = (&absent.left, &absent.right) {
        let mut pairs = left.path.iter().rev().zip(right.path.iter().rev());
        if !pairs.any(|(l, r)| l.prefix != r.prefix || l.suffix != r.suffix) {
            return Err(ProofFault::Shape);
        }
    }
    Ok(())
}
