//! Import: files to a sealed object in the block store, committed on chain.

use std::{collections::BTreeMap, path::PathBuf};

use dhc_chain::contracts::{RecordIndex, intents};
use dhc_domain::{Address, B256, DiseaseClass, HospitalGrade};
use dhc_imaging::{RefusalCode, ScanError, ScannedStudy};
use dhc_ipc::{Code, DuplicateView, Failure, Import, ImportView, SkippedView};

use crate::{
    failure::misuse,
    issue::{quality_of, scan, sign},
    job::Job,
    pins,
    profile::{Profile, Session},
    records::{self, Record},
    sealed::Batch,
    sealing::{self, Progress},
    seals::{SealFile, StudySeal, commitment, study_digest},
    storage,
};

pub(crate) fn refusal(code: RefusalCode) -> Code {
    match code {
        RefusalCode::NotDicom => Code::NotDicom,
        RefusalCode::DicomDamaged => Code::DicomDamaged,
        RefusalCode::UnsupportedTransferSyntax => Code::UnsupportedTransferSyntax,
        RefusalCode::ArchiveRefused => Code::ArchiveRefused,
    }
}

pub(crate) fn scan_failure(e: ScanError) -> Failure {
    let code = e.code().map_or(Code::FileUnreadable, refusal);
    Failure::new(code, e.to_string())
}

pub async fn import(profile: &Profile, args: &Import, job: &Job) -> Result<ImportView, Failure> {
    let imported = import_alone(profile, args, job).await;
    // What a browser handed over is not needed any more, whatever came of it.
    let inbox = profile.home.folder.join("inbox");
    for path in args
        .paths
        .iter()
        .map(PathBuf::from)
        .filter(|p| p.starts_with(&inbox))
    {
        if let Err(e) = tokio::fs::remove_dir_all(&path).await {
            tracing::warn!(error = %e, "the inbox could not be emptied");
        }
    }
    imported
}

/// One import at a time: what is half sealed when it begins was left behind.
async fn import_alone(profile: &Profile, args: &Import, job: &Job) -> Result<ImportView, Failure> {
    let session = profile.session()?;
    let _alone = session.importing.lock().await;
    sealing::sweep(profile, &session).await?;
    let imported = import_paths(profile, &session, args, job).await;
    // What it had stored is in the way, most of all on a full disk.
    if imported.is_err()
        && let Err(e) = sealing::sweep(profile, &session).await
    {
        tracing::warn!(code = %e.code, "the next import must sweep what this one left");
    }
    imported
}

async fn import_paths(
    profile: &Profile,
    session: &Session,
    args: &Import,
    job: &Job,
) -> Result<ImportView, Failure> {
    if args.paths.is_empty() {
        return Err(misuse("name a file, a folder or an archive to import"));
    }
    let found = scan(args.paths.iter().map(PathBuf::from).collect(), job.clone()).await?;
    let held: BTreeMap<B256, Record> = records::all(session)?
        .into_iter()
        .map(|r| (r.digest, r))
        .collect();
    let mut duplicates: Vec<DuplicateView> = found
        .duplicates
        .iter()
        .map(|d| DuplicateView {
            id: d.sop_instance_uid.clone(),
            path: d.path.clone(),
        })
        .collect();
    let skipped = found
        .skipped
        .iter()
        .map(|s| SkippedView {
            path: s.path.clone(),
            code: refusal(s.code),
            message: s.message.clone(),
        })
        .collect();
    let seals = Seals::read(args)?;
    let total: u64 = found.studies.iter().map(|s| s.study.bytes()).sum();
    let fresh = found.studies.iter().filter(|s| {
        let digest = study_digest(&s.study);
        !held.contains_key(&digest)
    });
    let more = fresh
        .map(|s| storage::sealed_length(s.study.bytes(), s.study.instances().count() as u64))
        .sum();
    storage::make_sure_of_room(profile, session, more).await?;

    let mut imported = Vec::new();
    let mut done = 0;
    for study in found.studies {
        let bytes = study.study.bytes();
        let record = match held.get(&study_digest(&study.study)) {
            Some(record) if record.indexed.is_some() || record.restored => {
                duplicates.extend(study.files.values().map(|at| DuplicateView {
                    id: record.id.to_string(),
                    path: at.to_string(),
                }));
                continue;
            }
            // Sealed by an import that was cut off before its transaction was proven.
            Some(record) => record.clone(),
            None => {
                let progress = Progress {
                    job: job.clone(),
                    before: done,
                    total,
                };
                sealing::seal(profile, session, study, &seals, progress).await?
            }
        };
        done += bytes;
        imported.push(index(profile, session, record, job).await?);
        job.changed();
    }
    // Whatever a pinning service answers, the import is done; what it does not keep is asked of it
    // again.
    if let Err(e) = pins::send(profile, session, &imported, job).await {
        tracing::warn!(code = %e.code, "the pinning services were not asked");
    }
    Ok(ImportView {
        studies: records::views(profile, session, &imported).await?,
        duplicates,
        skipped,
    })
}

