//! Comparing with witnesses, and where two nodes' chains part.

use dhc_domain::{Height, UnprovenReason};
use tendermint::{
    account,
    block::{CommitSig, signed_header::SignedHeader},
};

use super::{
    Conflict, Finding, LightBlock, LightClient, SyncError, WitnessStanding, WitnessStatus,
    witness::Shown,
};
use crate::{
    node::{CometNode, NodeError, Recorded},
    ports::StoreError,
};

/// A node with what it shows.
type Showing<'a> = (&'a CometNode, SignedHeader);

impl LightClient {
    /// Asks every witness for the new head's header.
    pub(super) async fn compare(
        &self,
        node: &CometNode,
        trusted: &LightBlock,
        head: &LightBlock,
    ) -> Result<(), SyncError> {
        let asked = self
            .witnesses
            .iter()
            .map(|witness| self.compare_with(witness, node, trusted, head));
        let answers = futures::future::join_all(asked).await;
        let mut statuses = Vec::with_capacity(answers.len());
        for (witness, answer) in self.witnesses.iter().zip(answers) {
            let standing = answer.inspect_err(|e| witness.record().failed(e.reason()))?;
            if let WitnessStanding::Agrees { .. } = standing {
                witness.record().answered(self.clock.now());
            }
            statuses.push(WitnessStatus {
                endpoint: witness.endpoint().to_owned(),
                standing,
            });
        }
        self.seen_mut().witnesses = statuses;
        Ok(())
    }

    async fn compare_with(
        &self,
        witness: &CometNode,
        node: &CometNode,
        trusted: &LightBlock,
        head: &LightBlock,
    ) -> Result<WitnessStanding, SyncError> {
        let shown = match witness.commit(Some(head.height())).await {
            Ok(shown) => shown,
            // A witness may be a block behind; what it has must then agree.
            Err(NodeError::Refused { .. }) => match witness.commit(None).await {
                Ok(latest) if latest.header.height.value() < head.height().0 => {
                    let height = Height(latest.header.height.value());
                    let ours = match self.header_from(node, head, height).await {
                        Ok(ours) => ours,
                        Err(e) => {
                            tracing::debug!(%e, "the node does not show what the witness is compared with");
                            return Ok(WitnessStanding::Silent);
                        }
                    };
                    if ours.hash() == latest.header.hash() {
                        return Ok(WitnessStanding::Agrees { height });
                    }
                    let primary = node.commit(Some(height)).await?;
                    return Err(self
                        .conflict((node, primary), (witness, latest), trusted)
                        .await);
                }
                Ok(_) => {
                    witness.record().failed(UnprovenReason::ProofUnavailable);
                    return Ok(WitnessStanding::Silent);
                }
                Err(e) => {
                    witness.record().failed(e.reason());
                    return Ok(WitnessStanding::Silent);
                }
            },
            Err(e) => {
                witness.record().failed(e.reason());
                return Ok(WitnessStanding::Silent);
            }
        };
        if shown.header.hash() == head.hash() {
            return Ok(WitnessStanding::Agrees {
                height: head.height(),
            });
        }
        Err(self
            .conflict(
                (node, head.signed_header.clone()),
                (witness, shown),
                trusted,
            )
            .await)
    }

    /// Two nodes show different headers of one height: finds the first height at which they do,
    /// sees whether the witness's is signed, and keeps the evidence. What was found first is good
    /// enough where a node does not show what lies between.
    async fn conflict(
        &self,
        primary: Showing<'_>,
        witness: Showing<'_>,
        trusted: &LightBlock,
    ) -> SyncError {
        match self.examined(primary, witness, trusted).await {
            Ok(conflict) => SyncError::WitnessConflict(Box::new(conflict)),
            Err(e) => e.into(),
        }
    }

    async fn examined(
        &self,
        (node, primary): Showing<'_>,
        (witness, shown): Showing<'_>,
        trusted: &LightBlock,
    ) -> Result<Conflict, StoreError> {
        let first_seen = (primary.clone(), shown.clone());
        let (common, mut parted) = self
            .last_agreed((node, primary), (witness, shown), trusted)
            .await?;
        let mut agreed = common.as_ref().map(LightBlock::height);
        if let Some(low) = agreed {
            let (low, found) = narrow(node, witness, low, parted).await;
            (agreed, parted) = (Some(low), found);
        }
        let base = common.as_ref().unwrap_or(trusted);
        if common.is_some() && !self.leads_to(node, base, &parted.0).await {
            // Between, the node does not show the chain whose head it proved.
            (agreed, parted) = (common.as_ref().map(LightBlock::height), first_seen);
        }
        let (primary, shown) = parted;
        let finding = match &common {
            Some(base) => self.finding(witness, base, shown.clone()).await,
            // Not even the checkpoint is the witness's: it follows another chain.
            None => Finding::FalseWitness,
        };
        let mut conflict = Conflict {
            chain_id: self.chain_id.to_string(),
            height: height_of(&shown),
            common_height: agreed,
            finding,
            signed_both: signed_both(&primary, &shown),
            primary: Shown::by(node, primary),
            witness: Shown::by(witness, shown),
            kept: None,
        };
        conflict.kept = self.keep(&conflict)?;
        Ok(conflict)
    }

