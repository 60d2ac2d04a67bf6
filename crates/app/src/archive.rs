//! Objects in CAR files: written from the blocks that are here or can be had, taken in block by
//! block. Memory holds a few blocks, however long the file is.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use cid::Cid;
use dhc_content::{
    car::{self, CarError, CarReader, Part},
    dag::Block,
};
use dhc_ipc::{CarView, Code, ExportObject, Failure, Stage};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt, BufWriter},
    sync::mpsc,
};

use crate::{
    failure::{misuse, store_failure},
    job::Job,
    objects::corrupt,
    pins,
    profile::{Profile, Session},
    sealed::{Batch, SEALING},
    sealing, storage,
    tree::{Source, Tree},
};

/// Bytes read at once.
const PIECE: usize = 1 << 18;
/// Blocks of one file: as many as the largest object has, and as many again.
const MOST_BLOCKS: u32 = 1 << 21;
/// Blocks between reader and store.
const QUEUE: usize = 12;

fn written(e: std::io::Error) -> Failure {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    match e.kind() {
        StorageFull | QuotaExceeded => Failure::new(Code::DiskFull, "the disk is full"),
        _ => misuse(format!("the file cannot be written: {e}")),
    }
}

/// Writes an object's blocks; the file gets its name once it is whole.
pub async fn export(profile: &Profile, args: &ExportObject, job: &Job) -> Result<CarView, Failure> {
    let session = profile.session()?;
    let (root, mut from) = storage::find(&session, &args.id)?;
    from.extend(pins::peers(&session)?);
    let source = Source {
        blocks: profile.home.blocks.clone(),
        from,
    };
    let out = PathBuf::from(&args.out);
    let part = out.with_extension("part");
    let done = export_to(root, &source, &part, job).await;
    let named = match done {
        Ok(view) => tokio::fs::rename(&part, &out)
            .await
            .map(|()| view)
            .map_err(written),
        Err(e) => Err(e),
    };
    if named.is_err() {
        // Half a file is of no use; one that was never made is none the worse.
        let _ = tokio::fs::remove_file(&part).await;
    }
    named
}

async fn export_to(root: Cid, source: &Source, part: &Path, job: &Job) -> Result<CarView, Failure> {
    let tree = Tree::walk(root, source).await?;
    let (all, total) = (tree.all(), tree.bytes());
    let mut file = BufWriter::new(File::create(part).await.map_err(written)?);
    let header = car::header(&root);
    let mut bytes = header.len() as u64;
    file.write_all(&header).await.map_err(written)?;
    for cid in &all {
        job.go_on()?;
        let block = source.fetch(*cid).await?;
        let prefix = car::block_prefix(cid, block.len());
        file.write_all(&prefix).await.map_err(written)?;
        file.write_all(&block).await.map_err(written)?;
        bytes += (prefix.len() + block.len()) as u64;
        job.report(Stage::Fetching, bytes, total);
    }
    file.flush().await.map_err(written)?;
    file.get_ref().sync_all().await.map_err(written)?;
    Ok(CarView {
        roots: vec![root.to_string()],
        blocks: all.len() as u32,
        bytes,
    })
}

/// Takes in a CAR file of one or a few whole objects. What is not an object, whole and nothing
/// but it, is refused, and nothing of it stays.
pub async fn import(profile: &Profile, path: &str, job: &Job) -> Result<CarView, Failure> {
    let session = profile.session()?;
    let _alone = session.importing.lock().await;
    sealing::sweep(profile, &session).await?;
    let imported = import_alone(profile, &session, path, job).await;
    if imported.is_err()
        && let Err(e) = sealing::sweep(profile, &session).await
    {
        tracing::warn!(code = %e.code, "the next import must sweep what this one left");
    }
    imported
}

async fn import_alone(
    profile: &Profile,
    session: &Session,
    path: &str,
    job: &Job,
) -> Result<CarView, Failure> {
    let unreadable = |e: std::io::Error| Failure::new(Code::FileUnreadable, format!("{path}: {e}"));
    let file = File::open(path).await.map_err(unreadable)?;
    let length = file.metadata().await.map_err(unreadable)?.len();
    storage::make_sure_of_room(profile, session, length).await?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    // Takes the sender with it, so that the store ends when the file has.
    let reading = async move { read(profile, file, length, &sender, job).await };
    let (read, stored) = tokio::join!(reading, sealing::store(profile, session, receiver));
    let noted = stored?;
    let taken = read.map_err(|e| match e {
        ReadError::Car(e) => corrupt(e),
        ReadError::File(e) => unreadable(e),
        ReadError::Other(e) => e,
    })?;
    let mut expected = HashSet::new();
    for root in &taken.roots {
        let tree = Tree::local(&profile.home.blocks, *root).await?;
        let tree = tree.ok_or_else(|| corrupt("the file's object is not whole"))?;
        expected.extend(tree.all());
    }
    let all: Vec<Cid> = expected.iter().copied().collect();
    let here = profile.home.blocks.has(&all).await.map_err(store_failure)?;
    if here.contains(&false) {
        return Err(corrupt("the file's object is not whole"));
    }
    if taken.fresh.iter().any(|cid| !expected.contains(cid)) {
        return Err(corrupt("the file holds blocks that are not its object's"));
    }
    let known: HashSet<String> = storage::roots(session)?.into_iter().collect();
    let mut batch = Batch::default();
    for key in &noted {
        batch.delete(SEALING, key);
    }
    session.db.commit(batch)?;
    for root in taken
        .roots
        .iter()
        .filter(|r| !known.contains(&r.to_string()))
    {
        storage::note(session, "", root, None, Vec::new())?;
    }
    job.changed();
    Ok(CarView {
        roots: taken.roots.iter().map(Cid::to_string).collect(),
        blocks: taken.blocks,
        bytes: length,
    })
}

/// What a file held.
#[derive(Default)]
struct Taken {
    roots: Vec<Cid>,
    blocks: u32,
    /// Blocks that were not here before.
    fresh: Vec<Cid>,
}

enum ReadError {
    Car(CarError),
    File(std::io::Error),
    Other(Failure),
}

/// Passes on the blocks that are not here yet.
async fn read(
    profile: &Profile,
    mut file: File,
    length: u64,
    blocks: &mpsc::Sender<Block>,
    job: &Job,
) -> Result<Taken, ReadError> {
    let mut reader = CarReader::default();
    let mut taken = Taken::default();
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    loop {
        job.go_on().map_err(ReadError::Other)?;
        let count = file.read(&mut piece).await.map_err(ReadError::File)?;
        if count == 0 {
            reader.finish().map_err(ReadError::Car)?;
            return Ok(taken);
        }
        let mut input = &piece[..count];
        while !input.is_empty() {
            match reader.push(&mut input).map_err(ReadError::Car)? {
                Some(Part::Roots(roots)) => taken.roots = roots,
                Some(Part::Block(block)) => {
                    taken.blocks += 1;
                    if taken.blocks > MOST_BLOCKS {
                        return Err(ReadError::Other(corrupt("the file has too many blocks")));
                    }
                    let here = profile.home.blocks.has(&[block.cid]).await;
                    let here = here.map_err(|e| ReadError::Other(store_failure(e)))?;
                    if here == [true] {
                        continue;
                    }
                    taken.fresh.push(block.cid);
                    let gone = || Failure::new(Code::Cancelled, "nothing takes the blocks");
                    let sent = blocks.send(block).await;
                    sent.map_err(|_| ReadError::Other(gone()))?;
                }
                None => {}
            }
        }
        done += count as u64;
        job.report(Stage::Fetching, done, length);
    }
}
