use std::{
    collections::VecDeque,
    sync::{Arc, RwLock},
    time::Duration,
};

use dhc_domain::{Height, Timestamp};
use futures::lock::Mutex;
use tendermint::{Hash, block::Header, chain, validator};

use super::{
    LightBlock, Rules, SyncError, Verdict, WitnessStanding, WitnessStatus, anchor::Checkpoint,
    backwards::HeaderCache, verify,
};
use crate::{
    node::{CometNode, EndpointStatus, Pool, Recorded, Role},
    ports::{Clock, HeaderStore},
};

/// Stored blocks that are kept behind the head, for reading older heights without the node's
/// whole chain of headers.
const KEPT_BLOCKS: u64 = 5_000;
const PRUNE_EVERY: u64 = 500;
/// Without a new block for so long, another node is asked whether it has one.
const STANDSTILL_S: u64 = 10;
/// Validator sets remembered by hash, so that an unchanged set is not fetched again.
const KEPT_SETS: usize = 8;

/// The latest trusted header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub height: Height,
    pub time: Timestamp,
    pub hash: Hash,
    /// How many witnesses showed the same header, of how many.
    pub witnesses_agreed: usize,
    pub witnesses_total: usize,
}

/// Follows a chain by its headers. One per profile and network; calls may be concurrent.
pub struct LightClient {
    pub(super) chain_id: chain::Id,
    pub(super) checkpoint: Checkpoint,
    pub(super) rules: Rules,
    pub(super) nodes: Arc<Pool<CometNode>>,
    pub(super) witnesses: Vec<CometNode>,
    pub(super) store: Arc<dyn HeaderStore>,
    pub(super) clock: Arc<dyn Clock>,
    /// Serializes walks to the head.
    pub(super) walking: Mutex<()>,
    seen: RwLock<Seen>,
    pub(super) headers: HeaderCache,
}

#[derive(Default)]
pub(super) struct Seen {
    pub(super) head: Option<(LightBlock, Head, Duration)>,
    pub(super) witnesses: Vec<WitnessStatus>,
    sets: VecDeque<(Hash, validator::Set)>,
    /// The highest height whose header verified.
    claimed: Option<Height>,
}

impl LightClient {
    pub(crate) fn new(
        chain_id: chain::Id,
        checkpoint: Checkpoint,
        rules: Rules,
        nodes: Arc<Pool<CometNode>>,
        witnesses: Vec<CometNode>,
        store: Arc<dyn HeaderStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let statuses = witnesses
            .iter()
            .map(|w| WitnessStatus {
                endpoint: w.endpoint().to_owned(),
                standing: WitnessStanding::NotAsked,
            })
            .collect();
        Self {
            chain_id,
            checkpoint,
            rules,
            nodes,
            witnesses,
            store,
            clock,
            walking: Mutex::new(()),
            seen: RwLock::new(Seen {
                witnesses: statuses,
                ..Seen::default()
            }),
            headers: HeaderCache::default(),
        }
    }

    /// Goes to the network's latest block and returns it as trusted.
    pub async fn sync(&self) -> Result<Head, SyncError> {
        let _walking = self.walking.lock().await;
        self.walk().await
    }

    /// The head, walked to unless that was done within `age`.
    pub async fn head_within(&self, age: Duration) -> Result<Head, SyncError> {
        let _walking = self.walking.lock().await;
        let now = self.clock.monotonic();
        match self.seen().head.as_ref() {
            Some((_, head, at)) if now.saturating_sub(*at) < age => return Ok(head.clone()),
            _ => {}
        }
        self.walk().await
    }

    /// The latest head of this run, or the store's, without asking anybody.
    pub fn known_head(&self) -> Result<Option<(Height, Timestamp)>, SyncError> {
        if let Some((_, head, _)) = &self.seen().head {
            return Ok(Some((head.height, head.time)));
        }
        Ok(self.stored_latest()?.map(|b| (b.height(), b.time())))
    }