/// Where the seals of an import come from.
pub(crate) enum Seals {
    None,
    File(SealFile),
    /// An institution's key at hand: signs on the spot.
    Key(Box<alloy::signers::local::PrivateKeySigner>),
}

impl Seals {
    fn read(args: &Import) -> Result<Self, Failure> {
        let text = |path: &String| {
            std::fs::read_to_string(path)
                .map_err(|e| Failure::new(Code::FileUnreadable, format!("{path}: {e}")))
        };
        match (&args.issuer_seal, &args.issuer_key) {
            (None, None) => Ok(Self::None),
            (Some(path), None) => SealFile::parse(&text(path)?).map(Self::File),
            (None, Some(path)) => text(path)?
                .trim()
                .parse()
                .map(|key| Self::Key(Box::new(key)))
                .map_err(|_| {
                    Failure::new(
                        Code::SealRefused,
                        "the issuer's key file is not 32 bytes in hex",
                    )
                }),
            (Some(_), Some(_)) => Err(misuse("give a seal or a key, not both")),
        }
    }

    /// The seal for a study, checked against its content and its owner.
    pub fn of(
        &self,
        profile: &Profile,
        owner: Address,
        study: &ScannedStudy,
    ) -> Result<Option<(Address, StudySeal)>, Failure> {
        let refuse = |text: &str| Err(Failure::new(Code::SealRefused, text.to_owned()));
        match self {
            Self::None => Ok(None),
            Self::Key(key) => {
                use alloy::signers::SignerSync;
                let quality = quality_of(study, HospitalGrade::Secondary, DiseaseClass::Common);
                let index = profile.contract("RecordIndex")?;
                let chain = profile.chain.network().evm_chain_id;
                let salt = B256::from(profile.rng.array::<32>());
                let mut failed = None;
                let seal = sign(study, salt, quality, owner, chain, index, |hash| {
                    key.sign_hash_sync(hash).map_or_else(
                        |e| {
                            failed = Some(e.to_string());
                            [0; 65]
                        },
                        |s| s.as_bytes(),
                    )
                });
                match failed {
                    Some(e) => refuse(&e),
                    None => Ok(Some((key.address(), seal))),
                }
            }
            Self::File(file) if file.owner != owner => {
                refuse("the seal is for another person's account")
            }
            Self::File(file) => {
                let Some(seal) = file.seals.iter().find(|s| s.study_uid == study.study.uid) else {
                    return refuse("the seal file has no seal for one of the studies");
                };
                if commitment(&seal.salt, &study_digest(&study.study)) != seal.commitment {
                    return refuse(
                        "the study is not what the institution sealed: files are missing, added or altered",
                    );
                }
                Ok(Some((file.issuer, seal.clone())))
            }
        }
    }
}

/// Commits a record on chain, once.
async fn index(
    profile: &Profile,
    session: &Session,
    mut record: Record,
    job: &Job,
) -> Result<Record, Failure> {
    let call = RecordIndex::addCall {
        id: record.id.0,
        commitment: record.commitment.0,
        root: record.root()?,
        issuer: record.seal.as_ref().map_or(Address::ZERO, |s| s.issuer),
        quality: record.seal.as_ref().map_or(0, |s| s.quality.pack()),
        issuerSignature: record
            .seal
            .as_ref()
            .map(|s| s.signature.clone())
            .unwrap_or_default()
            .into(),
    };
    let act = format!("record {}", record.id);
    let receipt = profile
        .transact_kept(session, &act, job, intents::add(session.address, call))
        .await?;
    record.indexed = Some((receipt.tx, receipt.height));
    record.sponsored_by = (receipt.from != session.address).then_some(receipt.from);
    let mut batch = Batch::default();
    records::stage(session, &mut batch, &record)?;
    profile.stage_forgotten(session, &mut batch, &act);
    session.db.commit(batch)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_scan_keeps_its_name() {
        for code in [
            RefusalCode::NotDicom,
            RefusalCode::DicomDamaged,
            RefusalCode::UnsupportedTransferSyntax,
            RefusalCode::ArchiveRefused,
        ] {
            assert_eq!(refusal(code).as_str(), code.as_str());
        }
    }
}
