use std::collections::BTreeMap;

use alloy::primitives::Log;
use dhc_domain::{Address, Attested, Height, Standing, UnprovenReason};

use super::{ChainPoint, Entry, HistoryVerdict, Prefix, replay};
use crate::{
    At, Chain, ReadError, TransportError,
    layout::LayoutError,
    node::{Blame, EvmNode, LogFilter, NodeError, RpcLog, Severity},
};

/// Blocks asked for in one `eth_getLogs`; nodes refuse more than about ten thousand.
const SPAN: u64 = 9_000;

/// The new part of a history, and how far it is to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage<E> {
    /// The entries after the prefix asked from, in order. Empty unless the verdict is `Complete`.
    pub entries: Vec<E>,
    /// What is verified now: keep it with the entries.
    pub prefix: Prefix,
    pub verdict: HistoryVerdict,
    pub standing: Standing,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("no node hands over the entries: {0}")]
    Unreachable(String),
    /// A node's logs are none.
    #[error("a node's entries are not believed: {0}")]
    Untrusted(String),
    /// The kept prefix is not this chain's: forget it and read from the beginning.
    #[error("what was kept of the history is not part of it")]
    ForeignPrefix,
}

impl HistoryError {
    pub fn reason(&self) -> UnprovenReason {
        match self {
            Self::Read(e) => e.reason(),
            Self::Unreachable(_) => UnprovenReason::NetworkUnreachable,
            Self::Untrusted(_) | Self::ForeignPrefix => UnprovenReason::NodeUntrusted,
        }
    }
}

impl From<LayoutError> for HistoryError {
    fn from(e: LayoutError) -> Self {
        Self::Read(e.into())
    }
}

/// Why one node's entries were not taken.
enum Claimed {
    Failed(NodeError),
    Not(HistoryVerdict),
}

impl Severity for Claimed {
    fn severity(&self) -> u8 {
        match self {
            Self::Failed(_) => 0,
            Self::Not(HistoryVerdict::Incomplete { .. }) => 1,
            Self::Not(_) => 2,
        }
    }

    fn is_the_nodes(&self) -> bool {
        true
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        Some(match self {
            Self::Failed(e) => e.reason(),
            Self::Not(HistoryVerdict::Incomplete { .. }) => UnprovenReason::ProofUnavailable,
            Self::Not(_) => UnprovenReason::NodeUntrusted,
        })
    }
}

impl Chain {
    /// The proven head and length of a party's history.
    pub async fn history_head<E: Entry>(
        &self,
        party: Address,
        at: At,
    ) -> Result<Attested<ChainPoint>, ReadError> {
        let place = E::CONTRACT.layout()?.variable(E::VARIABLE)?.key(party)?;
        let words = self.words(E::CONTRACT, &[place], at).await?;
        let point = ChainPoint {
            head: place.get("head", &words.value)?,
            length: place.get("length", &words.value)?,
        };
        Ok(Attested {
            value: point,
            standing: words.standing,
        })
    }

    /// What is new in a party's history since `known`, verified against its proven head.
    pub async fn history<E: Entry>(
        &self,
        party: Address,
        known: &Prefix,
        at: At,
    ) -> Result<HistoryPage<E>, HistoryError> {
        let head = self.history_head::<E>(party, at).await?;
        let Standing::Proven { height } = head.standing else {
            return Err(ReadError::Unavailable.into());
        };
        let proven = head.value;
        let page = |entries, prefix, verdict| HistoryPage {
            entries,
            prefix,
            verdict,
            standing: head.standing,
        };
        if proven == known.point {
            let prefix = Prefix {
                point: proven,
                seen_to: height.max(known.seen_to),
            };
            return Ok(page(Vec::new(), prefix, HistoryVerdict::Complete));
        }
        if proven.length <= known.point.length {
            // An older state than the one the prefix was verified in, or another chain.
            return if height < known.seen_to {
                Err(ReadError::Unavailable.into())
            } else {
                Err(HistoryError::ForeignPrefix)
            };
        }
        let contract = E::CONTRACT
            .address(&self.network)
            .map_err(ReadError::from)?;
        let mut topics = vec![Some(E::EVENT)];
        topics.resize(E::PARTY_TOPIC, None);
        topics.push(Some(party.into_word()));
        let filter = LogFilter {
            contract,
            topics,
            from: known.seen_to.next(),
            to: height,
        };
        let none = || {
            let what = "the network names no Ethereum endpoint".to_owned();
            Claimed::Failed(TransportError::Unreachable(what).into())
        };
        let found = self
            .evm
            .ask(none, |node| {
                let filter = &filter;
                async move { collect::<E>(&node, filter, known.point, proven).await }
            })
            .await;
        match found {
            Ok(entries) => Ok(page(
                entries,
                Prefix {
                    point: proven,
                    seen_to: height,
                },
                HistoryVerdict::Complete,
            )),
            Err(Claimed::Not(verdict)) => Ok(page(Vec::new(), *known, verdict)),
            Err(Claimed::Failed(e)) => Err(match e.blame() {
                Blame::Untrusted => HistoryError::Untrusted(e.to_string()),
                Blame::Unreachable => HistoryError::Unreachable(e.to_string()),
                Blame::Refused => ReadError::Unavailable.into(),
            }),
        }
    }
}

/// Asks from the newest blocks backwards until every missing place is filled.
async fn collect<E: Entry>(
    node: &EvmNode,
    filter: &LogFilter,
    from: ChainPoint,
    proven: ChainPoint,
) -> Result<Vec<E>, Claimed> {
    let mut found: BTreeMap<u64, E> = BTreeMap::new();
    let missing = proven.length - from.length;
    let mut to = filter.to;
    while (found.len() as u64) < missing && to >= filter.from {
        let low = Height(to.0.saturating_sub(SPAN - 1)).max(filter.from);
        let logs = node
            .logs(&LogFilter {
                from: low,
                to,
                ..filter.clone()
            })
            .await
            .map_err(Claimed::Failed)?;
        for entry in logs.into_iter().filter_map(|log| claimed::<E>(filter, log)) {
            if (from.length..proven.length).contains(&entry.seq()) {
                found.insert(entry.seq(), entry);
            }
        }
        to = Height(low.0.saturating_sub(1));
        if low.0 == 0 {
            break;
        }
    }
    match replay(from, found.values().map(Entry::hash), proven) {
        HistoryVerdict::Complete => Ok(found.into_values().collect()),
        verdict => Err(Claimed::Not(verdict)),
    }
}

fn claimed<E: Entry>(filter: &LogFilter, log: RpcLog) -> Option<E> {
    if log.address != filter.contract {
        return None;
    }
    E::claimed(
        &Log::new(log.address, log.topics, log.data)?,
        Height(log.block_number.saturating_to()),
    )
}
