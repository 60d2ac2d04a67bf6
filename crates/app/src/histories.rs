//! Lists that the chain proves complete: what was verified is kept, only what is new is asked for.

use dhc_chain::{At, HistoryError, HistoryVerdict, Prefix, history::Entry};
use dhc_domain::{Address, Standing};
use dhc_ipc::{Code, Failure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    failure::reason_code,
    ledger::read_failure,
    profile::{Profile, Session},
    sealed::HISTORIES,
};

#[derive(Serialize, Deserialize)]
struct Kept<E> {
    prefix: Prefix,
    entries: Vec<E>,
}

/// A history as far as it is verified.
pub struct Verified<E> {
    pub entries: Vec<E>,
    /// How many entries there are by the proven head.
    pub length: u64,
    pub complete: bool,
    pub standing: Standing,
}

pub fn history_failure(e: HistoryError) -> Failure {
    match e {
        HistoryError::Read(e) => read_failure(e),
        e => Failure::new(reason_code(e.reason()), e.to_string()),
    }
}

impl Profile {
    /// The history `E` of `key`: what is kept and what is new since, verified against the head
    /// proven at `at`. Where a node hands over too little or forges, what is kept is answered
    /// with `complete: false`.
    pub async fn history<E>(
        &self,
        session: &Session,
        name: &str,
        key: Address,
        at: At,
    ) -> Result<Verified<E>, Failure>
    where
        E: Entry + Serialize + DeserializeOwned,
    {
        let slot = session.blind(&format!("history {name} {key}"));
        let kept = session.db.get::<Kept<E>>(HISTORIES, &slot)?;
        let (prefix, mut entries) = kept.map_or_else(
            || (Prefix::default(), Vec::new()),
            |k| (k.prefix, k.entries),
        );
        let page = self
            .chain
            .history::<E>(key, &prefix, at)
            .await
            .map_err(history_failure)?;
        match page.verdict {
            HistoryVerdict::Complete => {
                let fresh = !page.entries.is_empty() || page.prefix != prefix;
                entries.extend(page.entries);
                let kept = Kept {
                    prefix: page.prefix,
                    entries,
                };
                if fresh {
                    session.db.put(HISTORIES, &slot, &kept)?;
                }
                let length = kept.entries.len() as u64;
                Ok(Verified {
                    entries: kept.entries,
                    length,
                    complete: true,
                    standing: page.standing,
                })
            }
            HistoryVerdict::Incomplete { of, .. } => Ok(Verified {
                entries,
                length: of,
                complete: false,
                standing: page.standing,
            }),
            HistoryVerdict::Forged => Err(Failure::new(
                Code::NodeUntrusted,
                "a node handed over entries that the chain does not prove",
            )),
        }
    }
}
