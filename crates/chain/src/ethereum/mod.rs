//! Ethereum, where DHL is an ERC-20 until the DHC chain is there.
//!
//! There is no light client of its consensus here. A header is believed when it is finalized and
//! every endpoint that answers, more than half of those configured, shows the same one; what is
//! read is proven under it by Merkle–Patricia proofs (EIP-1186). So state, transactions and
//! results cannot be forged by fewer than all the endpoints that answer; all of them together can
//! deceive, which the validators' signatures of the DHC chain do not allow.
//! See docs/spec/ethereum.md.

mod block;
mod state;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy::{
    consensus::{Header, Sealable, Sealed},
    primitives::{Address, B256},
    rlp::{Decodable, Encodable},
};
use dhc_domain::{Attested, Height, Standing, Timestamp};
use futures::future::join_all;
use tendermint::Hash;

pub(crate) use state::Account;

use crate::{
    ProvenBlock, ReadError, ReceiptError, Status, SyncError, WitnessStanding, WitnessStatus,
    light::{Anchor, Checkpoint, Head, Origin},
    node::{EndpointStatus, EvmNode, Pool, Recorded, Role, Tag},
    ports::{Clock, HeaderStore},
};

/// How far a header's time may be ahead of this device's clock, seconds.
const CLOCK_DRIFT_S: u64 = 30;

/// A header that the endpoints agreed on, when they were asked, and by how many.
#[derive(Clone)]
struct Agreed {
    header: Sealed<Header>,
    asked: Duration,
    voices: Vec<WitnessStatus>,
}

/// The endpoints of an Ethereum network, and the newest finalized header that they agree on.
pub(crate) struct Ethereum {
    nodes: Arc<Pool<EvmNode>>,
    /// Everybody whose word counts: the endpoints that are asked, and the witnesses.
    voices: Vec<EvmNode>,
    /// So many of them, the first, are not witnesses.
    asked: usize,
    checkpoint: Checkpoint,
    /// The finalized head may be so much older than this device's clock, seconds.
    period_s: u64,
    store: Arc<dyn HeaderStore>,
    clock: Arc<dyn Clock>,
    agreed: Mutex<Option<Agreed>>,
    asking: futures::lock::Mutex<()>,
}

