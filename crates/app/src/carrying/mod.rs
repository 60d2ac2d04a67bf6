//! Having an act carried in by others, who pay for it. Nothing they answer is believed: the act is
//! done when the proven state has it, by whichever transaction, and a carrier that lets three
//! blocks pass gives way to the next (`docs/spec/sponsor.md`).

mod errands;

use dhc_chain::{
    At, Bytes, PrepareError, ProvenReceipt, SignedTx, TxRequest,
    contracts::{
        Contract,
        intents::{self, Intent, IntentError},
    },
};
use dhc_domain::{Height, Standing};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize};

use self::errands::Errands;
use crate::{
    failure::{damaged, misuse},
    job::Job,
    ledger::{Journaled, Signing, Wish, prepare_failure, read_failure, sync_failure},
    profile::{Profile, Session},
    sponsors,
};

/// A signed intent, as it is journaled before anybody gets it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignedIntent {
    /// The contract's name in network files.
    contract: String,
    call: Bytes,
    /// Proven: not done at this height.
    since: Height,
}

/// What became of an intent.
pub(crate) enum Carried {
    Done(Box<ProvenReceipt>),
    /// Its deadline has passed, and it is proven that it was not done.
    Expired,
}

impl SignedIntent {
    fn read(&self) -> Option<Box<dyn Intent>> {
        let contract = Contract::ALL.iter().find(|c| c.name() == self.contract)?;
        intents::parse(*contract, &self.call)
    }
}

impl Profile {
    /// Signs a wish as the account's own transaction, or, where the account cannot pay or is not
    /// to, as an intent for its sponsors.
    pub(crate) async fn sign(
        &self,
        session: &Session,
        wish: &mut Wish,
    ) -> Result<Journaled, Failure> {
        let request = match wish {
            Wish::Alone(request) => request.clone(),
            Wish::Carried(intent) => TxRequest::raw_call(
                session.address,
                self.contract(intent.contract().name())?,
                intent.alone(),
            ),
        };
        let prepared = self.chain.prepare(&request).await;
        if let Wish::Carried(intent) = wish {
            let wanted = match &prepared {
                Ok(_) => sponsors::always(session)?,
                Err(PrepareError::InsufficientFunds { .. }) => true,
                Err(_) => false,
            };
            if wanted && !sponsors::all(session)?.is_empty() {
                let signed = self.sign_intent(session, &mut **intent).await?;
                return Ok(Journaled {
                    tx: None,
                    intent: Some(signed),
                });
            }
        }
        let prepared = prepared.map_err(|e| {
            let poor = matches!(e, PrepareError::InsufficientFunds { .. });
            let failure = prepare_failure(e);
            match wish {
                Wish::Carried(_) if poor => {
                    failure.hint("an institution may pay for you: dhc sponsor add")
                }
                _ => failure,
            }
        })?;
        let tx = prepared
            .sign(&Signing(&session.account))
            .map_err(|e| Failure::new(Code::VaultLocked, e.to_string()))?;
        Ok(Journaled {
            tx: Some(tx),
            intent: None,
        })
    }

    async fn sign_intent(
        &self,
        session: &Session,
        intent: &mut dyn Intent,
    ) -> Result<SignedIntent, Failure> {
        let before = intent
            .reached(&self.chain, At::Latest)
            .await
            .map_err(read_failure)?;
        let Standing::Proven { height: since } = before.standing else {
            return Err(misuse("the state before the act is not proven"));
        };
        if before.value {
            return Err(Failure::new(
                Code::TxReverted,
                "this was done meanwhile, from elsewhere",
            ));
        }
        let now = self.chain.sync().await.map_err(sync_failure)?;
        self.chain
            .sign_intent(
                intent,
                now.time.plus(sponsors::counts_for_s(session)?),
                &Signing(&session.account),
            )
            .await
            .map_err(intent_failure)?;
        Ok(SignedIntent {
            contract: intent.contract().name().to_owned(),
            call: intent.carried(),
            since,
        })
    }

    /// Brings a signed intent to its end: done, or proven never to be.
    pub(crate) async fn have_carried(
        &self,
        session: &Session,
        key: &[u8; 32],
        signed: SignedIntent,
        own: Option<SignedTx>,
        job: &Job,
    ) -> Result<Carried, Failure> {
        let intent = signed.read().ok_or_else(|| damaged("journal"))?;
        let errands = Errands {
            profile: self,
            session,
            key,
            job,
            signed,
            intent,
        };
        errands.run(own).await
    }
}

fn intent_failure(e: IntentError) -> Failure {
    match e {
        IntentError::Read(e) => read_failure(e),
        IntentError::Network(e) => misuse(e.to_string()),
        IntentError::Sign(_) | IntentError::Signature => {
            Failure::new(Code::VaultLocked, e.to_string())
        }
    }
}
