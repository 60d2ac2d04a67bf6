//! Sealed objects over the block store and the network: read by byte range, or from end to end.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use cid::Cid;
use dhc_content::object::{ContentCorrupt, Entry, EntryCheck, Manifest, ObjectKey, Opener};
use dhc_ipc::{Code, Failure, Stage};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    failure::{exchange_failure, misuse},
    job::Job,
    ports::{BlockExchange, ExchangeError, PeerHint},
    tree::{AT_ONCE, Source, Tree},
};

/// Opened frames kept, 1 MiB each.
const FRAMES_KEPT: usize = 24;

pub fn corrupt(e: impl std::fmt::Display) -> Failure {
    Failure::new(Code::ContentCorrupt, e.to_string())
}

/// Content that nobody hands over is unavailable, whoever was asked: its owner's app, or a pinning
/// service's node.
pub fn fetch_failure(e: ExchangeError) -> Failure {
    match e {
        ExchangeError::Unreachable => Failure::new(
            Code::ContentUnavailable,
            "nobody who should have the content can be reached",
        )
        .hint("the owner's app or a pinning service that keeps it must be running"),
        e => exchange_failure(e),
    }
}

/// An object with its key: the content is opened as it is asked for.
pub struct Object {
    opener: Arc<Opener>,
    source: Source,
    pub tree: Tree,
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
        let source = Source {
            blocks,
            from: hints,
        };
        let tree = Tree::walk(root, &source).await?;
        let leaves = tree.leaves.clone();
        let header = leaves
            .first()
            .ok_or_else(|| corrupt(ContentCorrupt::Layout))?
            .cid;
        let header = source.fetch(header).await?;
        let opener = Opener::new(key, leaves, &header).map_err(corrupt)?;
        let manifest = source.each(opener.manifest_cids().collect());
        let manifest: Vec<Bytes> = manifest.try_collect().await?;
        let manifest = opener.open_manifest(manifest).map_err(corrupt)?;
        Ok(Self {
            opener: Arc::new(opener),
            source,
            tree,
            manifest,
            frames: Mutex::default(),
        })
    }

    async fn frame(&self, frame: u32, cid: Cid) -> Result<Bytes, Failure> {
        if let Some(bytes) = self.kept(frame) {
            return Ok(bytes);
        }
        let block = self.source.fetch(cid).await?;
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
    pub async fn each_entry(&self, sink: &mut dyn EntrySink, job: &Job) -> Result<(), Failure> {
        let total = self.manifest.length;
        let frames: Vec<(u32, Cid)> = (0..).zip(self.opener.frame_cids()).collect();
        let mut frames = stream::iter(frames)
            .map(|(i, cid)| self.frame(i, cid))
            .buffered(AT_ONCE);
        let mut feed = Feed::new(&self.manifest.entries);
        while !feed.is_done() {
            job.go_on()?;
            let frame = frames
                .try_next()
                .await?
                .ok_or_else(|| corrupt(ContentCorrupt::Layout))?;
            if feed.done == 0 {
                tracing::debug!("the first frame is readable");
            }
            // A frame may hold many small files: one hop to the disk for all of them.
            tokio::task::block_in_place(|| feed.take(&frame, sink))?;
            job.report(Stage::Fetching, feed.done, total);
        }
        Ok(())
    }
}

/// Takes an object's entries one after the other. May block.
pub trait EntrySink: Send {
    fn begin(&mut self, entry: &Entry) -> Result<(), Failure>;
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure>;
    /// The entry is whole and its hash is right.
    fn end(&mut self, entry: &Entry) -> Result<(), Failure>;
}

/// Cuts the content's frames into its entries.
struct Feed<'a> {
    entries: std::slice::Iter<'a, Entry>,
    current: Option<(&'a Entry, EntryCheck, u64)>,
    done: u64,
}

impl<'a> Feed<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        Self {
            entries: entries.iter(),
            current: None,
            done: 0,
        }
    }

    fn is_done(&self) -> bool {
        self.current.is_none() && self.entries.as_slice().is_empty()
    }

    /// What follows the last entry is padding.
    fn take(&mut self, mut frame: &[u8], sink: &mut dyn EntrySink) -> Result<(), Failure> {
        loop {
            let (entry, mut check, left) = match self.current.take() {
                Some(current) => current,
                None => match self.entries.next() {
                    Some(entry) => {
                        sink.begin(entry)?;
                        (entry, EntryCheck::new(entry), entry.length)
                    }
                    None => return Ok(()),
                },
            };
            let (part, rest) =
                frame.split_at(frame.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            check.update(part);
            sink.write(part)?;
            frame = rest;
            self.done += part.len() as u64;
            let left = left - part.len() as u64;
            if left > 0 {
                self.current = Some((entry, check, left));
                return Ok(());
            }
            check.finish().map_err(corrupt)?;
            sink.end(entry)?;
            if frame.is_empty() {
                return Ok(());
            }
        }
    }
}

pub fn parse_cid(text: &str) -> Result<Cid, Failure> {
    text.parse().map_err(|_| misuse("not a CID"))
}

#[cfg(test)]
mod tests {
    use dhc_domain::B256;
    use sha2::{Digest, Sha256};

    use super::*;

    #[derive(Default)]
    struct Kept(Vec<(String, Vec<u8>)>);

    impl EntrySink for Kept {
        fn begin(&mut self, entry: &Entry) -> Result<(), Failure> {
            self.0.push((entry.path.clone(), Vec::new()));
            Ok(())
        }

        fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
            self.0.last_mut().unwrap().1.extend_from_slice(bytes);
            Ok(())
        }

        fn end(&mut self, _: &Entry) -> Result<(), Failure> {
            Ok(())
        }
    }

    fn entries(contents: &[&[u8]]) -> Vec<Entry> {
        let mut offset = 0;
        let entry = |(i, bytes): (usize, &&[u8])| {
            let entry = Entry {
                path: i.to_string(),
                offset,
                length: bytes.len() as u64,
                sha256: B256::from_slice(&Sha256::digest(bytes)),
                meta: serde_json::Value::Null,
            };
            offset += entry.length;
            entry
        };
        contents.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn entries_are_cut_from_frames_of_any_length() {
        let contents: [&[u8]; 4] = [b"first", b"", b"the second one", b"x"];
        let entries = entries(&contents);
        let all = [contents.concat(), vec![0; 7]].concat();
        for length in 1..=all.len() {
            let (mut feed, mut kept) = (Feed::new(&entries), Kept::default());
            for frame in all.chunks(length) {
                feed.take(frame, &mut kept).unwrap();
            }
            assert!(feed.is_done(), "{length}");
            let bytes: Vec<&[u8]> = kept.0.iter().map(|(_, b)| b.as_slice()).collect();
            assert_eq!(bytes, contents, "{length}");
        }
    }

    #[test]
    fn an_altered_entry_is_refused() {
        let entries = entries(&[b"film"]);
        let refused = Feed::new(&entries).take(b"filn", &mut Kept::default());
        assert_eq!(refused.unwrap_err().code, Code::ContentCorrupt);
    }
}
