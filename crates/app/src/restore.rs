//! A profile's records, found again with nothing but its words: the chain proves which there are
//! and names their roots; whoever has the blocks hands them over; each object's header holds the
//! box that only these words open.

use std::collections::BTreeSet;

use cid::Cid;
use dhc_chain::{
    At,
    history::{Contributed, RecordAdded},
};
use dhc_content::{
    dag::node_cid,
    object::{RecoverError, recover},
};
use dhc_domain::{Quality, RecordId};
use dhc_imaging::Study;
use dhc_ipc::{Code, Failure, ObjectFailure, RestoreRecords, RestoredView, Stage};
use futures::StreamExt;

use crate::{
    failure::misuse,
    job::Job,
    keys::Keeper,
    objects::{Object, corrupt},
    pins,
    ports::PeerHint,
    profile::{Profile, Session},
    records::{self, Record, Seal},
    sealed::Batch,
    seals::{commitment, study_digest},
    sponsors, storage, thumbnails,
    tree::{Source, Tree},
};

/// Finds the records that this account indexed and that are not here.
pub async fn restore(
    profile: &Profile,
    args: &RestoreRecords,
    job: &Job,
) -> Result<RestoredView, Failure> {
    let session = profile.session()?;
    let named = args.from.iter().map(|address| sponsors::peer(address));
    let named: Vec<PeerHint> = named.collect::<Result<_, _>>()?;
    let _alone = session.importing.lock().await;
    let history = profile
        .history::<RecordAdded>(&session, "records", session.address, At::Latest)
        .await?;
    if !history.complete {
        return Err(Failure::new(
            Code::ProofUnavailable,
            "the network did not hand over every record that the chain proves",
        ));
    }
    let contributed: BTreeSet<RecordId> = profile
        .history::<Contributed>(&session, "contributions", session.address, At::Latest)
        .await?
        .entries
        .iter()
        .map(|e| e.record)
        .collect();
    let here: BTreeSet<RecordId> = records::all(&session)?.iter().map(|r| r.id).collect();
    let (known, lost): (Vec<_>, Vec<_>) =
        history.entries.iter().partition(|e| here.contains(&e.id));
    let mut restored = Vec::new();
    let mut failed = Vec::new();
    for (done, entry) in lost.iter().enumerate() {
        job.go_on()?;
        job.report(Stage::Proving, done as u64, lost.len() as u64);
        let root = node_cid(&entry.root.0);
        let mut from = named.clone();
        from.extend(pins::who_has(profile, &session, &root).await?);
        let found = find(profile, &session, entry, root, from, args.whole, job).await;
        match found {
            Ok(record) => {
                let record = Record {
                    contributed: contributed.contains(&entry.id),
                    ..record
                };
                let mut batch = Batch::default();
                records::stage(&session, &mut batch, &record)?;
                session.db.commit(batch)?;
                restored.push(record);
            }
            Err(e) => failed.push(ObjectFailure {
                id: entry.id.to_string(),
                cid: root.to_string(),
                code: e.code,
                message: e.message,
            }),
        }
    }
    job.changed();
    Ok(RestoredView {
        known: known.len() as u32,
        restored: records::views(profile, &session, &restored).await?,
        failed,
    })
}

async fn find(
    profile: &Profile,
    session: &Session,
    entry: &RecordAdded,
    root: Cid,
    from: Vec<PeerHint>,
    whole: bool,
    job: &Job,
) -> Result<Record, Failure> {
    let blocks = profile.home.blocks.clone();
    let source = Source {
        blocks: blocks.clone(),
        from: from.clone(),
    };
    let tree = Tree::walk(root, &source).await?;
    let first = tree
        .leaves
        .first()
        .ok_or_else(|| corrupt("the object has no header"))?;
    let keeper = Keeper::new(profile, session);
    let opened = recover(&source.fetch(first.cid).await?, &keeper).map_err(|e| match e {
        RecoverError::Corrupt(e) => corrupt(e),
        // Another wallet of the same account may have sealed it: nothing here opens it.
        e => misuse(e.to_string()),
    })?;
    let object = Object::open(blocks, from, root, &opened.key).await?;
    let study: Study = serde_json::from_value(object.manifest.meta.clone())
        .map_err(|_| corrupt("the object's manifest describes no study"))?;
    let digest = study_digest(&study);
    if commitment(&opened.salt, &digest) != entry.commitment {
        return Err(corrupt("the study is not what the chain commits to"));
    }
    storage::make_sure_of_room_for(profile, session, &object).await?;
    let (mut done, total) = (0, tree.bytes());
    if whole {
        let mut blocks = source.each(tree.leaves.iter().map(|leaf| leaf.cid).collect());
        while let Some(block) = blocks.next().await {
            job.go_on()?;
            done += block?.len() as u64;
            job.report(Stage::Fetching, done, total);
        }
    }
    let thumbnail = key_image(&object, &study).await;
    let seal = entry.issuer.and_then(|issuer| {
        Some(Seal {
            issuer,
            quality: Quality::unpack(entry.quality)?,
            // The chain has checked it; it is asked for by nobody else.
            signature: Vec::new(),
        })
    });
    Ok(Record {
        id: entry.id,
        digest,
        salt: opened.salt,
        commitment: entry.commitment,
        object: opened.object,
        cid: root.to_string(),
        key: opened.key.wrap(&keeper, opened.object),
        stored: tree.leaves.iter().map(|leaf| leaf.size).sum(),
        seal,
        indexed: None,
        sponsored_by: None,
        contributed: false,
        restored: true,
        imported: entry.time,
        thumbnail,
        study,
    })
}

/// A small picture, as at import; none where it cannot be had.
async fn key_image(object: &Object, study: &Study) -> Option<Vec<u8>> {
    let key = study
        .key_instance()
        .filter(|i| i.bytes <= thumbnails::LARGEST)?;
    let mut entries = object.manifest.entries.iter();
    let entry = entries.find(|e| e.sha256.0 == key.sha256)?;
    let bytes = object.entry(entry).await.ok()?;
    tokio::task::spawn_blocking(move || thumbnails::of_instance(bytes))
        .await
        .ok()
        .flatten()
}
