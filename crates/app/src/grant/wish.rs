//! What a person asks for when giving access, read and checked before anything is made of it.

use dhc_domain::{
    Action, Actions, Address, Asked, B256, Mode, Purpose, RecordId, Timestamp, Until,
};
use dhc_ipc::{Failure, Grant};

use crate::{
    custody::{self, Custodians},
    failure::{exchange_failure, misuse},
    keys,
    ledger::sync_failure,
    notes::{NoteBody, NotedRecord},
    pins,
    profile::{Profile, Session},
    records::{self, Record},
    templates,
    wallet::address,
    wards::{self, Ward},
};

/// As many as the contract takes.
const MAX_OBJECTS: usize = 16;

/// What a grant is for.
pub(super) enum Given {
    /// Records of this profile's.
    Own(Vec<Record>),
    /// Records of an owner for whom this profile acts.
    Wards(Ward),
}

/// What a person asked for, read and checked.
pub(super) struct Wish {
    pub owner: Address,
    pub given: Given,
    pub grantee: Address,
    pub purpose: Purpose,
    pub not_after: Timestamp,
    pub mode: Mode,
    pub actions: Actions,
    pub onward: bool,
    pub approvers: Vec<Address>,
    pub threshold: u8,
    /// In custody mode.
    pub custodians: Option<Custodians>,
    pub template: B256,
}

pub(super) async fn read_wish(
    profile: &Profile,
    session: &Session,
    args: &Grant,
) -> Result<Wish, Failure> {
    let owner = match &args.owner {
        Some(owner) => address(owner)?,
        None => session.address,
    };
    let mode = match args.mode.as_deref() {
        None | Some("live") => Mode::Live,
        Some("sealed") => Mode::Sealed,
        Some("custody") => Mode::Custody,
        Some(other) => {
            return Err(misuse(format!(
                "{other:?} is no mode: live, sealed, custody"
            )));
        }
    };
    let given = if owner == session.address {
        let found = args.studies.iter().map(|id| records::find(session, id));
        Given::Own(found.collect::<Result<_, _>>()?)
    } else {
        Given::Wards(wards::find(profile, session, owner, &args.studies, mode).await?)
    };
    let mut ids = given.ids();
    let named = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if !(1..=MAX_OBJECTS).contains(&named) || ids.len() != named {
        return Err(misuse(format!(
            "a grant is for 1 to {MAX_OBJECTS} studies, each named once"
        )));
    }
    let grantee = address(&args.to)?;
    if grantee == owner {
        return Err(misuse("access to one's own records needs no grant"));
    }
    let parties = [owner, grantee];
    let custodians = custody::custodians(mode, &args.custodians, args.shares, parties)?;
    if custodians.is_some() && args.onward {
        return Err(misuse("whose keys are in custody, nobody shares onward"));
    }
    let purpose: Purpose = args.purpose.parse().map_err(|_| {
        misuse(format!(
            "{:?} is no purpose of use (HL7 ActReason)",
            args.purpose
        ))
    })?;
    // The contract counts from its block's time, which this device's clock is mostly ahead of: a
    // window as long as its template allows must not be a moment longer there.
    let now = profile.chain.sync().await.map_err(sync_failure)?.time;
    let not_after = until(&args.until)?.from(now);
    if not_after <= now {
        return Err(misuse("the end of the window lies in the past"));
    }
    let approvers = args
        .approvers
        .iter()
        .map(|a| address(a))
        .collect::<Result<Vec<_>, _>>()?;
    let threshold = match (args.threshold, approvers.len()) {
        (0, n) => u8::try_from(n).map_err(|_| misuse("too many approvers"))?,
        (t, n) if usize::from(t) <= n => t,
        _ => {
            return Err(misuse(
                "the threshold is higher than the number of approvers",
            ));
        }
    };
    let actions = actions(&args.actions)?;
    let asked = Asked {
        purpose,
        window_s: not_after.0 - now.0,
        threshold,
        mode,
        actions,
        onward: args.onward,
    };
    let template = templates::choose(profile, args.template.as_deref(), &asked).await?;
    Ok(Wish {
        owner,
        given,
        grantee,
        purpose,
        not_after,
        mode,
        actions: actions.unwrap_or(template.actions),
        onward: args.onward,
        approvers,
        threshold,
        custodians,
        template: template.id(),
    })
}

/// The end of a window, as a person says it.
pub(crate) fn until(text: &str) -> Result<Until, Failure> {
    text.parse()
        .map_err(|e: dhc_domain::TimeError| misuse(e.to_string()))
}

/// The actions named; `None` where none is.
pub(crate) fn actions(names: &[String]) -> Result<Option<Actions>, Failure> {
    let actions = names
        .iter()
        .map(|name| name.parse::<Action>().map_err(|e| misuse(e.to_string())))
        .collect::<Result<Actions, _>>()?;
    Ok((!names.is_empty()).then_some(actions))
}

impl Given {
    pub(super) fn ids(&self) -> Vec<RecordId> {
        match self {
            Self::Own(records) => records.iter().map(|r| r.id).collect(),
            Self::Wards(ward) => ward.records.iter().map(|r| r.record).collect(),
        }
    }

    /// As the Consent document names them: the ward's study numbers are not known here.
    pub(super) fn named(&self) -> Vec<String> {
        match self {
            Self::Own(records) => {
                let oid = |r: &Record| format!("urn:oid:{}", r.study.uid);
                records.iter().map(oid).collect()
            }
            Self::Wards(ward) => ward.records.iter().map(|r| r.record.to_string()).collect(),
        }
    }

    /// What the grantee is told: in sealed mode the keys, too.
    pub(super) async fn note(
        &self,
        profile: &Profile,
        session: &Session,
        mode: Mode,
    ) -> Result<NoteBody, Failure> {
        let records = match self {
            Self::Own(records) => records,
            Self::Wards(ward) => {
                return Ok(NoteBody {
                    records: ward.records.clone(),
                    peers: ward.peers.clone(),
                    custody: None,
                });
            }
        };
        let here = profile.home.channel.here().await;
        let noted = records.iter().map(|record| {
            let key = match mode {
                Mode::Live | Mode::Custody => None,
                Mode::Sealed => Some(keys::of_record(profile, session, record)?),
            };
            NotedRecord::of(record, key)
        });
        Ok(NoteBody {
            records: noted.collect::<Result<_, Failure>>()?,
            peers: std::iter::once(here.map_err(exchange_failure)?)
                .chain(pins::keepers(session, records)?)
                .collect(),
            custody: None,
        })
    }
}
