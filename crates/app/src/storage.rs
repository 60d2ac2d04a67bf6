//! What of the profile's objects is here, and how much of the disk it takes. Nothing is removed
//! unless a person says so.

use std::sync::Arc;

use cid::Cid;
use dhc_content::{dag::LeafWalk, object::padme};
use dhc_domain::Timestamp;
use dhc_ipc::{
    Code, Failure, Forgotten, HereView, ObjectFailure, ObjectView, QuotaView, StorageObjectsView,
    StorageVerified,
};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{misuse, store_failure},
    job::Job,
    objects::{Object, corrupt, fetch_failure, parse_cid},
    pins,
    ports::{BlockExchange, PeerHint, StoreError},
    profile::{Profile, Session},
    records,
    sealed::{OBJECTS, STORAGE},
    tree::Tree,
};

/// Where nobody has set another: 20 GiB.
const QUOTA: u64 = 20 << 30;
const QUOTA_KEY: &[u8] = b"quota";

/// An object that is or was here. Own records have one although none is kept for them.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    /// The record's id, empty where it is not known.
    id: String,
    root: String,
    /// The grant by which it came.
    grant: Option<String>,
    /// Who had it.
    peers: Vec<PeerHint>,
    scrub: Option<Scrub>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Scrub {
    time: Timestamp,
    damaged: u32,
    missing: u32,
}

impl Kept {
    fn key(session: &Session, root: &str) -> [u8; 32] {
        session.blind(&format!("object {root}"))
    }

    fn put(&self, session: &Session) -> Result<(), Failure> {
        session
            .db
            .put(OBJECTS, &Self::key(session, &self.root), self)
    }

    fn cid(&self) -> Result<Cid, Failure> {
        parse_cid(&self.root)
    }
}

/// Takes note of an object that came from elsewhere.
pub fn note(
    session: &Session,
    id: &str,
    root: &Cid,
    grant: Option<String>,
    peers: Vec<PeerHint>,
) -> Result<(), Failure> {
    let kept = Kept {
        id: id.to_owned(),
        root: root.to_string(),
        grant,
        peers,
        scrub: None,
    };
    kept.put(session)
}

/// Every object: own records first, then what else was taken in.
fn objects(session: &Session, named: Option<&str>) -> Result<Vec<Kept>, Failure> {
    let mut noted: Vec<Kept> = session
        .db
        .all(OBJECTS)?
        .into_iter()
        .map(|(_, k)| k)
        .collect();
    let mut objects = Vec::new();
    for record in records::all(session)? {
        let place = noted.iter().position(|kept| kept.root == record.cid);
        let scrub = place.and_then(|at| noted.swap_remove(at).scrub);
        objects.push(Kept {
            id: record.id.to_string(),
            root: record.cid,
            grant: None,
            peers: Vec::new(),
            scrub,
        });
    }
    noted.sort_by(|a, b| a.root.cmp(&b.root));
    objects.extend(noted);
    match named {
        None => Ok(objects),
        Some(name) => {
            objects.retain(|o| o.id == name || o.root == name);
            if objects.is_empty() {
                return Err(Failure::new(
                    Code::RecordUnknown,
                    "this profile has no such object",
                ));
            }
            Ok(objects)
        }
    }
}

/// An object's root, by its record's id or its CID, and who had it.
pub fn find(session: &Session, named: &str) -> Result<(Cid, Vec<PeerHint>), Failure> {
    let object = objects(session, Some(named))?.pop();
    let object = object.ok_or_else(|| misuse("this profile has no such object"))?;
    Ok((object.cid()?, object.peers))
}

/// The root of every object.
pub fn roots(session: &Session) -> Result<Vec<String>, Failure> {
    Ok(objects(session, None)?
        .into_iter()
        .map(|o| o.root)
        .collect())
}

pub fn quota_of(session: &Session) -> Result<u64, Failure> {
    Ok(session.db.get(STORAGE, QUOTA_KEY)?.unwrap_or(QUOTA))
}

pub async fn quota(profile: &Profile, bytes: Option<u64>) -> Result<QuotaView, Failure> {
    let session = profile.session()?;
    if let Some(bytes) = bytes {
        session.db.put(STORAGE, QUOTA_KEY, &bytes)?;
    }
    Ok(QuotaView {
        quota: quota_of(&session)?,
        bytes: profile.home.blocks.size().await.map_err(store_failure)?,
    })
}

/// At most so many bytes does a sealed study take: its padded content, a tag and a tree's link for
/// each frame, and a manifest.
pub fn sealed_length(bytes: u64, instances: u64) -> u64 {
    padme(bytes.max(2)) + (bytes / (1 << 20) + 3) * 128 + padme(8192 + instances * 2048)
}

