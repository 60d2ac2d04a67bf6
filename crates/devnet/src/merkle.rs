//! Merkle trees in the manner of RFC 6962, as CometBFT (transactions, results, commits, block
//! parts) and the Cosmos SDK's multistore build them: a leaf is `sha256(0x00 ‖ bytes)`, a node
//! `sha256(0x01 ‖ left ‖ right)`, and the left subtree holds the largest power of two below
//! the number of leaves.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub(crate) type Hash = [u8; 32];

/// A sibling on the way from a leaf to the root, and the side on which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sibling {
    Left(Hash),
    Right(Hash),
}

impl Sibling {
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::Left(hash) | Self::Right(hash) => hash,
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

pub(crate) fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(bytes);
    hasher.finalize().into()
}

fn inner_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

fn split(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

/// The root over `leaves` in their order. Of no leaves: the hash of nothing.
pub(crate) fn root<L: AsRef<[u8]>>(leaves: &[L]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => leaf_hash(leaf.as_ref()),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            inner_hash(&root(left), &root(right))
        }
    }
}

/// The siblings of leaf `index`, from the leaf upwards. Empty where there is no such leaf.
pub(crate) fn path<L: AsRef<[u8]>>(leaves: &[L], index: usize) -> Vec<Sibling> {
    if leaves.len() < 2 || index >= leaves.len() {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let mut siblings;
    if index < middle {
        siblings = path(left, index);
        siblings.push(Sibling::Right(root(right)));
    } else {
        siblings = path(right, index - middle);
        siblings.push(Sibling::Left(root(left)));
    }
    siblings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_leaf_climbs_to_the_root_that_tendermint_computes(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..40),
            pick in any::<prop::sample::Index>(),
        ) {
            let expected =
                tendermint::merkle::simple_hash_from_byte_vectors::<
                    tendermint::crypto::default::Sha256,
                >(&leaves);
            prop_assert_eq!(root(&leaves), expected);
            let index = pick.index(leaves.len());
            let climbed = path(&leaves, index).into_iter().fold(
                leaf_hash(&leaves[index]),
                |hash, sibling| match sibling {
                    Sibling::Left(left) => inner_hash(&left, &hash),
                    Sibling::Right(right) => inner_hash(&hash, &right),
                },
            );
            prop_assert_eq!(climbed, expected);
        }
    }

    #[test]
    fn the_empty_tree_is_the_hash_of_nothing() {
        assert_eq!(
            hex::encode(root::<&[u8]>(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
