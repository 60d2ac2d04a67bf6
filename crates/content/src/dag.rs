//! A file as a UnixFS tree (dag-pb inner nodes over raw leaves, CIDv1, SHA2-256): what
//! `ipfs get` writes out is the leaves one after the other.
//! Source: UnixFS specification, specs.ipfs.tech/unixfs; DAG-PB, ipld.io/specs/codecs/dag-pb.

use std::collections::HashSet;

use bytes::Bytes;
use cid::{Cid, multihash::Multihash};
use ipld_dagpb::{PbLink, PbNode};
use prost::Message;
use sha2::{Digest, Sha256};

const RAW: u64 = 0x55;
const DAG_PB: u64 = 0x70;
const SHA2_256: u64 = 0x12;
const FILE: i32 = 2;

/// Links of an inner node: at most 1024, so that a node stays below 64 KiB.
const FANOUT: usize = 1024;
/// Leaves a tree may have: 1 TiB of 1 MiB frames. A hostile tree ends here.
const MAX_LEAVES: usize = 1 << 20;
/// Inner nodes that may be wanted at once: as many as that tree has above its leaves.
const MAX_NODES: usize = MAX_LEAVES / FANOUT + 1;
const MAX_DEPTH: u8 = 4;

/// An IPFS block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub cid: Cid,
    pub bytes: Bytes,
}

impl Block {
    pub(crate) fn leaf(bytes: Bytes) -> Self {
        Self {
            cid: cid_of(RAW, &bytes),
            bytes,
        }
    }

    fn node(bytes: Vec<u8>) -> Self {
        Self {
            cid: cid_of(DAG_PB, &bytes),
            bytes: bytes.into(),
        }
    }
}

/// A leaf of a tree: a raw block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub cid: Cid,
    /// Bytes.
    pub size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DagError {
    #[error("the block does not hash to its CID")]
    Hash,
    #[error("the tree is malformed: {0}")]
    Malformed(&'static str),
}

/// Whether a block's bytes hash to its CID (SHA2-256; any other hash is refused).
pub fn verify_block(cid: &Cid, bytes: &[u8]) -> Result<(), DagError> {
    let matches =
        cid.hash().code() == SHA2_256 && cid.hash().digest() == &Sha256::digest(bytes)[..];
    if matches { Ok(()) } else { Err(DagError::Hash) }
}

/// The CID of bytes as a raw block.
pub fn raw_cid(bytes: &[u8]) -> Cid {
    cid_of(RAW, bytes)
}

/// The CID of an inner node with this digest: what stands on chain of an object's root.
pub fn node_cid(digest: &[u8; 32]) -> Cid {
    Cid::new_v1(
        DAG_PB,
        Multihash::wrap(SHA2_256, digest).expect("a multihash has room for 32 bytes"),
    )
}

fn cid_of(codec: u64, bytes: &[u8]) -> Cid {
    let digest = Sha256::digest(bytes);
    Cid::new_v1(
        codec,
        Multihash::wrap(SHA2_256, &digest).expect("a multihash has room for 32 bytes"),
    )
}

/// UnixFS's `Data` message.
#[derive(Clone, PartialEq, Message)]
struct Data {
    #[prost(int32, required, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", optional, tag = "2")]
    data: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "3")]
    filesize: Option<u64>,
    #[prost(uint64, repeated, packed = "false", tag = "4")]
    blocksizes: Vec<u64>,
}

/// A subtree: its root, the file's bytes under it, and those with the nodes' own bytes.
struct Subtree {
    cid: Cid,
    file_size: u64,
    total_size: u64,
}

/// The inner nodes over `leaves`, the root last. At least two leaves.
pub(crate) fn build(leaves: &[Leaf]) -> Vec<Block> {
    let mut level: Vec<Subtree> = leaves
        .iter()
        .map(|leaf| Subtree {
            cid: leaf.cid,
            file_size: leaf.size,
            total_size: leaf.size,
        })
        .collect();
    let mut nodes = Vec::new();
    while level.len() > 1 {
        level = level
            .chunks(FANOUT)
            .map(|children| {
                let (node, subtree) = inner_node(children);
                nodes.push(node);
                subtree
            })
            .collect();
    }
    nodes
}