    /// The highest trusted block that the witness has, too, and the lowest height known so far at
    /// which it has another.
    async fn last_agreed(
        &self,
        (node, primary): Showing<'_>,
        (witness, shown): Showing<'_>,
        trusted: &LightBlock,
    ) -> Result<(Option<LightBlock>, (SignedHeader, SignedHeader)), StoreError> {
        let mut parted = (primary, shown);
        let mut above = trusted.height();
        while let Some((height, bytes)) = self.store.at_or_below(above)? {
            let Ok(ours) = LightBlock::decode(&bytes) else {
                break;
            };
            match witness.commit(Some(height)).await {
                Ok(theirs) if theirs.header.hash() == ours.hash() => {
                    return Ok((Some(ours), parted));
                }
                Ok(theirs) => parted = (ours.signed_header, theirs),
                Err(e) => tracing::debug!(node = node.endpoint(), %e, "the witness has it not"),
            }
            if height <= self.checkpoint.height {
                break;
            }
            // Ever longer steps back, to the checkpoint at last.
            let step = (trusted.height().0 - height.0 + 1) * 2;
            let next = Height(trusted.height().0.saturating_sub(step));
            above = next.max(self.checkpoint.height);
        }
        Ok((None, parted))
    }

    /// Whether the block that `node` shows follows from `base`.
    async fn leads_to(&self, node: &CometNode, base: &LightBlock, shown: &SignedHeader) -> bool {
        match self.complete(node, shown.clone()).await {
            Ok(block) => self.path(node, base, block).await.is_ok(),
            Err(_) => false,
        }
    }

    async fn finding(
        &self,
        witness: &CometNode,
        base: &LightBlock,
        shown: SignedHeader,
    ) -> Finding {
        let followed = match self.complete(witness, shown).await {
            Ok(block) => self.path(witness, base, block).await.map(drop),
            Err(e) => Err(e),
        };
        match followed {
            // Signed in a time to come is signed.
            Ok(()) | Err(SyncError::ClockSkew) => Finding::Fork,
            Err(SyncError::Untrusted(_)) => Finding::FalseWitness,
            Err(_) => Finding::Unexplained,
        }
    }

    /// Keeps the evidence, unless there is some that weighs as much.
    fn keep(&self, conflict: &Conflict) -> Result<Option<String>, StoreError> {
        if let Some(kept) = self.kept()?
            && (kept.stops() || !conflict.stops())
        {
            return Ok(kept.kept);
        }
        if conflict.stops() {
            self.forget_head();
        }
        let evidence =
            serde_json::to_vec_pretty(conflict).map_err(|e| StoreError::Other(e.to_string()))?;
        self.store.keep_evidence(&evidence)
    }

    /// The conflict whose evidence is kept.
    pub fn kept(&self) -> Result<Option<Conflict>, StoreError> {
        let Some(evidence) = self.store.evidence()? else {
            return Ok(None);
        };
        let conflict = serde_json::from_slice::<Conflict>(&evidence.bytes).ok();
        Ok(conflict.map(|conflict| Conflict {
            kept: evidence.place,
            ..conflict
        }))
    }

    /// Refuses to go on while a fork waits for a person's decision.
    pub(super) fn go_on(&self) -> Result<(), SyncError> {
        match self.kept()? {
            Some(conflict) if conflict.stops() => {
                Err(SyncError::WitnessConflict(Box::new(conflict)))
            }
            _ => Ok(()),
        }
    }

    /// A person has looked at the evidence and chosen whom to ask: goes on from what both nodes
    /// agreed on. The evidence stays, under another name. `false` where there was none.
    ///
    /// Where the nodes contradict each other still, the next head stops everything again.
    pub async fn resume(&self) -> Result<bool, StoreError> {
        let _walking = self.walking.lock().await;
        let Some(conflict) = self.kept()? else {
            return Ok(false);
        };
        let latest = self.store.latest()?.map(|(height, _)| height);
        if conflict.stops() && latest > conflict.common_height {
            // Trusted headers of the branch that may be the wrong one: from the checkpoint again.
            self.store.clear()?;
        }
        let persons = self.persons_anchor().ok().flatten();
        if conflict.stops() && persons.map(|b| b.height()) > conflict.common_height {
            self.store.keep_anchor(None)?;
        }
        self.forget_head();
        self.store.dismiss_evidence()?;
        Ok(true)
    }

    pub(super) fn forget_head(&self) {
        self.headers.forget();
        self.seen_mut().head = None;
    }
}

/// Bisects between the last height on which two nodes agree and one on which they do not.
async fn narrow(
    node: &CometNode,
    witness: &CometNode,
    mut low: Height,
    mut parted: (SignedHeader, SignedHeader),
) -> (Height, (SignedHeader, SignedHeader)) {
    loop {
        let high = height_of(&parted.1);
        let middle = Height(low.0 + high.0.saturating_sub(low.0) / 2);
        if middle <= low {
            return (low, parted);
        }
        let (ours, theirs) =
            futures::join!(node.commit(Some(middle)), witness.commit(Some(middle)));
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) if ours.header.hash() == theirs.header.hash() => low = middle,
            (Ok(ours), Ok(theirs)) => parted = (ours, theirs),
            _ => return (low, parted),
        }
    }
}

fn height_of(shown: &SignedHeader) -> Height {
    Height(shown.header.height.value())
}

/// The validators whose signatures both commits carry.
fn signed_both(one: &SignedHeader, other: &SignedHeader) -> Vec<account::Id> {
    let signers = |shown: &SignedHeader| -> Vec<account::Id> {
        let signatures = shown.commit.signatures.iter();
        signatures
            .filter(|s| matches!(s, CommitSig::BlockIdFlagCommit { .. }))
            .filter_map(CommitSig::validator_address)
            .collect()
    };
    let others = signers(other);
    signers(one)
        .into_iter()
        .filter(|id| others.contains(id))
        .collect()
}
