//! Sealed objects over the block store and the network: read by byte range, or from end to end.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use cid::Cid;
use dhc_content::{
    dag::LeafWalk,
    object::{ContentCorrupt, Entry, EntryCheck, Manifest, ObjectKey, Opener},
};
use dhc_ipc::{Code, Failure, Stage};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    failure::{exchange_failure, misuse},
    job::Job,
    ports::{BlockExchange, PeerHint},
};

/// Blocks asked for at once.
const AT_ONCE: usize = 8;
/// Opened frames kept, 1 MiB each.
const FRAMES_KEPT: usize = 24;

pub fn corrupt(e: impl std::fmt::Display) -> Failure {
    Failure::new(Code::ContentCorrupt, e.to_string())
}

/// An object with its key: the content is opened as it is asked for.
pub struct Object {
    opener: Arc<Opener>,
    blocks: Arc<dyn BlockExchange>,
    hints: Vec<PeerHint>,
    pub manifest: Manifest,
    frames: Mutex<VecDeque<(u32, Bytes)>>,
}

impl Object {
    /// Finds the object's leaves, checks its header against the key, and opens its manifest.
    pub async fn open(
        blocks: Arc<dyn BlockExchange>,
        hints: Vec<PeerHint>,
        root: Cid,
        key: &ObjectKey,
    ) -> Result<Self, Failure> {
        let fetch = |cid: Cid| {
            let (blocks, hints) = (blocks.clone(), hints.clone());
            async move { blocks.fetch(&cid, &hints).await.map_err(exchange_failure) }
        };
        let mut walk = LeafWalk::new(root);
        loop {
            let wanted = walk.wanted();
            if wanted.is_empty() {
                break;
            }
            let fetched: Vec<(Cid, Bytes)> = stream::iter(wanted)
                .map(|cid| {
                    let bytes = fetch(cid);
                    async move { Ok::<_, Failure>((cid, bytes.await?)) }
                })
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
            for (cid, bytes) in fetched {
                walk.provide(&cid, bytes).map_err(corrupt)?;
            }
        }
        let leaves = walk.leaves().unwrap_or_default();
        let header = leaves
            .first()
            .ok_or_else(|| corrupt(ContentCorrupt::Layout))?
            .cid;
        let header = fetch(header).await?;
        let opener = Opener::new(key, leaves, &header).map_err(corrupt)?;
        let manifest: Vec<Bytes> = stream::iter(opener.manifest_cids().collect::<Vec<_>>())
            .map(fetch)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let manifest = opener.open_manifest(manifest).map_err(corrupt)?;
        Ok(Self {
            opener: Arc::new(opener),
            blocks,
            hints,
            manifest,
            frames: Mutex::default(),
        })
    }

    async fn frame(&self, frame: u32, cid: Cid) -> Result<Bytes, Failure> {
        if let Some(bytes) = self.kept(frame) {
            return Ok(bytes);
        }
        let block = self
            .blocks
            .fetch(&cid, &self.hints)
            .await
            .map_err(exchange_failure)?;
        let opener = self.opener.clone();
        let opened = tokio::task::spawn_blocking(move || opener.open_frame(frame, block))
            .await
            .map_err(|e| Failure::new(Code::Internal, e.to_string()))?
            .map_err(corrupt)?;
        let bytes = Bytes::from(opened);
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.len() >= FRAMES_KEPT {
            frames.pop_front();
        }
        frames.push_back((frame, bytes.clone()));
        Ok(bytes)
    }

    fn kept(&self, frame: u32) -> Option<Bytes> {
        let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        frames
            .iter()
            .find(|(f, _)| *f == frame)
            .map(|(_, bytes)| bytes.clone())
    }

    /// The content's bytes in a range, from only the frames that hold them.
    pub async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Failure> {
        let pieces: Vec<_> = self.opener.pieces(range.clone()).collect();
        let mut out = Vec::with_capacity((range.end - range.start) as usize);
        let mut frames = stream::iter(pieces)
            .map(|piece| async move {
                self.frame(piece.frame, piece.cid)
                    .await
                    .map(|f| f.slice(piece.within))
            })
            .buffered(AT_ONCE);
        while let Some(part) = frames.try_next().await? {
            out.extend_from_slice(&part);
        }
        Ok(out)
    }

    /// An entry's bytes, checked against its hash.
    pub async fn entry(&self, entry: &Entry) -> Result<Vec<u8>, Failure> {
        let bytes = self.read(entry.range()).await?;
        let mut check = EntryCheck::new(entry);
        check.update(&bytes);
        check.finish().map_err(corrupt)?;
        Ok(bytes)
    }

    /// Passes the whole content through `sink`, entry by entry, in constant memory.
    pub async fn each_entry<S: EntrySink>(&self, sink: &mut S, job: &Job) -> Result<(), Failure> {
        let total = self.manifest.length;
        let frames: Vec<(u32, Cid)> = (0..).zip(self.opener.frame_cids()).collect();
        let mut frames = stream::iter(frames)
            .map(|(i, cid)| self.frame(i, cid))
            .buffered(AT_ONCE);
        let mut left: Bytes = Bytes::new();
        let mut done = 0;
        for entry in &self.manifest.entries {
            sink.begin(entry).await?;
            let mut check = EntryCheck::new(entry);
            let mut wanted = entry.length;
            while wanted > 0 {
                job.go_on()?;
                if left.is_empty() {
                    left = frames
                        .try_next()
                        .await?
                        .ok_or_else(|| corrupt(ContentCorrupt::Layout))?;
                }
                let part = left.split_to(
                    left.len()
                        .min(usize::try_from(wanted).unwrap_or(usize::MAX)),
                );
                check.update(&part);
                sink.write(&part).await?;
                wanted -= part.len() as u64;
                done += part.len() as u64;
                job.report(Stage::Fetching, done, total);
            }
            check.finish().map_err(corrupt)?;
            sink.end(entry).await?;
        }
        Ok(())
    }
}

/// Takes an object's entries one after the other.
pub trait EntrySink: Send {
    fn begin(&mut self, entry: &Entry) -> impl Future<Output = Result<(), Failure>> + Send;
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Failure>> + Send;
    /// The entry is whole and its hash is right.
    fn end(&mut self, entry: &Entry) -> impl Future<Output = Result<(), Failure>> + Send;
}

pub fn parse_cid(text: &str) -> Result<Cid, Failure> {
    text.parse().map_err(|_| misuse("not a CID"))
}