fn inner_node(children: &[Subtree]) -> (Block, Subtree) {
    let file_size = children.iter().map(|c| c.file_size).sum();
    let data = Data {
        kind: FILE,
        data: None,
        filesize: Some(file_size),
        blocksizes: children.iter().map(|c| c.file_size).collect(),
    };
    let links = children
        .iter()
        .map(|c| PbLink {
            cid: c.cid,
            name: Some(String::new()),
            size: Some(c.total_size),
        })
        .collect();
    let bytes = PbNode {
        links,
        data: Some(data.encode_to_vec().into()),
    }
    .into_bytes();
    let total_size = bytes.len() as u64 + children.iter().map(|c| c.total_size).sum::<u64>();
    let block = Block::node(bytes);
    let subtree = Subtree {
        cid: block.cid,
        file_size,
        total_size,
    };
    (block, subtree)
}

/// Finds a tree's leaves, given its inner nodes one by one in any order.
#[derive(Debug)]
pub struct LeafWalk {
    slots: Vec<Slot>,
    /// Whether the root's size is known yet; every other node's is, from its parent.
    root_seen: bool,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Leaf(Leaf),
    Node { cid: Cid, size: u64, depth: u8 },
}

impl LeafWalk {
    pub fn new(root: Cid) -> Self {
        Self {
            slots: vec![slot(root, 0, 0)],
            root_seen: root.codec() == RAW,
        }
    }

    /// The inner nodes to hand over next, each once; none when the leaves are known.
    pub fn wanted(&self) -> Vec<Cid> {
        let mut seen = HashSet::new();
        self.slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Node { cid, .. } => seen.insert(*cid).then_some(*cid),
                Slot::Leaf(_) => None,
            })
            .collect()
    }

    /// Takes an inner node's bytes. Checks the hash and that the sizes agree with the parent's.
    pub fn provide(&mut self, cid: &Cid, bytes: Bytes) -> Result<(), DagError> {
        verify_block(cid, &bytes)?;
        let children = children(bytes)?;
        let total: u64 = children
            .iter()
            .try_fold(0u64, |sum, (_, size)| sum.checked_add(*size))
            .ok_or(DagError::Malformed("sizes overflow"))?;
        let mut slots = Vec::with_capacity(self.slots.len() + children.len());
        for slot in self.slots.drain(..) {
            match slot {
                Slot::Node {
                    cid: c,
                    size,
                    depth,
                } if c == *cid => {
                    if self.root_seen && size != total {
                        return Err(DagError::Malformed("a node's size is not its parent's"));
                    }
                    if depth + 1 > MAX_DEPTH || slots.len() + children.len() > MAX_LEAVES {
                        return Err(DagError::Malformed("the tree is too large"));
                    }
                    slots.extend(
                        children
                            .iter()
                            .map(|(c, size)| self::slot(*c, *size, depth + 1)),
                    );
                }
                other => slots.push(other),
            }
        }
        let nodes = slots
            .iter()
            .filter(|slot| matches!(slot, Slot::Node { .. }));
        if nodes.count() > MAX_NODES {
            return Err(DagError::Malformed("the tree is too large"));
        }
        self.slots = slots;
        self.root_seen = true;
        Ok(())
    }

    /// The leaves in the file's order; `None` while nodes are wanted.
    pub fn leaves(&self) -> Option<Vec<Leaf>> {
        self.slots
            .iter()
            .map(|slot| match slot {
                Slot::Leaf(leaf) => Some(*leaf),
                Slot::Node { .. } => None,
            })
            .collect()
    }
}

fn slot(cid: Cid, size: u64, depth: u8) -> Slot {
    if cid.codec() == RAW {
        Slot::Leaf(Leaf { cid, size })
    } else {
        Slot::Node { cid, size, depth }
    }
}