/// Refuses what would exceed the quota, before anything of it is written.
pub async fn make_sure_of_room(
    profile: &Profile,
    session: &Session,
    more: u64,
) -> Result<(), Failure> {
    let quota = quota_of(session)?;
    let held = profile.home.blocks.size().await.map_err(store_failure)?;
    if more == 0 || held.saturating_add(more) <= quota {
        return Ok(());
    }
    Err(Failure::new(
        Code::OverQuota,
        format!("{more} bytes more would exceed this profile's {quota}; {held} are in use"),
    )
    .hint("dhc storage quota BYTES; or dhc storage forget ID"))
}

/// As [`make_sure_of_room`], for the part of an opened object that is not here.
pub async fn make_sure_of_room_for(
    profile: &Profile,
    session: &Session,
    object: &Object,
) -> Result<(), Failure> {
    let leaves = &object.tree.leaves;
    let cids: Vec<Cid> = leaves.iter().map(|l| l.cid).collect();
    let here = profile
        .home
        .blocks
        .has(&cids)
        .await
        .map_err(store_failure)?;
    let missing = leaves.iter().zip(here).filter(|(_, here)| !here);
    make_sure_of_room(profile, session, missing.map(|(l, _)| l.size).sum()).await
}

pub async fn status(
    profile: &Profile,
    named: Option<&str>,
    check: bool,
) -> Result<StorageObjectsView, Failure> {
    let session = profile.session()?;
    let mut views = Vec::new();
    for object in objects(&session, named)? {
        if check && object.grant.is_none() {
            pins::check(profile, &session, object.cid()?).await?;
        }
        views.push(view(profile, &session, &object).await?);
    }
    Ok(StorageObjectsView {
        bytes: profile.home.blocks.size().await.map_err(store_failure)?,
        quota: quota_of(&session)?,
        objects: views,
    })
}

async fn view(profile: &Profile, session: &Session, object: &Kept) -> Result<ObjectView, Failure> {
    let root = object.cid()?;
    let tree = Tree::local(&profile.home.blocks, root).await?;
    let all = tree.as_ref().map_or_else(|| vec![root], Tree::all);
    let here = profile.home.blocks.has(&all).await.map_err(store_failure)?;
    let blocks = here.iter().filter(|here| **here).count();
    let pins = pins::of_root(session, &root)?;
    let scrub = object.scrub.as_ref();
    Ok(ObjectView {
        id: object.id.clone(),
        cid: object.root.clone(),
        grant: object.grant.clone(),
        here: HereView {
            blocks: blocks as u32,
            of: tree.as_ref().map(|_| all.len() as u32),
            bytes: tree.as_ref().map(Tree::bytes),
            whole: tree.is_some() && blocks == all.len(),
            scrubbed: scrub.map(|s| s.time.to_string()),
            damaged: scrub.map_or(0, |s| s.damaged),
            missing: scrub.map_or(0, |s| s.missing),
        },
        pinned_at: pins.iter().filter(|p| p.is_pinned()).count() as u32,
        retrievable: pins
            .iter()
            .filter_map(|p| p.retrieved())
            .max()
            .map(|t| t.to_string()),
        pins: pins.iter().map(|p| p.view()).collect(),
    })
}

/// What reading every block of an object found.
#[derive(Default)]
struct Scrubbed {
    blocks: u32,
    damaged: u32,
    missing: u32,
    repaired: u32,
    failed: Option<Failure>,
}

pub async fn verify(
    profile: &Profile,
    named: Option<&str>,
    repair: bool,
    job: &Job,
) -> Result<StorageVerified, Failure> {
    let session = profile.session()?;
    let keepers = pins::peers(&session)?;
    let mut verified = StorageVerified {
        whole: true,
        blocks: 0,
        damaged: 0,
        missing: 0,
        repaired: 0,
        failed: Vec::new(),
    };
    for mut object in objects(&session, named)? {
        let from: Vec<PeerHint> = object.peers.iter().chain(&keepers).cloned().collect();
        let source = repair.then_some(&from[..]);
        let found = scrub(&profile.home.blocks, object.cid()?, source, job).await?;
        verified.blocks += found.blocks;
        verified.damaged += found.damaged;
        verified.missing += found.missing;
        verified.repaired += found.repaired;
        let left = found.damaged + found.missing - found.repaired;
        verified.whole &= left == 0;
        if let Some(e) = found.failed {
            verified.failed.push(ObjectFailure {
                id: object.id.clone(),
                cid: object.root.clone(),
                code: e.code,
                message: e.message,
            });
        }
        let all_repaired = left == 0;
        object.scrub = Some(Scrub {
            time: profile.clock.now(),
            damaged: if all_repaired { 0 } else { found.damaged },
            missing: if all_repaired { 0 } else { found.missing },
        });
        object.put(&session)?;
    }
    job.changed();
    Ok(verified)
}

