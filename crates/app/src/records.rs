//! The records a person holds.

use std::collections::BTreeMap;

use dhc_chain::At;
use dhc_domain::{
    Address, B256, Commitment, Height, ObjectId, Quality, RecordId, Standing, Timestamp, TxHash,
};
use dhc_imaging::Study;
use dhc_ipc::{Code, Failure, Indexed, RecordDetail, RecordView, RecordsView, SeriesView};
use serde::{Deserialize, Serialize};

use crate::{
    contacts,
    failure::{misuse, standing},
    grants,
    profile::{Profile, Session},
    sealed::{Batch, RECORDS},
};

/// The institution's seal over a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    pub issuer: Address,
    pub quality: Quality,
    /// 65 bytes r ‖ s ‖ v over the EIP-712 digest of `Seal`.
    pub signature: Vec<u8>,
}

/// What the profile keeps of a record, sealed in its database.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    pub study: Study,
    /// SHA-256 over the sorted SHA-256s of the instances.
    pub digest: B256,
    pub salt: B256,
    pub commitment: Commitment,
    pub object: ObjectId,
    pub cid: String,
    /// The object's key, wrapped under the database key.
    pub key: Vec<u8>,
    /// Bytes sealed and stored.
    pub stored: u64,
    pub seal: Option<Seal>,
    pub indexed: Option<(TxHash, Height)>,
    /// Who carried that in and paid for it, if it was not its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<Address>,
    pub contributed: bool,
    /// Found again from the chain: in which block it was indexed is not known here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    pub imported: Timestamp,
    /// PNG, at most 256 px.
    pub thumbnail: Option<Vec<u8>>,
}

impl Record {
    pub fn title(&self) -> String {
        let description = self.study.description.clone().unwrap_or_default();
        if description.is_empty() {
            self.study.modalities.join(", ")
        } else {
            description
        }
    }

    pub fn images(&self) -> u32 {
        self.study.instance_count() as u32
    }

    /// The root's digest as the chain keeps it.
    pub fn root(&self) -> Result<B256, Failure> {
        let cid: cid::Cid = self
            .cid
            .parse()
            .map_err(|_| crate::failure::damaged("records"))?;
        Ok(B256::from_slice(cid.hash().digest()))
    }
}

pub fn all(session: &Session) -> Result<Vec<Record>, Failure> {
    let mut records: Vec<Record> = session
        .db
        .all(RECORDS)?
        .into_iter()
        .map(|(_, r)| r)
        .collect();
    records.sort_by(|a, b| {
        b.study
            .date
            .cmp(&a.study.date)
            .then(b.imported.cmp(&a.imported))
    });
    Ok(records)
}

pub fn count(session: &Session) -> Result<u32, Failure> {
    Ok(all(session)?.len() as u32)
}

pub fn find(session: &Session, id: &str) -> Result<Record, Failure> {
    let id: RecordId = id
        .parse()
        .map_err(|_| misuse("a record's id is 0x and 64 hex digits"))?;
    session
        .db
        .get(RECORDS, id.0.as_slice())?
        .ok_or_else(|| Failure::new(Code::RecordUnknown, "no such record in this profile"))
}

/// Keeps a record, together with other changes.
pub fn stage(session: &Session, batch: &mut Batch, record: &Record) -> Result<(), Failure> {
    session
        .db
        .stage(batch, RECORDS, record.id.0.as_slice(), record)
}

