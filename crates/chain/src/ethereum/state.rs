//! Accounts and storage under a state root: Merkle–Patricia proofs as `eth_getProof` gives them
//! (EIP-1186; Yellow Paper, section 4.1 and appendix D). Pure.

use alloy::{
    consensus::{TrieAccount, constants::KECCAK_EMPTY},
    primitives::{Address, B256, U256, keccak256},
    rlp,
    rpc::types::EIP1186AccountProofResponse,
};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, proof::verify_proof};

/// What the state trie keeps of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
    pub code_hash: Option<B256>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofFault {
    #[error("the proof is for another account")]
    OtherAccount,
    #[error("the proof is for other slots")]
    OtherSlots,
    #[error("the account's proof does not verify")]
    Account,
    #[error("a slot's proof does not verify")]
    Slot,
}

/// Checks the proof of an account and of some of its slots under `root`; absence is proven too, and
/// means an empty account, or zero.
pub(super) fn verify(
    root: B256,
    of: Address,
    slots: &[B256],
    proof: &EIP1186AccountProofResponse,
) -> Result<(Account, Vec<B256>), ProofFault> {
    if proof.address != of {
        return Err(ProofFault::OtherAccount);
    }
    let claimed = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    };
    // Nodes write the code hash and storage root of an absent account as zero or as that of nothing.
    let empty = proof.nonce == 0
        && proof.balance.is_zero()
        && [KECCAK_EMPTY, B256::ZERO].contains(&proof.code_hash)
        && [EMPTY_ROOT_HASH, B256::ZERO].contains(&proof.storage_hash);
    let value = (!empty).then(|| rlp::encode(claimed));
    verify_proof(root, key(of.as_slice()), value, &proof.account_proof)
        .map_err(|_| ProofFault::Account)?;
    let account = Account {
        nonce: proof.nonce,
        balance: proof.balance,
        code_hash: (!empty && proof.code_hash != KECCAK_EMPTY).then_some(proof.code_hash),
    };
    if proof.storage_proof.len() != slots.len() {
        return Err(ProofFault::OtherSlots);
    }
    let storage_root = if empty {
        EMPTY_ROOT_HASH
    } else {
        proof.storage_hash
    };
    let mut words = Vec::with_capacity(slots.len());
    for (slot, shown) in slots.iter().zip(&proof.storage_proof) {
        if shown.key.as_b256() != *slot {
            return Err(ProofFault::OtherSlots);
        }
        let value = (!shown.value.is_zero()).then(|| rlp::encode(shown.value));
        verify_proof(storage_root, key(slot.as_slice()), value, &shown.proof)
            .map_err(|_| ProofFault::Slot)?;
        words.push(B256::from(shown.value));
    }
    Ok((account, words))
}

fn key(of: &[u8]) -> Nibbles {
    Nibbles::unpack(keccak256(of))
}