/// Reads every block; with a source, fetches anew what is damaged or missing.
async fn scrub(
    blocks: &Arc<dyn BlockExchange>,
    root: Cid,
    source: Option<&[PeerHint]>,
    job: &Job,
) -> Result<Scrubbed, Failure> {
    let mut found = Scrubbed::default();
    // Inner nodes first: what is below a lost one is not known until it is back.
    let mut tree = LeafWalk::new(root);
    while let Some(cid) = tree.wanted().first().copied() {
        match read(blocks, cid, source, &mut found).await? {
            Some(bytes) => tree.provide(&cid, bytes).map_err(corrupt)?,
            None => return Ok(found),
        }
    }
    for leaf in tree.leaves().unwrap_or_default() {
        job.go_on()?;
        // After one that nobody has, the others are read but not waited for.
        let source = source.filter(|_| found.failed.is_none());
        read(blocks, leaf.cid, source, &mut found).await?;
    }
    Ok(found)
}

async fn read(
    blocks: &Arc<dyn BlockExchange>,
    cid: Cid,
    source: Option<&[PeerHint]>,
    found: &mut Scrubbed,
) -> Result<Option<bytes::Bytes>, Failure> {
    found.blocks += 1;
    match blocks.get(&cid).await {
        Ok(Some(bytes)) => return Ok(Some(bytes)),
        Ok(None) => found.missing += 1,
        Err(StoreError::Damaged(_)) => found.damaged += 1,
        Err(e) => return Err(store_failure(e)),
    }
    let Some(from) = source else { return Ok(None) };
    match blocks.fetch(&cid, from).await {
        Ok(bytes) => {
            found.repaired += 1;
            Ok(Some(bytes))
        }
        Err(e) => {
            found.failed = Some(fetch_failure(e));
            Ok(None)
        }
    }
}

/// Removes an object's blocks.
pub async fn forget(profile: &Profile, named: &str, last_copy: bool) -> Result<Forgotten, Failure> {
    let session = profile.session()?;
    let object = objects(&session, Some(named))?
        .pop()
        .ok_or_else(|| misuse("this profile has no such object"))?;
    let root = object.cid()?;
    let mut kept_at = Vec::new();
    if object.grant.is_none() {
        let begun = profile.clock.now();
        pins::check(profile, &session, root).await?;
        let pins = pins::of_root(&session, &root)?.into_iter();
        kept_at = pins
            .filter(|p| p.is_pinned() && p.retrieved().is_some_and(|t| t >= begun))
            .map(|p| p.view().service)
            .collect();
    }
    let own = object.grant.is_none();
    if own && kept_at.is_empty() && !last_copy {
        return Err(Failure::new(
            Code::LastCopy,
            "no pinning service has just shown that it keeps this: what is here may be all there is",
        )
        .hint("dhc storage pin add; or --last-copy, if it is to be lost"));
    }
    let tree = Tree::local(&profile.home.blocks, root).await?;
    let all = tree.map_or_else(|| vec![root], |tree| tree.all());
    let here = profile.home.blocks.has(&all).await.map_err(store_failure)?;
    let blocks = here.iter().filter(|here| **here).count() as u32;
    // The root last: as long as it is there, the rest is found again.
    let (first, rest) = all
        .split_first()
        .ok_or_else(|| misuse("nothing to forget"))?;
    let store = &profile.home.blocks;
    store.remove(rest).await.map_err(store_failure)?;
    store.remove(&[*first]).await.map_err(store_failure)?;
    session
        .db
        .delete(OBJECTS, &Kept::key(&session, &object.root))?;
    let warning = (own && kept_at.is_empty())
        .then(|| "nobody is known to keep this: it may be lost".to_owned());
    Ok(Forgotten {
        id: object.id,
        cid: object.root,
        blocks,
        kept_at,
        warning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_sealed_study_is_not_underestimated() {
        for bytes in [0, 1, 5000, 1 << 20, (1 << 30) + 1] {
            let frames = padme(bytes.max(2)).div_ceil(1 << 20);
            // Tags, header with its box, the least manifest.
            let least = padme(bytes.max(2)) + frames * 16 + 235 + 4112;
            assert!(sealed_length(bytes, 1) > least, "{bytes}");
        }
    }
}