/// What a record is worth knowing on chain: whether what stands there is what stands here.
async fn standings(
    profile: &Profile,
    session: &Session,
    records: &[Record],
) -> Result<Vec<dhc_ipc::Standing>, Failure> {
    let ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    let read = match profile.chain.records(&ids, At::Latest).await {
        Ok(read) => read,
        Err(e) => {
            let code = crate::ledger::read_failure(e).code;
            return Ok(records
                .iter()
                .map(|_| dhc_ipc::Standing::Unproven { reason: code })
                .collect());
        }
    };
    records
        .iter()
        .zip(read.value)
        .map(|(record, on_chain)| {
            let same = on_chain.is_some_and(|c| {
                c.owner == session.address
                    && c.commitment == record.commitment
                    && record.root().is_ok_and(|root| root == c.root)
            });
            Ok(match (same, record.indexed, read.standing) {
                (true, _, s) => standing(s),
                (false, None, _) if record.restored => dhc_ipc::Standing::Unproven {
                    reason: Code::NodeUntrusted,
                },
                // Proven in a block that this answer is not yet about.
                (false, Some((_, height)), Standing::Proven { height: at }) if height > at => {
                    dhc_ipc::Standing::Pending { height: height.0 }
                }
                (false, None, _) => dhc_ipc::Standing::Unproven {
                    reason: Code::TxPending,
                },
                (false, Some(_), _) => dhc_ipc::Standing::Unproven {
                    reason: Code::NodeUntrusted,
                },
            })
        })
        .collect()
}

pub(crate) fn view(
    record: &Record,
    standing: dhc_ipc::Standing,
    shared_with: u32,
    names: &BTreeMap<Address, String>,
) -> RecordView {
    let issuer = record.seal.as_ref().map(|s| s.issuer);
    RecordView {
        id: record.id.to_string(),
        study_uid: record.study.uid.clone(),
        date: record.study.date.clone().unwrap_or_default(),
        modalities: record.study.modalities.clone(),
        description: record.title(),
        series: record.study.series.len() as u32,
        instances: record.images(),
        bytes: record.study.bytes(),
        cid: record.cid.clone(),
        commitment: record.commitment.to_string(),
        indexed: record.indexed.map(|(tx, height)| Indexed {
            tx: tx.to_string(),
            height: height.0,
        }),
        sponsored_by: record.sponsored_by.map(|a| a.to_string()),
        standing,
        body_part: record.study.series.iter().find_map(|s| s.body_part.clone()),
        institution: record.study.institution.clone(),
        patient_name: record.study.patient.name.clone(),
        issuer: issuer.map(|a| a.to_string()),
        issuer_name: issuer
            .and_then(|a| names.get(&a).cloned())
            .or_else(|| record.study.institution.clone()),
        contributed: record.contributed,
        imported: record.imported.to_string(),
        shared_with,
    }
}

/// Views of `records`, with what the chain says of each.
pub async fn views(
    profile: &Profile,
    session: &Session,
    records: &[Record],
) -> Result<Vec<RecordView>, Failure> {
    let standings = standings(profile, session, records).await?;
    let names = contacts::known(session)?;
    let shared = grants::active_by_record(profile, session).await;
    Ok(records
        .iter()
        .zip(standings)
        .map(|(r, s)| view(r, s, shared.get(&r.id).copied().unwrap_or(0), &names))
        .collect())
}

pub async fn list(profile: &Profile) -> Result<RecordsView, Failure> {
    let session = profile.session()?;
    let records = all(&session)?;
    Ok(RecordsView {
        records: views(profile, &session, &records).await?,
    })
}

pub async fn show(profile: &Profile, id: &str) -> Result<RecordDetail, Failure> {
    let session = profile.session()?;
    let record = find(&session, id)?;
    let view = views(profile, &session, std::slice::from_ref(&record))
        .await?
        .remove(0);
    let grants = match grants::given(profile, &session).await {
        Ok(list) => list
            .grants
            .into_iter()
            .filter(|g| g.study == view.id)
            .collect(),
        Err(_) => Vec::new(),
    };
    let series_list = record
        .study
        .series
        .iter()
        .map(|s| SeriesView {
            uid: s.uid.clone(),
            number: s.number,
            modality: s.modality.clone().unwrap_or_default(),
            description: s.description.clone().unwrap_or_default(),
            instances: s.instances.len() as u32,
            frames: s
                .instances
                .iter()
                .filter_map(|i| i.image.as_ref())
                .map(|i| i.frames)
                .sum(),
        })
        .collect();
    Ok(RecordDetail {
        record: view,
        series_list,
        grants,
    })
}
