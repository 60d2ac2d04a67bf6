use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use alloy::primitives::keccak256;
use async_trait::async_trait;
use dhc_chain::{
    At, BroadcastError, PrepareError, SignedTx, TxRequest, TxVerdict,
    contracts::{
        Contract,
        intents::{self, Intent, IntentError},
    },
};
use dhc_content::sponsor::{Answer, Declined, Errand};
use dhc_domain::{Address, B256, Timestamp, TxHash};
use dhc_ipc::Failure;
use tokio::sync::{Mutex, Notify};

use super::{
    Sponsoring, Terms,
    books::{Books, Open},
};
use crate::{
    contacts,
    ledger::{Signing, receipt_failure},
    ports::Responder,
    profile::{Profile, Session},
    sealed::SPONSORING,
};

const BOOKS: &[u8] = b"books";
/// More gas than any patient's act needs: a grant with its note and sixteen approvers, a claim of
/// sixty days.
const MAX_GAS: u64 = 6_000_000;
/// A deadline further off than this binds budget for too long, seconds.
const LONGEST_S: u64 = 3600;
/// How long one transaction is waited for before the next is looked at.
const TURN: Duration = Duration::from_secs(5);

/// Takes errands, pays for those within its terms, and follows them to their proof.
pub(crate) struct Desk {
    profile: Weak<Profile>,
    terms: Terms,
    /// One errand at a time is weighed and signed, and the books are changed by one at a time.
    books: Mutex<()>,
    /// Something is under way.
    sent: Notify,
}

/// An errand that is one: whose act, to which contract.
struct Weighed {
    errand: Errand,
    intent: Box<dyn Intent>,
}

impl Desk {
    pub fn new(profile: &Arc<Profile>, terms: Terms) -> Arc<Self> {
        Arc::new(Self {
            profile: Arc::downgrade(profile),
            terms,
            books: Mutex::default(),
            sent: Notify::new(),
        })
    }

    pub fn state(&self, session: &Session) -> Result<Sponsoring, Failure> {
        let books = load(session)?;
        Ok(Sponsoring {
            account: session.address,
            budget: self.terms.budget,
            spent: books.spent(),
            reserved: books.reserved(),
        })
    }

    async fn consider(
        &self,
        profile: &Profile,
        session: &Session,
        message: &[u8],
    ) -> Result<TxHash, Declined> {
        let weighed = read(profile, message)?;
        let author = weighed.intent.author();
        if self.terms.contacts_only && !knows(session, author)? {
            return Err(Declined::Stranger);
        }
        let now = profile
            .chain
            .sync()
            .await
            .map_err(|_| Declined::Unavailable)?
            .time;
        let in_time = |d: Timestamp| d > now && d <= now.plus(LONGEST_S);
        if !weighed.intent.deadline().is_none_or(in_time) {
            return Err(Declined::NotCarried);
        }
        profile
            .chain
            .check_intent(&*weighed.intent)
            .await
            .map_err(|e| match e {
                IntentError::Read(_) => Declined::Unavailable,
                _ => Declined::NotCarried,
            })?;
        self.carry(profile, session, weighed, now).await
    }

    /// Simulates, reserves, signs, keeps, sends: in this order, one errand after the other.
    async fn carry(
        &self,
        profile: &Profile,
        session: &Session,
        weighed: Weighed,
        now: Timestamp,
    ) -> Result<TxHash, Declined> {
        let _one_at_a_time = self.books.lock().await;
        let mut books = load(session).map_err(|_| Declined::Unavailable)?;
        let Weighed { errand, intent } = weighed;
        let name = name(&errand);
        if let Some(known) = books.errand(&name) {
            return Ok(known);
        }
        books.admit(&self.terms, intent.author(), now)?;
        let _sending = session.sending.lock().await;
        let chain = &profile.chain;
        let proven = chain.nonce(session.address, At::Latest).await;
        let proven = proven.map_err(|_| Declined::Unavailable)?.value;
        let mut request = TxRequest::raw_call(session.address, errand.contract, errand.call.into());
        request.nonce = Some(books.next_nonce(proven, now));
        let prepared = chain.prepare(&request).await.map_err(|e| match e {
            PrepareError::WouldRevert(revert) => Declined::WouldRevert(revert.name),
            PrepareError::InsufficientFunds { .. } => Declined::Budget,
            PrepareError::Refused(_) => Declined::NotCarried,
            _ => Declined::Unavailable,
        })?;
        if prepared.gas_limit() > MAX_GAS {
            return Err(Declined::NotCarried);
        }
        books.afford(&self.terms, prepared.max_fee())?;
        let tx = prepared
            .sign(&Signing(&session.account))
            .map_err(|_| Declined::Unavailable)?;
        books.reserve(Open {
            errand: name,
            author: intent.author(),
            worst: prepared.max_fee(),
            deadline: intent.deadline(),
            tx: tx.clone(),
        });
        keep(session, &books)?;
        match chain.broadcast(&tx).await {
            Ok(_) => {}
            Err(BroadcastError::InsufficientFunds | BroadcastError::Refused(_)) => {
                books.release(tx.hash);
                keep(session, &books)?;
                return Err(Declined::Unavailable);
            }
            // A node may have it: it is followed, and sent again.
            Err(e) => tracing::debug!(error = %e, "an errand is to be sent again"),
        }
        self.sent.notify_one();
        Ok(tx.hash)
    }

