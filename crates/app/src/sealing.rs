//! Sealing a study: its files to a sealed object in the block store, and the record of it.

mod frames;

use std::{io::Read, sync::Arc, thread};

use bytes::Bytes;
use cid::Cid;
use dhc_content::{
    dag::Block,
    object::{ObjectKey, OwnersBox, SealError, Sealed, Sealer},
};
use dhc_domain::{B256, ObjectId, RecordId};
use dhc_imaging::{Opener, ScannedStudy};
use dhc_ipc::{Code, Failure, Stage};
use tokio::sync::mpsc;

use frames::{Frames, Gone};

use crate::{
    failure::store_failure,
    import::Seals,
    job::Job,
    keys::Keeper,
    profile::{Profile, Session},
    records::{self, Record, Seal},
    sealed::{Batch, SEALING},
    seals::{commitment, study_digest},
    thumbnails,
};

/// Blocks written in one durable batch.
const BATCH: usize = 12;

/// Removes what an import left behind that failed or was cut off while it sealed.
pub(crate) async fn sweep(profile: &Profile, session: &Session) -> Result<(), Failure> {
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

/// How far an import of several studies has come.
#[derive(Clone)]
pub(crate) struct Progress {
    pub job: Job,
    pub before: u64,
    pub total: u64,
}

/// Seals a study and keeps the record of it, not yet on chain.
pub(crate) async fn seal(
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
    let keeper = Keeper::new(profile, session);
    let owner = OwnersBox::seal(&keeper, object, &key, &salt)
        .ok_or_else(|| Failure::new(Code::Internal, "the owner's box has another length"))?;
    let sealer = Sealer::new(&key, object, &mut profile.rng.clone()).kept_for(owner);
    let held = Arc::new(study);
    let producer = {
        let (study, progress) = (held.clone(), progress.clone());
        tokio::task::spawn_blocking(move || produce(sealer, &study, &sender, &progress))
    };
    tracing::debug!("sealing a study");
    let stored = store(profile, session, receiver).await;
    let sealed = producer
        .await
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    // A full disk explains a producer whose receiver went away.
    let session_keys = stored?;
    let sealed = sealed?;
    tracing::debug!(bytes = sealed.stored, "the study is sealed and stored");

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
        key: key.wrap(&keeper, object),
        stored: sealed.stored,
        seal,
        indexed: None,
        sponsored_by: None,
        contributed: false,
        restored: false,
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
pub(crate) async fn store(
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
    thread::scope(|scope| {
        let frames = Frames::start(scope, blocks);
        read(&mut sealer, study, &frames, progress)?;
        frames.end().for_each(|sealed| sealer.link(&sealed));
        Ok(())
    })?;
    let meta = serde_json::to_value(&study.study)
        .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    let mut tail = sealer.finish(meta).map_err(unsealable)?;
    for block in tail.by_ref() {
        blocks.blocking_send(block).map_err(|_| gone(Gone))?;
    }
    tail.into_sealed()
        .ok_or_else(|| Failure::new(Code::Internal, "the object did not end"))
}

fn gone(Gone: Gone) -> Failure {
    Failure::new(Code::Cancelled, "nothing takes the sealed content")
}

fn unsealable(e: SealError) -> Failure {
    Failure::new(Code::Internal, e.to_string())
}

fn read(
    sealer: &mut Sealer,
    study: &ScannedStudy,
    frames: &Frames,
    progress: &Progress,
) -> Result<(), Failure> {
    let unreadable = |e: std::io::Error| Failure::new(Code::FileUnreadable, e.to_string());
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
                while let Some(frame) = sealer.push_frame(&mut input).map_err(unsealable)? {
                    let ready = frames.seal(frame).map_err(gone)?;
                    ready.for_each(|sealed| sealer.link(&sealed));
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
    Ok(())
}