    pub fn witnesses(&self) -> Vec<WitnessStatus> {
        self.seen().witnesses.clone()
    }

    /// How the nodes and witnesses have answered in this run.
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        let witnesses = self.witnesses.iter().map(|w| w.status(Role::Witness));
        self.nodes.status().chain(witnesses).collect()
    }

    /// Asks every node and witness for its latest header, for its record alone.
    pub(crate) async fn look_around(&self) {
        let nodes = self.nodes.nodes().iter().map(AsRef::as_ref);
        let asked = nodes
            .chain(&self.witnesses)
            .map(async |node| match node.commit(None).await {
                Ok(_) => node.record().answered(self.clock.now()),
                Err(e) => node.record().failed(e.reason()),
            });
        futures::future::join_all(asked).await;
    }

    /// The newest trusted header of this run, or the store's.
    pub fn known_hash(&self) -> Result<Option<Hash>, SyncError> {
        Ok(self.known_block()?.map(|block| block.hash()))
    }

    /// The highest height whose header verified, in dispute or not.
    pub fn claimed_height(&self) -> Option<Height> {
        self.seen().claimed
    }

    async fn walk(&self) -> Result<Head, SyncError> {
        self.go_on()?;
        let none = || SyncError::Unreachable("the network names no node".into());
        let walked = self
            .nodes
            .ask(none, |node| async move { self.walk_with(&node).await })
            .await;
        match (walked, self.known_block()?) {
            // Nodes answer, and none has anything new: the chain stands still.
            (Err(SyncError::TimedOut), Some(trusted)) => self.settle(trusted),
            (walked, _) => walked,
        }
    }

    /// The trusted head of this run, or the store's.
    fn known_block(&self) -> Result<Option<LightBlock>, SyncError> {
        let known = self.seen().head.as_ref().map(|(block, ..)| block.clone());
        known.map_or_else(|| self.stored_latest(), |block| Ok(Some(block)))
    }

    async fn walk_with(&self, node: &CometNode) -> Result<Head, SyncError> {
        let known = self.seen().head.as_ref().map(|(block, ..)| block.clone());
        let trusted = match known {
            Some(block) => block,
            None => self.trusted_or_anchor(node).await?,
        };
        let latest = node.commit(None).await?;
        let height = Height(latest.header.height.value());
        if height <= trusted.height() {
            if height == trusted.height() && latest.header.hash() != trusted.hash() {
                return Err(SyncError::Untrusted(
                    "the node's latest header is not the trusted one".into(),
                ));
            }
            if self.clock.now() > trusted.time().plus(STANDSTILL_S) {
                return Err(SyncError::TimedOut);
            }
            // A head kept from an earlier run was compared then, not now.
            if self.seen().witnesses.iter().all(not_asked) {
                self.compare(node, &trusted, &trusted).await?;
            }
            return self.settle(trusted);
        }
        let target = self.complete(node, latest).await?;
        let path = self.path(node, &trusted, target).await?;
        self.note_claim(height);
        let Some(head) = path.last().cloned() else {
            return self.settle(trusted);
        };
        self.compare(node, &trusted, &head).await?;
        for block in &path {
            self.store.put(block.height(), &block.encode())?;
        }
        if head.height().0 / PRUNE_EVERY != trusted.height().0 / PRUNE_EVERY {
            let below = Height(head.height().0.saturating_sub(KEPT_BLOCKS));
            self.store.prune(below, self.checkpoint.height)?;
        }
        self.settle(head)
    }

    fn settle(&self, block: LightBlock) -> Result<Head, SyncError> {
        self.headers.keep(block.header().clone());
        let mut seen = self.seen_mut();
        let agreed = |w: &&WitnessStatus| matches!(w.standing, WitnessStanding::Agrees { .. });
        let head = Head {
            height: block.height(),
            time: block.time(),
            hash: block.hash(),
            witnesses_agreed: seen.witnesses.iter().filter(agreed).count(),
            witnesses_total: seen.witnesses.len(),
        };
        seen.head = Some((block, head.clone(), self.clock.monotonic()));
        Ok(head)
    }

    /// The blocks that lead from `trusted` to `target`, each verified by the one before: skipping
    /// verification with bisection.
    pub(super) async fn path(
        &self,
        node: &CometNode,
        trusted: &LightBlock,
        target: LightBlock,
    ) -> Result<Vec<LightBlock>, SyncError> {
        let now = self.clock.now();
        let mut done: Vec<LightBlock> = Vec::new();
        // Fetched and not yet trusted, the nearest last.
        let mut ahead = vec![target];
        while let Some(next) = ahead.last() {
            let base = done.last().unwrap_or(trusted);
            match verify(base, next, self.rules, now) {
                Verdict::Trusted => done.extend(ahead.pop()),
                Verdict::TooFewKnown => {
                    let (low, high) = (base.height().0, next.height().0);
                    let middle = low + (high - low) / 2;
                    if middle == low {
                        return Err(SyncError::Untrusted(
                            "too few known validators signed".into(),
                        ));
                    }
                    ahead.push(self.fetch(node, Some(Height(middle))).await?);
                }
                Verdict::TrustExpired => return Err(SyncError::TrustExpired),
                Verdict::FromTheFuture => return Err(SyncError::ClockSkew),
                Verdict::Invalid(why) => return Err(SyncError::Untrusted(why)),
            }
        }
        Ok(done)
    }

    /// A light block as `node` shows it, consistent in itself but not trusted.
    pub(super) async fn fetch(
        &self,
        node: &CometNode,
        height: Option<Height>,
    ) -> Result<LightBlock, SyncError> {
        let signed_header = node.commit(height).await?;
        self.complete(node, signed_header).await
    }

    /// Adds the validator sets that a header commits to.
    pub(super) async fn complete(
        &self,
        node: &CometNode,
        signed_header: tendermint::block::signed_header::SignedHeader,
    ) -> Result<LightBlock, SyncError> {
        let header = &signed_header.header;
        let height = Height(header.height.value());
        let validators = self.set(node, height, header.validators_hash).await?;
        let next_validators = self
            .set(node, height.next(), header.next_validators_hash)
            .await?;
        Ok(LightBlock {
            signed_header,
            validators,
            next_validators,
        })
    }

    async fn set(
        &self,
        node: &CometNode,
        height: Height,
        hash: Hash,
    ) -> Result<validator::Set, SyncError> {
        if let Some((_, set)) = self.seen().sets.iter().find(|(h, _)| *h == hash) {
            return Ok(set.clone());
        }
        let set = node.validators(height).await?;
        if set.hash() != hash {
            return Err(SyncError::Untrusted(
                "the validators are others than the header's".into(),
            ));
        }
        let mut seen = self.seen_mut();
        seen.sets.push_front((hash, set.clone()));
        seen.sets.truncate(KEPT_SETS);
        Ok(set)
    }

    fn note_claim(&self, height: Height) {
        let mut seen = self.seen_mut();
        seen.claimed = seen.claimed.max(Some(height));
    }

    /// The trusted head's block and header, if the client has walked.
    pub(super) fn head_header(&self) -> Option<Header> {
        self.seen()
            .head
            .as_ref()
            .map(|(block, ..)| block.header().clone())
    }

    // The guarded data is whole at every step, so a poisoned lock is no reason to stop.
    fn seen(&self) -> std::sync::RwLockReadGuard<'_, Seen> {
        self.seen
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn seen_mut(&self) -> std::sync::RwLockWriteGuard<'_, Seen> {
        self.seen
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn not_asked(witness: &WitnessStatus) -> bool {
    witness.standing == WitnessStanding::NotAsked
}