    /// Follows what is under way until the profile is closed or locked.
    pub async fn follow(self: Arc<Self>) {
        loop {
            let Some((profile, session)) = self.open_profile() else {
                return;
            };
            let under_way = match load(&session) {
                Ok(books) => books.open().to_vec(),
                Err(e) => {
                    tracing::warn!(code = %e.code, "the sponsor's books cannot be read");
                    return;
                }
            };
            if under_way.is_empty() {
                drop((profile, session));
                // Looks up now and then, whether the profile is still open.
                let _ = tokio::time::timeout(TURN, self.sent.notified()).await;
                continue;
            }
            for open in under_way {
                if let Err(e) = self.see_through(&profile, &session, &open).await {
                    tracing::debug!(code = %e.code, "an errand is not settled yet");
                    // The network is away: what is under way stays in the books.
                    let _ = tokio::time::timeout(TURN, self.sent.notified()).await;
                    break;
                }
            }
        }
    }

    fn open_profile(&self) -> Option<(Arc<Profile>, Arc<Session>)> {
        let profile = self.profile.upgrade()?;
        let session = profile.unlocked()?;
        Some((profile, session))
    }

    async fn see_through(
        &self,
        profile: &Profile,
        session: &Session,
        open: &Open,
    ) -> Result<(), Failure> {
        let verdict = self.fate(profile, &open.tx).await?;
        let _one_at_a_time = self.books.lock().await;
        let mut books = load(session)?;
        match verdict {
            TxVerdict::Proven(receipt) => books.settle(open.tx.hash, receipt.max_fee()),
            TxVerdict::Replaced => books.release(open.tx.hash),
            TxVerdict::Unknown => {
                let head = profile.chain.sync().await;
                let now = head.map_err(crate::ledger::sync_failure)?.time;
                if !open.is_stale(now)
                    && let Err(e) = profile.chain.broadcast(&open.tx).await
                {
                    tracing::debug!(error = %e, "an errand is to be sent again");
                }
                return Ok(());
            }
            TxVerdict::Pending => return Ok(()),
        }
        session.db.put(SPONSORING, BOOKS, &books)
    }

    async fn fate(&self, profile: &Profile, tx: &SignedTx) -> Result<TxVerdict, Failure> {
        let verdict = profile.chain.await_proven(tx, TURN).await;
        verdict.map_err(receipt_failure)
    }
}

#[async_trait]
impl Responder for Desk {
    async fn respond(&self, _: &str, message: Vec<u8>) -> Option<Vec<u8>> {
        let (profile, session) = self.open_profile()?;
        let answer = match self.consider(&profile, &session, &message).await {
            Ok(tx) => Answer::Sent(tx),
            Err(why) => {
                // The reason names nobody.
                tracing::debug!(%why, "an errand was declined");
                Answer::Declined(why)
            }
        };
        Some(answer.encode())
    }
}

/// One of the intents that this sponsor carries in, to a contract of its network's file.
fn read(profile: &Profile, message: &[u8]) -> Result<Weighed, Declined> {
    let errand = Errand::decode(message).map_err(|_| Declined::NotCarried)?;
    let network = profile.chain.network();
    if errand.chain_id != network.evm_chain_id {
        return Err(Declined::NotCarried);
    }
    let contract = Contract::ALL
        .iter()
        .find(|c| c.address(network) == Ok(errand.contract))
        .ok_or(Declined::NotCarried)?;
    let intent = intents::parse(*contract, &errand.call).ok_or(Declined::NotCarried)?;
    Ok(Weighed { errand, intent })
}

fn name(errand: &Errand) -> B256 {
    keccak256([errand.contract.as_slice(), &errand.call].concat())
}

fn knows(session: &Session, person: Address) -> Result<bool, Declined> {
    let known = contacts::known(session).map_err(|_| Declined::Unavailable)?;
    Ok(known.contains_key(&person))
}

fn load(session: &Session) -> Result<Books, Failure> {
    Ok(session.db.get(SPONSORING, BOOKS)?.unwrap_or_default())
}

fn keep(session: &Session, books: &Books) -> Result<(), Declined> {
    session
        .db
        .put(SPONSORING, BOOKS, books)
        .map_err(|_| Declined::Unavailable)
}
