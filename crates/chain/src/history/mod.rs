//! Histories that one proof makes complete.
//!
//! A contract keeps a head and a length for each party (`HashChain`), and emits the entries. Any
//! node may hand the entries over; the proven head shows that none is missing, moved or altered.
//! What has been verified is kept as a prefix, and only what is new is asked for.

mod entries;
mod keys;
mod people;
mod read;

use alloy::primitives::{B256, keccak256};
use dhc_domain::Height;
use serde::{Deserialize, Serialize};

pub use entries::{Accessed, Contributed, Entry, GrantGiven, GrantReceived, RecordAdded};
pub use people::{Decision, ProxySet, RequestEntry, RequestMade, RequestReceived, WardSet};
pub use read::{HistoryError, HistoryPage};

/// A head and its length: a point in a hash chain. The default is the empty chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChainPoint {
    pub head: B256,
    pub length: u64,
}

impl ChainPoint {
    /// `head' = keccak256(abi.encode(head, entry))`, as `HashChain.append`.
    #[must_use]
    pub fn append(self, entry: B256) -> Self {
        let head = keccak256([self.head.0, entry.0].concat());
        Self {
            head,
            length: self.length + 1,
        }
    }
}

/// What a reader has verified: the chain up to `point`, complete up to the block `seen_to`.
/// The default knows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    pub point: ChainPoint,
    pub seen_to: Height,
}

/// Whether claimed entries are a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryVerdict {
    /// Every entry is there, in order, unaltered.
    Complete,
    /// Some are missing: `have` of `of`.
    Incomplete { have: u64, of: u64 },
    /// As many as there should be, but they are not the chain's.
    Forged,
}

/// Replays entries' hashes from a verified point and compares with the proven one. Pure.
pub fn replay(
    from: ChainPoint,
    entries: impl IntoIterator<Item = B256>,
    proven: ChainPoint,
) -> HistoryVerdict {
    let reached = entries.into_iter().fold(from, ChainPoint::append);
    if reached == proven {
        HistoryVerdict::Complete
    } else if reached.length < proven.length {
        HistoryVerdict::Incomplete {
            have: reached.length,
            of: proven.length,
        }
    } else {
        HistoryVerdict::Forged
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(entries: &[B256]) -> ChainPoint {
        entries
            .iter()
            .copied()
            .fold(ChainPoint::default(), ChainPoint::append)
    }

    #[test]
    fn the_chain_is_the_contracts() {
        // keccak256(abi.encode(bytes32(0), bytes32(uint256(1)))).
        let one = B256::with_last_byte(1);
        let expected = keccak256([[0; 32], one.0].concat());
        assert_eq!(
            point(&[one]),
            ChainPoint {
                head: expected,
                length: 1
            }
        );
    }

    proptest! {
        #[test]
        fn only_the_whole_history_in_order_is_complete(
            raw in proptest::collection::vec(any::<[u8; 32]>(), 1..12),
            cut in any::<prop::sample::Index>(),
            other in any::<prop::sample::Index>(),
        ) {
            let entries: Vec<B256> = raw.into_iter().map(B256::from).collect();
            let proven = point(&entries);
            let cut = cut.index(entries.len());
            let prefix = point(&entries[..cut]);
            prop_assert_eq!(replay(prefix, entries[cut..].iter().copied(), proven), HistoryVerdict::Complete);
            let missing = HistoryVerdict::Incomplete { have: cut as u64, of: proven.length };
            prop_assert_eq!(replay(ChainPoint::default(), entries[..cut].iter().copied(), proven), missing);
            let mut altered = entries.clone();
            altered[cut].0[0] ^= 1;
            prop_assert_eq!(replay(ChainPoint::default(), altered, proven), HistoryVerdict::Forged);
            let mut moved = entries.clone();
            let other = other.index(moved.len());
            moved.swap(cut, other);
            let same = moved == entries;
            prop_assert_eq!(replay(ChainPoint::default(), moved, proven) == HistoryVerdict::Complete, same);
        }
    }
}