impl Ethereum {
    pub(crate) fn new(
        nodes: Arc<Pool<EvmNode>>,
        voices: Vec<EvmNode>,
        asked: usize,
        checkpoint: Checkpoint,
        period: Duration,
        store: Arc<dyn HeaderStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            nodes,
            voices,
            asked,
            checkpoint,
            period_s: period.as_secs(),
            store,
            clock,
            agreed: Mutex::default(),
            asking: futures::lock::Mutex::default(),
        }
    }

    fn known(&self) -> Option<Agreed> {
        self.agreed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The finalized head, agreed on at most `age` ago.
    pub(crate) async fn head_within(&self, age: Duration) -> Result<Head, SyncError> {
        let fresh = |known: &Agreed| self.clock.monotonic().saturating_sub(known.asked) <= age;
        if let Some(known) = self.known().filter(fresh) {
            return Ok(head(&known));
        }
        let _one_at_a_time = self.asking.lock().await;
        if let Some(known) = self.known().filter(fresh) {
            return Ok(head(&known));
        }
        let before = match self.known() {
            Some(known) => known.header,
            None => self.anchor().await?,
        };
        let mut agreed = self.agree(Tag::Finalized).await?;
        if agreed.header.number < before.number {
            // An endpoint that lags behind takes nothing back.
            agreed.header = before;
        } else if agreed.header.number == before.number && agreed.header.hash() != before.hash() {
            return Err(SyncError::Disagreement(Height(before.number)));
        }
        self.timely(&agreed.header)?;
        self.store
            .put(Height(agreed.header.number), &encoded(&agreed.header))?;
        let answer = head(&agreed);
        *self.agreed.lock().unwrap_or_else(PoisonError::into_inner) = Some(agreed);
        Ok(answer)
    }

    /// What every endpoint must still show: the header agreed on last, or the network's checkpoint.
    async fn anchor(&self) -> Result<Sealed<Header>, SyncError> {
        let kept = self
            .store
            .latest()?
            .and_then(|(_, bytes)| Header::decode(&mut bytes.as_slice()).ok())
            .map(Sealable::seal_slow);
        let (height, hash) = match &kept {
            Some(kept) => (Height(kept.number), Hash::Sha256(kept.hash().0)),
            None => (self.checkpoint.height, self.checkpoint.hash),
        };
        let shown = self.agree(Tag::Height(height)).await?;
        if Hash::Sha256(shown.header.hash().0) == hash {
            Ok(shown.header)
        } else if kept.is_some() {
            Err(SyncError::Disagreement(height))
        } else {
            Err(SyncError::Untrusted(format!(
                "block {height} is not the network file's: this is another chain"
            )))
        }
    }

    /// The header at a tag that all who answer agree on: the lowest of those they name.
    async fn agree(&self, tag: Tag) -> Result<Agreed, SyncError> {
        let asked = self.clock.monotonic();
        let shown = join_all(self.voices.iter().map(|v| v.header(tag))).await;
        let mut worst = None;
        let mut heard = Vec::new();
        for (voice, shown) in self.voices.iter().zip(shown) {
            match shown {
                Ok(header) => {
                    voice.record().answered(self.clock.now());
                    voice.record().claimed(Height(header.number));
                    heard.push((voice, header));
                }
                Err(e) => {
                    voice.record().failed(e.reason());
                    worst = Some(SyncError::from(e));
                }
            }
        }
        let Some(lowest) = heard
            .iter()
            .map(|(_, h)| h.number)
            .min()
            .filter(|_| heard.len() * 2 > self.voices.len())
        else {
            return Err(worst.unwrap_or_else(|| {
                SyncError::Unreachable("the network names no Ethereum endpoint".into())
            }));
        };
        let height = Height(lowest);
        let at_lowest = join_all(heard.into_iter().map(|(voice, header)| async move {
            if header.number == lowest {
                (voice, Ok(header))
            } else {
                (voice, voice.header(Tag::Height(height)).await)
            }
        }))
        .await;
        let mut common: Option<Sealed<Header>> = None;
        let mut agreeing = Vec::new();
        for (voice, header) in at_lowest {
            let header = header.map_err(SyncError::from)?;
            if common.as_ref().is_some_and(|c| c.hash() != header.hash()) {
                return Err(SyncError::Disagreement(height));
            }
            agreeing.push(voice.endpoint());
            common.get_or_insert(header);
        }
        let voices = self.voices.iter().map(|voice| WitnessStatus {
            endpoint: voice.endpoint().to_owned(),
            standing: if agreeing.contains(&voice.endpoint()) {
                WitnessStanding::Agrees { height }
            } else {
                WitnessStanding::Silent
            },
        });
        let voices = voices.collect();
        let header =
            common.ok_or_else(|| SyncError::Unavailable("no endpoint has the header".into()))?;
        Ok(Agreed {
            header,
            asked,
            voices,
        })
    }

    fn timely(&self, header: &Header) -> Result<(), SyncError> {
        let now = self.clock.now().0;
        if header.timestamp > now + CLOCK_DRIFT_S {
            Err(SyncError::ClockSkew)
        } else if header.timestamp + self.period_s < now {
            Err(SyncError::TrustExpired)
        } else {
            Ok(())
        }
    }

    async fn head_header(&self, age: Duration) -> Result<Sealed<Header>, SyncError> {
        self.head_within(age).await?;
        self.known()
            .map(|known| known.header)
            .ok_or(SyncError::TimedOut)
    }

    /// Syncs and says where things stand.
    pub(crate) async fn status(&self) -> Status {
        let synced = self.head_within(Duration::ZERO).await;
        let known = self.known();
        let height = known.as_ref().map(|k| Height(k.header.number));
        Status {
            trusted_height: height,
            latest_height: height,
            head_time: known.as_ref().map(|k| Timestamp(k.header.timestamp)),
            head_hash: known.as_ref().map(|k| Hash::Sha256(k.header.hash().0)),
            anchor: Some(Anchor {
                checkpoint: self.checkpoint,
                origin: Origin::Network,
                lapses: known
                    .as_ref()
                    .map(|k| Timestamp(k.header.timestamp).plus(self.period_s)),
            }),
            endpoints: self.endpoints(),
            synced: synced.is_ok(),
            witnesses: known.map(|k| witnesses(&k.voices)).unwrap_or_default(),
            standing: match &synced {
                Ok(head) => Standing::Proven {
                    height: head.height,
                },
                Err(e) => Standing::Unproven { reason: e.reason() },
            },
        }
    }

    fn endpoints(&self) -> Vec<EndpointStatus> {
        let voices = self.voices.iter().enumerate();
        let status = voices.map(|(i, voice)| {
            voice.status(if i < self.asked {
                Role::Evm
            } else {
                Role::Witness
            })
        });
        status.collect()
    }

    /// An account as the finalized state has it.
    pub(crate) async fn account(
        &self,
        of: Address,
        age: Duration,
    ) -> Result<Attested<Account>, ReadError> {
        let (account, _, height) = self.prove(of, &[], age).await?;
        Ok(Attested::proven(account, height))
    }

    /// Storage slots of a contract, in the order asked, all at one height.
    pub(crate) async fn slots(
        &self,
        contract: Address,
        slots: &[B256],
        age: Duration,
    ) -> Result<Attested<Vec<B256>>, ReadError> {
        let (_, words, height) = self.prove(contract, slots, age).await?;
        Ok(Attested::proven(words, height))
    }

    async fn prove(
        &self,
        of: Address,
        slots: &[B256],
        age: Duration,
    ) -> Result<(Account, Vec<B256>, Height), ReadError> {
        let header = self.head_header(age).await?;
        let height = Height(header.number);
        let root = header.state_root;
        let none = || ReadError::Unreachable("the network names no Ethereum endpoint".into());
        let (account, words) = self
            .nodes
            .ask(none, |node| async move {
                let proof = node.proof(of, slots, height).await?;
                state::verify(root, of, slots, &proof)
                    .map_err(|fault| ReadError::Untrusted(fault.to_string()))
            })
            .await?;
        Ok((account, words, height))
    }

    /// The transactions of a finalized block with their results, proven by the block's own roots.
    pub(crate) async fn block(&self, height: Height) -> Result<ProvenBlock, ReceiptError> {
        let head = self.head_header(Duration::MAX).await?;
        if height.0 > head.number {
            return Err(ReceiptError::Unavailable);
        }
        let header = if height.0 == head.number {
            head
        } else {
            self.agree(Tag::Height(height)).await?.header
        };
        let none = || ReceiptError::Unreachable("the network names no Ethereum endpoint".into());
        self.nodes
            .ask(none, |node| {
                let header = &header;
                async move {
                    let transactions = node.transactions(height).await?;
                    let receipts = node.receipts(height).await?;
                    block::open(header, &transactions, receipts).map_err(ReceiptError::from)
                }
            })
            .await
    }
}

fn agrees(voice: &WitnessStatus) -> bool {
    matches!(voice.standing, WitnessStanding::Agrees { .. })
}

/// Those who confirm what the first of them showed.
fn witnesses(voices: &[WitnessStatus]) -> Vec<WitnessStatus> {
    let first = voices.iter().position(agrees);
    let others = voices.iter().enumerate().filter(|(i, _)| Some(*i) != first);
    others.map(|(_, voice)| voice.clone()).collect()
}

fn head(agreed: &Agreed) -> Head {
    let witnesses = witnesses(&agreed.voices);
    Head {
        height: Height(agreed.header.number),
        time: Timestamp(agreed.header.timestamp),
        hash: Hash::Sha256(agreed.header.hash().0),
        witnesses_agreed: witnesses.iter().filter(|w| agrees(w)).count(),
        witnesses_total: witnesses.len(),
    }
}

fn encoded(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.length());
    header.encode(&mut bytes);
    bytes
}