fn children(bytes: Bytes) -> Result<Vec<(Cid, u64)>, DagError> {
    let node = PbNode::from_bytes(bytes).map_err(|_| DagError::Malformed("not a dag-pb node"))?;
    let data = node
        .data
        .ok_or(DagError::Malformed("a node without UnixFS data"))?;
    let data = Data::decode(data).map_err(|_| DagError::Malformed("not UnixFS data"))?;
    if data.kind != FILE || data.data.is_some_and(|d| !d.is_empty()) {
        return Err(DagError::Malformed("not a file over raw leaves"));
    }
    if data.blocksizes.len() != node.links.len() || node.links.is_empty() {
        return Err(DagError::Malformed("links and sizes differ in number"));
    }
    Ok(node
        .links
        .iter()
        .map(|link| link.cid)
        .zip(data.blocksizes)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u32) -> Vec<Leaf> {
        (0..n)
            .map(|i| Leaf {
                cid: cid_of(RAW, &i.to_be_bytes()),
                size: 4,
            })
            .collect()
    }

    fn walk(root: Cid, nodes: &[Block]) -> Result<Vec<Leaf>, DagError> {
        let mut walk = LeafWalk::new(root);
        while let Some(cid) = walk.wanted().pop() {
            let node = nodes.iter().find(|b| b.cid == cid).unwrap();
            walk.provide(&cid, node.bytes.clone())?;
        }
        Ok(walk.leaves().unwrap())
    }

    #[test]
    fn a_tree_of_any_depth_gives_its_leaves_back() {
        for n in [2, 3, 1024, 1025, 3000] {
            let leaves = leaves(n);
            let nodes = build(&leaves);
            assert_eq!(walk(nodes.last().unwrap().cid, &nodes), Ok(leaves));
        }
    }

    /// The root that Kubo 0.42 gives the same bytes (`ipfs add --chunker=size-4 --raw-leaves
    /// --cid-version=1`).
    #[test]
    fn the_root_is_pinned() {
        let root = build(&leaves(3)).pop().unwrap();
        assert_eq!(
            root.cid.to_string(),
            "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca"
        );
    }

    #[test]
    fn other_bytes_and_lying_sizes_are_refused() {
        let leaves = leaves(1500);
        let nodes = build(&leaves);
        let root = nodes.last().unwrap();
        let mut walk = LeafWalk::new(root.cid);
        assert_eq!(
            walk.provide(&root.cid, nodes[0].bytes.clone()),
            Err(DagError::Hash)
        );

        let lie = inner_node(&[
            Subtree {
                cid: nodes[0].cid,
                file_size: 5,
                total_size: 5,
            },
            Subtree {
                cid: nodes[1].cid,
                file_size: 5,
                total_size: 5,
            },
        ])
        .0;
        let mut walk = LeafWalk::new(lie.cid);
        walk.provide(&lie.cid, lie.bytes).unwrap();
        assert!(matches!(
            walk.provide(&nodes[0].cid, nodes[0].bytes.clone()),
            Err(DagError::Malformed(_))
        ));
    }

    #[test]
    fn a_tree_that_multiplies_itself_ends() {
        let leaf = Subtree {
            cid: cid_of(RAW, b"x"),
            file_size: 1,
            total_size: 1,
        };
        let mut nodes = Vec::new();
        let mut below = leaf;
        let mut refused = None;
        for _ in 0..6 {
            let children: Vec<_> = (0..FANOUT)
                .map(|_| Subtree {
                    cid: below.cid,
                    file_size: below.file_size,
                    total_size: 1,
                })
                .collect();
            let (block, subtree) = inner_node(&children);
            nodes.push(block);
            below = subtree;
        }
        let mut walk = LeafWalk::new(below.cid);
        while let Some(cid) = walk.wanted().pop() {
            let node = nodes.iter().find(|b| b.cid == cid).unwrap();
            if let Err(e) = walk.provide(&cid, node.bytes.clone()) {
                refused = Some(e);
                break;
            }
        }
        assert!(matches!(refused, Some(DagError::Malformed(_))));
    }
}
