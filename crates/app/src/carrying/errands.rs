//! An intent on its way from one carrier to the next, until the proven state has what it leads to.

use dhc_chain::{
    IntentVerdict, PrepareError, SignedTx, TxRequest, TxVerdict, contracts::intents::Intent,
};
use dhc_content::sponsor::{Answer, Declined, Errand};
use dhc_domain::{Height, Timestamp};
use dhc_ipc::{Code, Failure, Stage};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::{Carried, SignedIntent};
use crate::{
    job::Job,
    ledger::{
        Journaled, PATIENCE, Signing, accept, broadcast_failure, prepare_failure, receipt_failure,
        revert_failure, sync_failure,
    },
    profile::{Profile, Session},
    sealed::JOURNAL,
    sponsors::{self, Sponsor},
};

/// A carrier has so many blocks.
const BLOCKS: u64 = 3;
/// An intent on its way.
pub(super) struct Errands<'a> {
    pub profile: &'a Profile,
    pub session: &'a Session,
    pub key: &'a [u8; 32],
    pub job: &'a Job,
    pub signed: SignedIntent,
    pub intent: Box<dyn Intent>,
}

/// What a sponsor said, or that it said nothing.
type Said = (Sponsor, Result<(), Code>);

impl Errands<'_> {
    /// Brings it to its end; `own`: the account's own transaction with it, where one was signed.
    pub async fn run(&self, own: Option<SignedTx>) -> Result<Carried, Failure> {
        self.job.report(Stage::Committing, 0, 2);
        let (mut at, mut time) = match self.look().await? {
            IntentVerdict::Done(receipt) => return Ok(Carried::Done(receipt)),
            IntentVerdict::Open { height, time } => (height, time),
        };
        if self.expired(time) {
            return Ok(Carried::Expired);
        }
        if let Some(tx) = own {
            return self.see_through(tx).await;
        }
        let mut waiting = sponsors::all(self.session)?;
        let mut worst: Option<Code> = None;
        let urgent = self.intent.urgent();
        while !waiting.is_empty() {
            self.job.go_on()?;
            let asked: Vec<Sponsor> = if urgent {
                std::mem::take(&mut waiting)
            } else {
                vec![waiting.remove(0)]
            };
            let mut said: FuturesUnordered<_> = asked.iter().map(|s| self.send(s)).collect();
            // What is urgent goes out by every way at once, this account's own among them.
            if urgent && let Some(done) = self.go_alone_beside(&mut said).await? {
                return Ok(done);
            }
            // Sent under the head above the proven state: the three blocks are those after it.
            let last = Height(at.0 + 1 + BLOCKS);
            let mut open = asked;
            while !open.is_empty() && at < last {
                self.job.go_on()?;
                tokio::select! {
                    Some((sponsor, answer)) = said.next() => if let Err(code) = answer {
                        self.failed(&sponsor, code, at)?;
                        worst = worst.max_by_weight(code);
                        open.retain(|s| s.peer.peer != sponsor.peer.peer);
                    },
                    head = self.profile.chain.wait_for(Height(at.0 + 2), PATIENCE) => {
                        head.map_err(pending)?;
                        self.job.report(Stage::Proving, 1, 2);
                        match self.look().await? {
                            IntentVerdict::Done(receipt) => {
                                if let [only] = &open[..] {
                                    sponsors::note(self.session, only, None)?;
                                }
                                return Ok(Carried::Done(receipt));
                            }
                            IntentVerdict::Open { height, time: t } => (at, time) = (height, t),
                        }
                        if self.expired(time) {
                            return Ok(Carried::Expired);
                        }
                    }
                }
            }
            for sponsor in open {
                self.failed(&sponsor, Code::SponsorLate, at)?;
                worst = worst.max_by_weight(Code::SponsorLate);
            }
        }
        if let Some(tx) = self.sign_alone().await? {
            return self.see_through(tx).await;
        }
        Err(self.nobody(worst).await)
    }

    async fn look(&self) -> Result<IntentVerdict, Failure> {
        self.profile
            .chain
            .look_for_intent(&*self.intent, self.signed.since)
            .await
            .map_err(receipt_failure)
    }

    fn expired(&self, now: Timestamp) -> bool {
        self.intent.deadline().is_some_and(|d| d < now)
    }

    /// Asks a sponsor, and says what it answered.
    fn send(&self, sponsor: &Sponsor) -> BoxFuture<'static, Said> {
        let network = self.profile.chain.network();
        let errand = self
            .profile
            .contract(self.intent.contract().name())
            .map(|contract| Errand {
                chain_id: network.evm_chain_id,
                contract,
                call: self.signed.call.to_vec(),
            });
        let (channel, sponsor) = (self.profile.home.errands.clone(), sponsor.clone());
        Box::pin(async move {
            let said = match errand {
                Err(e) => Err(e.code),
                Ok(errand) => match channel.send(&sponsor.peer, errand.encode()).await {
                    Err(_) => Err(Code::SponsorUnreachable),
                    Ok(answer) => match Answer::decode(&answer) {
                        Ok(Answer::Sent(_)) => Ok(()),
                        Ok(Answer::Declined(why)) => Err(declined(&why)),
                        Err(_) => Err(Code::SponsorRefused),
                    },
                },
            };
            (sponsor, said)
        })
    }

    fn failed(&self, sponsor: &Sponsor, code: Code, at: Height) -> Result<(), Failure> {
        tracing::warn!(%code, "a sponsor did not carry an act in");
        sponsors::note(self.session, sponsor, Some((code, at)))
    }

    /// This account's own transaction with the same intent, so that it still happens once;
    /// journaled. `None` where the account cannot pay.
    async fn sign_alone(&self) -> Result<Option<SignedTx>, Failure> {
        let contract = self.profile.contract(self.intent.contract().name())?;
        let request = TxRequest::raw_call(self.session.address, contract, self.signed.call.clone());
        let prepared = match self.profile.chain.prepare(&request).await {
            Ok(prepared) => prepared,
            // Whether it would be refused is looked at when nobody has carried it in.
            Err(PrepareError::InsufficientFunds { .. } | PrepareError::WouldRevert(_)) => {
                return Ok(None);
            }
            Err(e) => return Err(prepare_failure(e)),
        };
        let tx = prepared
            .sign(&Signing(&self.session.account))
            .map_err(|e| Failure::new(Code::VaultLocked, e.to_string()))?;
        let journaled = Journaled {
            tx: Some(tx.clone()),
            intent: Some(self.signed.clone()),
        };
        self.session.db.put(JOURNAL, self.key, &journaled)?;
        Ok(Some(tx))
    }

    /// Sends the own transaction while sponsors are being asked; `None` where it cannot be paid.
    async fn go_alone_beside(
        &self,
        said: &mut FuturesUnordered<BoxFuture<'static, Said>>,
    ) -> Result<Option<Carried>, Failure> {
        // Whatever is wrong with this way must not keep the sponsors from being asked.
        let Ok(Some(tx)) = self.sign_alone().await else {
            return Ok(None);
        };
        let alone = self.see_through(tx);
        tokio::pin!(alone);
        loop {
            tokio::select! {
                done = &mut alone => return done.map(Some),
                Some(_) = said.next() => {}
            }
        }
    }

    /// Sends the account's own transaction, and waits for the act, by it or by another.
    async fn see_through(&self, tx: SignedTx) -> Result<Carried, Failure> {
        let chain = &self.profile.chain;
        chain.broadcast(&tx).await.map_err(broadcast_failure)?;
        self.job.report(Stage::Proving, 1, 2);
        let verdict = chain
            .await_proven(&tx, PATIENCE)
            .await
            .map_err(receipt_failure)?;
        if let TxVerdict::Proven(receipt) = verdict {
            // Another carrier was quicker, or the contract refuses.
            chain
                .wait_for(receipt.height.next(), PATIENCE)
                .await
                .map_err(pending)?;
            if let IntentVerdict::Done(receipt) = self.look().await? {
                return Ok(Carried::Done(receipt));
            }
            self.forget_own()?;
            return accept(*receipt).map(|r| Carried::Done(Box::new(r)));
        }
        if let IntentVerdict::Done(receipt) = self.look().await? {
            return Ok(Carried::Done(receipt));
        }
        if verdict == TxVerdict::Replaced {
            self.forget_own()?;
        }
        Err(waits())
    }

    fn forget_own(&self) -> Result<(), Failure> {
        let journaled = Journaled {
            tx: None,
            intent: Some(self.signed.clone()),
        };
        self.session.db.put(JOURNAL, self.key, &journaled)
    }

    /// What is said when nobody carried the act in. It may still come until its deadline.
    async fn nobody(&self, worst: Option<Code>) -> Failure {
        let alone = self
            .profile
            .contract(self.intent.contract().name())
            .map(|c| TxRequest::raw_call(self.session.address, c, self.intent.alone()));
        if let Ok(request) = alone
            && let Err(PrepareError::WouldRevert(revert)) =
                self.profile.chain.prepare(&request).await
        {
            return revert_failure(&revert);
        }
        match worst {
            Some(code) => Failure::new(code, "no sponsor has carried this in")
                .hint("give the same command again later: it goes on, and is done once"),
            None => waits(),
        }
    }
}

