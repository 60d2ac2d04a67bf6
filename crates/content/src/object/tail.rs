use std::sync::Arc;

use bytes::Bytes;
use cid::Cid;
use dhc_domain::ObjectId;

use super::{
    Manifest, OwnersBox, Sealer,
    cipher::{FRAME, ObjectCipher, Part, TAG},
    header::{Extent, Header},
    padme,
    sealer::{leaf_of, seal_block},
};
use crate::dag::{self, Block, Leaf};

/// The end of an object: an iterator over the last content frames with their padding, the
/// manifest's frames, the header, and the tree over all of them, the root last.
pub struct Tail {
    cipher: Arc<ObjectCipher>,
    object: ObjectId,
    salt: [u8; 32],
    manifest: Manifest,
    encoded: Vec<u8>,
    owner: Option<OwnersBox>,
    /// Leaves after the header.
    leaves: Vec<Leaf>,
    buffer: Vec<u8>,
    /// Zero bytes still to be appended to the content.
    padding: u64,
    stage: Stage,
    root: Option<Cid>,
    stored: u64,
}

enum Stage {
    Content,
    Manifest {
        content: Extent,
        plaintext: Vec<u8>,
        index: u32,
    },
    Header {
        content: Extent,
        manifest: Extent,
    },
    Nodes(std::vec::IntoIter<Block>),
}

/// A finished object.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub object: ObjectId,
    pub root: Cid,
    pub manifest: Manifest,
    /// Bytes of the leaves: the file that `ipfs get` writes.
    pub stored: u64,
}

impl Tail {
    pub(super) fn new(sealer: Sealer, manifest: Manifest, encoded: Vec<u8>) -> Self {
        let leaves: Vec<Leaf> = sealer.leaves.into_iter().flatten().collect();
        Self {
            cipher: sealer.cipher,
            object: sealer.object,
            salt: sealer.salt,
            padding: padme(manifest.length) - manifest.length,
            manifest,
            encoded,
            owner: sealer.owner,
            stored: leaves.iter().map(|leaf| leaf.size).sum(),
            leaves,
            buffer: sealer.buffer,
            stage: Stage::Content,
            root: None,
        }
    }

    /// The finished object; `None` while blocks are left.
    pub fn into_sealed(self) -> Option<Sealed> {
        let done = matches!(&self.stage, Stage::Nodes(nodes) if nodes.len() == 0);
        let root = self.root.filter(|_| done)?;
        Some(Sealed {
            object: self.object,
            root,
            manifest: self.manifest,
            stored: self.stored,
        })
    }

    fn leaf(&mut self, part: Part, index: u32, last: bool, plaintext: Vec<u8>) -> Block {
        let block = seal_block(&self.cipher, part, index, last, plaintext);
        self.leaves.push(leaf_of(&block));
        self.stored += block.bytes.len() as u64;
        block
    }

    fn content_frame(&mut self) -> Block {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve_exact(FRAME + TAG);
        }
        let fill = self.padding.min((FRAME - self.buffer.len()) as u64);
        self.buffer.resize(self.buffer.len() + fill as usize, 0);
        self.padding -= fill;
        let last = self.padding == 0;
        let index = self.leaves.len() as u32;
        let plaintext = std::mem::take(&mut self.buffer);
        if last {
            let content = Extent {
                frames: index + 1,
                last: plaintext.len() as u32,
            };
            self.stage = Stage::Manifest {
                content,
                plaintext: std::mem::take(&mut self.encoded),
                index: 0,
            };
        }
        self.leaf(Part::Content, index, last, plaintext)
    }

    fn manifest_frame(&mut self, content: Extent, mut plaintext: Vec<u8>, index: u32) -> Block {
        let rest = plaintext.split_off(plaintext.len().min(FRAME));
        let last = rest.is_empty();
        self.stage = if last {
            let manifest = Extent {
                frames: index + 1,
                last: plaintext.len() as u32,
            };
            Stage::Header { content, manifest }
        } else {
            Stage::Manifest {
                content,
                plaintext: rest,
                index: index + 1,
            }
        };
        self.leaf(Part::Manifest, index, last, plaintext)
    }

    fn header(&mut self, content: Extent, manifest: Extent) -> Block {
        let header = Header {
            object: self.object,
            salt: self.salt,
            content,
            manifest,
            owner: self.owner,
        };
        let block = Block::leaf(Bytes::from(header.encode(&self.cipher)));
        self.stored += block.bytes.len() as u64;
        self.leaves.insert(0, leaf_of(&block));
        let nodes = dag::build(&self.leaves);
        self.root = nodes.last().map(|node| node.cid);
        self.stage = Stage::Nodes(nodes.into_iter());
        block
    }
}

impl Iterator for Tail {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        match &mut self.stage {
            Stage::Content => Some(self.content_frame()),
            Stage::Manifest {
                content,
                plaintext,
                index,
            } => {
                let (content, plaintext, index) = (*content, std::mem::take(plaintext), *index);
                Some(self.manifest_frame(content, plaintext, index))
            }
            Stage::Header { content, manifest } => {
                let (content, manifest) = (*content, *manifest);
                Some(self.header(content, manifest))
            }
            Stage::Nodes(nodes) => nodes.next(),
        }
    }
}
