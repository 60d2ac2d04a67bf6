//! Import: files to a sealed object in the block store, committed on chain.

use std::{collections::BTreeMap, io::Read, path::PathBuf, sync::Arc};

use bytes::Bytes;
use cid::Cid;
use dhc_chain::{TxRequest, contracts::RecordIndex};
use dhc_content::{
    dag::Block,
    object::{ObjectKey, Sealed, Sealer},
};
use dhc_domain::{Address, B256, DiseaseClass, HospitalGrade, ObjectId, RecordId};
use dhc_imaging::{Opener, RefusalCode, ScanError, ScannedStudy};
use dhc_ipc::{Code, DuplicateView, Failure, Import, ImportView, SkippedView, Stage};
use tokio::sync::mpsc;

use crate::{
    failure::{misuse, store_failure},
    issue::{quality_of, scan, sign},
    job::Job,
    keys::Keeper,
    node,
    profile::{Profile, Session},
    records::{self, Record, Seal},
    sealed::{Batch, SEALING},
    seals::{SealFile, StudySeal, commitment, study_digest},
    thumbnails,
};

/// Blocks written in one durable batch.
const BATCH: usize = 12;

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
    sweep(profile, &session).await?;
    let imported = import_paths(profile, &session, args, job).await;
    // What it had stored is in the way, most of all on a full disk.
    if imported.is_err()
        && let Err(e) = sweep(profile, &session).await
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
    if profile.home.blocks.size().await.map_err(store_failure)? + total > node::QUOTA {
        return Err(Failure::new(
            Code::DiskFull,
            "the import would exceed this profile's storage",
        ));
    }

    let mut imported = Vec::new();
    let mut done = 0;
    for study in found.studies {
        let bytes = study.study.bytes();
        let record = match held.get(&study_digest(&study.study)) {
            Some(record) if record.indexed.is_some() => {
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
                seal(profile, session, study, &seals, progress).await?
            }
        };
        done += bytes;
        imported.push(index(profile, session, record, job).await?);
        job.changed();
    }
    Ok(ImportView {
        studies: records::views(profile, session, &imported).await?,
        duplicates,
        skipped,
    })
}

/// Removes what an import left behind that failed or was cut off while it sealed.
async fn sweep(profile: &Profile, session: &Session) -> Result<(), Failure> {
    for (key, cids) in session.db.all::<Vec<String>>(SEALING)? {
        let cids: Vec<Cid> = cids.iter().filter_map(|c| c.parse().ok()).collect();
        profile
            .home
            .blocks
            .remove(&cids)
            .await
            .map_err(store_failure)?;
        session.db.delete(SEALING, &key)?;
    }
    Ok(())
}

#[derive(Clone)]
struct Progress {
    job: Job,
    before: u64,
    total: u64,
}