/// Which failure of several sponsors tells a person most.
trait Telling {
    fn max_by_weight(self, other: Code) -> Self;
}

impl Telling for Option<Code> {
    fn max_by_weight(self, other: Code) -> Self {
        let weight = |code: Code| match code {
            Code::SponsorUnreachable => 0,
            Code::SponsorLate => 1,
            Code::SponsorRefused => 2,
            Code::SponsorStranger => 3,
            Code::SponsorBudget => 4,
            _ => 5,
        };
        match self {
            Some(code) if weight(code) >= weight(other) => Some(code),
            _ => Some(other),
        }
    }
}

fn declined(why: &Declined) -> Code {
    match why {
        Declined::Budget => Code::SponsorBudget,
        Declined::Limit => Code::SponsorLimit,
        Declined::Stranger => Code::SponsorStranger,
        Declined::Unavailable => Code::SponsorUnreachable,
        Declined::NotCarried | Declined::WouldRevert(_) => Code::SponsorRefused,
    }
}

fn waits() -> Failure {
    Failure::new(Code::TxPending, "no block has the act yet")
        .hint("give the same command again: it goes on, and is done once")
}

/// The chain shows no further block: nobody's fault but the network's.
fn pending(e: dhc_chain::SyncError) -> Failure {
    match e {
        dhc_chain::SyncError::TimedOut => waits(),
        e => sync_failure(e),
    }
}
