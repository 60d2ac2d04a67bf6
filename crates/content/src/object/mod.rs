//! DHC-OBJECT/1. One object is one version of a record's content: a header, the content in
//! frames, and an encrypted manifest that says what the content is.

mod cipher;
mod header;
mod key;
mod manifest;
mod opener;
mod owner;
mod padding;
mod sealer;
mod tail;

pub use cipher::{FRAME, TAG};
pub use header::HEADER_LEN;
pub use key::{ObjectKey, UnwrapKeyError};
pub use manifest::{Entry, Manifest};
pub use opener::{EntryCheck, Opener, Piece};
pub use owner::{OWNERS_BOX_LEN, OwnersBox, RecoverError, Recovered, recover};
pub use padding::padme;
pub use sealer::{Ciphertext, Frame, SealError, SealedFrame, Sealer};
pub use tail::{Sealed, Tail};

use crate::dag::DagError;

/// The content is not what was sealed: cut short, reordered, spliced, or altered.
/// On the wire: `content_corrupt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentCorrupt {
    #[error("the object's header is malformed or altered")]
    Header,
    #[error("the key is not this object's")]
    Key,
    #[error("the object's frames do not add up to what its header says")]
    Layout,
    #[error("frame {0} of the content was altered")]
    Frame(u32),
    #[error("frame {0} of the manifest was altered")]
    ManifestFrame(u32),
    #[error("the manifest is malformed: {0}")]
    Manifest(&'static str),
    #[error("an entry's bytes are not those that were sealed")]
    Entry,
    #[error(transparent)]
    Dag(#[from] DagError),
}