/// Where the seals of an import come from.
enum Seals {
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
    fn of(
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

async fn seal(
    profile: &Profile,
    session: &Session,
    study: ScannedStudy,
    seals: &Seals,
    progress: Progress,
) -> Result<Record, Failure> {
    let given = seals.of(profile, session.address, &study)?;
    let digest = study_digest(&study.study);
    let salt = given
        .as_ref()
        .map_or_else(|| B256::from(profile.rng.array::<32>()), |(_, s)| s.salt);
    let key = ObjectKey::make_random(&mut profile.rng.clone());
    let object = ObjectId(profile.rng.array::<16>().into());
    let id = RecordId(profile.rng.array::<32>().into());

    let (sender, receiver) = mpsc::channel(BATCH);
    let sealer = Sealer::new(&key, object, &mut profile.rng.clone());
    let held = Arc::new(study);
    let producer = {
        let (study, progress) = (held.clone(), progress.clone());
        tokio::task::spawn_blocking(move || produce(sealer, &study, &sender, &progress))
    };
    let stored = store(profile, session, receiver).await;
    let sealed = producer
        .await
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    // A full disk explains a producer whose receiver went away.
    let session_keys = stored?;
    let sealed = sealed?;

    let key_image = held.clone();
    let thumbnail = tokio::task::spawn_blocking(move || thumbnails::of_study(&key_image))
        .await
        .ok()
        .flatten();
    let study = Arc::unwrap_or_clone(held).study;
    let seal = given.map(|(issuer, s)| {
        let signature = hex::decode(&s.signature).unwrap_or_default();
        Seal {
            issuer,
            quality: s.quality,
            signature,
        }
    });
    let record = Record {
        id,
        study,
        digest,
        salt,
        commitment: commitment(&salt, &digest),
        object,
        cid: sealed.root.to_string(),
        key: key.wrap(&Keeper::new(profile, session), object),
        stored: sealed.stored,
        seal,
        indexed: None,
        contributed: false,
        imported: profile.clock.now(),
        thumbnail,
    };
    // Together: a record whose blocks still count as half sealed would lose them to `sweep`.
    let mut batch = Batch::default();
    records::stage(session, &mut batch, &record)?;
    for key in &session_keys {
        batch.delete(SEALING, key);
    }
    session.db.commit(batch)?;
    Ok(record)
}

/// Writes blocks as they come, in durable batches, each noted before so that a cut-off import
/// can be swept. Answers the notes' keys.
async fn store(
    profile: &Profile,
    session: &Session,
    mut blocks: mpsc::Receiver<Block>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let run = profile.rng.array::<8>();
    let mut noted = Vec::new();
    let mut batch: Vec<(Cid, Bytes)> = Vec::with_capacity(BATCH);
    loop {
        let next = blocks.recv().await;
        let ended = next.is_none();
        batch.extend(next.map(|b| (b.cid, b.bytes)));
        if batch.len() == BATCH || (ended && !batch.is_empty()) {
            let key = [&run[..], &(noted.len() as u32).to_be_bytes()].concat();
            let cids: Vec<String> = batch.iter().map(|(cid, _)| cid.to_string()).collect();
            session.db.put(SEALING, &key, &cids)?;
            noted.push(key);
            profile
                .home
                .blocks
                .put(std::mem::take(&mut batch))
                .await
                .map_err(store_failure)?;
        }
        if ended {
            return Ok(noted);
        }
    }
}

/// Reads the study's files once more, in viewing order, and seals them.
fn produce(
    mut sealer: Sealer,
    study: &ScannedStudy,
    blocks: &mpsc::Sender<Block>,
    progress: &Progress,
) -> Result<Sealed, Failure> {
    let gone = || Failure::new(Code::Cancelled, "nothing takes the sealed content");
    let unreadable = |e: std::io::Error| Failure::new(Code::FileUnreadable, e.to_string());
    let unsealable =
        |e: dhc_content::object::SealError| Failure::new(Code::Internal, e.to_string());
    let mut files = Opener::new();
    let mut buffer = vec![0; 1 << 18];
    let mut done = progress.before;
    for (s, series) in study.study.series.iter().enumerate() {
        for (i, instance) in series.instances.iter().enumerate() {
            progress.job.go_on()?;
            let at = study
                .files
                .get(&instance.sop_instance_uid)
                .ok_or_else(|| Failure::new(Code::Internal, "a scanned file has no place"))?;
            sealer
                .begin(
                    &format!("{:03}/{:05}.dcm", s + 1, i + 1),
                    serde_json::Value::Null,
                )
                .map_err(unsealable)?;
            let mut file = files.open(at).map_err(unreadable)?;
            loop {
                let n = file.read(&mut buffer).map_err(unreadable)?;
                if n == 0 {
                    break;
                }
                let mut input = &buffer[..n];
                while let Some(block) = sealer.push(&mut input).map_err(unsealable)? {
                    blocks.blocking_send(block).map_err(|_| gone())?;
                }
                done += n as u64;
                progress.job.report(Stage::Sealing, done, progress.total);
            }
            let sealed_hash = sealer.end().map(|e| e.sha256);
            if sealed_hash != Some(B256::from(instance.sha256)) {
                return Err(Failure::new(
                    Code::FileUnreadable,
                    format!("{at} changed while it was read"),
                ));
            }
        }
    }
    let meta = serde_json::to_value(&study.study)
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    let mut tail = sealer.finish(meta).map_err(unsealable)?;
    for block in tail.by_ref() {
        blocks.blocking_send(block).map_err(|_| gone())?;
    }
    tail.into_sealed()
        .ok_or_else(|| Failure::new(Code::Internal, "the object did not end"))
}

/// Commits a record on chain, once.
async fn index(
    profile: &Profile,
    session: &Session,
    mut record: Record,
    job: &Job,
) -> Result<Record, Failure> {
    let contract = profile.contract("RecordIndex")?;
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
        .transact_kept(
            session,
            &act,
            job,
            TxRequest::call(session.address, contract, &call),
        )
        .await?;
    record.indexed = Some((receipt.tx, receipt.height));
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
