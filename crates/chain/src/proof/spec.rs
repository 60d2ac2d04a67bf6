use dhc_domain::ProofSpec;
use ics23::{ExistenceProof, HashOp, InnerSpec, LeafOp, LengthOp, iavl_spec, tendermint_spec};

use super::{MAX_DEPTH, ProofFault};

pub(super) const SIMPLE_STEP: &str = "ics23:simple";

/// Domain separators and the empty subtree of `jmt`, the Jellyfish Merkle tree crate.
const JMT_LEAF: &[u8] = b"JMT::LeafNode";
const JMT_INNER: &[u8] = b"JMT::IntrnalNode";
const JMT_EMPTY: &[u8; 32] = b"SPARSE_MERKLE_PLACEHOLDER_HASH__";

/// How a network names the step in a store's own tree, and the tree's shape; `None` where it has
/// no stores.
pub(super) fn tree(network: ProofSpec) -> Option<(&'static str, ics23::ProofSpec)> {
    match network {
        ProofSpec::Iavl => Some(("ics23:iavl", iavl_spec())),
        ProofSpec::Devnet => Some(("ics23:jmt", jmt())),
        ProofSpec::Mpt => None,
    }
}

/// The shape of the tree over the stores' roots.
pub(super) fn simple() -> ics23::ProofSpec {
    tendermint_spec()
}

fn jmt() -> ics23::ProofSpec {
    ics23::ProofSpec {
        leaf_spec: Some(LeafOp {
            hash: HashOp::Sha256.into(),
            prehash_key: HashOp::Sha256.into(),
            prehash_value: HashOp::Sha256.into(),
            length: LengthOp::NoPrefix.into(),
            prefix: JMT_LEAF.to_vec(),
        }),
        inner_spec: Some(InnerSpec {
            child_order: vec![0, 1],
            child_size: 32,
            min_prefix_length: JMT_INNER.len() as i32,
            max_prefix_length: JMT_INNER.len() as i32,
            empty_child: JMT_EMPTY.to_vec(),
            hash: HashOp::Sha256.into(),
        }),
        min_depth: 0,
        max_depth: 64,
        prehash_key_before_comparison: true,
    }
}

/// ICS-23 lets prefixes be longer than the spec's and does not look at an inner node's first
/// bytes; these two trees allow neither, so neither is accepted.
pub(super) fn check_jmt(exist: &ExistenceProof) -> Result<(), ProofFault> {
    let leaf = exist
        .leaf
        .as_ref()
        .is_some_and(|leaf| leaf.prefix == JMT_LEAF);
    let inner = exist.path.iter().all(|op| {
        let children = (
            op.prefix.len().wrapping_sub(JMT_INNER.len()),
            op.suffix.len(),
        );
        op.prefix.starts_with(JMT_INNER) && matches!(children, (0, 32) | (32, 0))
    });
    if leaf && inner {
        Ok(())
    } else {
        Err(ProofFault::Shape)
    }
}

pub(super) fn check_simple(exist: &ExistenceProof) -> Result<(), ProofFault> {
    let leaf = exist.leaf.as_ref().is_some_and(|leaf| leaf.prefix == [0]);
    let inner = exist.path.len() <= MAX_DEPTH
        && exist.path.iter().all(|op| {
            op.prefix.first() == Some(&1)
                && matches!((op.prefix.len(), op.suffix.len()), (1, 32) | (33, 0))
        });
    if leaf && inner {
        Ok(())
    } else {
        Err(ProofFault::Shape)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_devnets_tree_has_the_shape_its_crate_states() {
        assert_eq!(super::jmt(), jmt::ics23_spec());
    }
}
