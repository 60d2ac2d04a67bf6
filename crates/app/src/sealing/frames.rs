//! A study's frames sealed beside each other, a thread for each processor.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, Scope},
};

use dhc_content::{
    dag::Block,
    object::{Frame, SealedFrame},
};
use tokio::sync::mpsc;

/// More threads would wait for the disk.
const MOST: usize = 8;

/// Nothing takes what is sealed.
pub struct Gone;

/// The threads at work. They end when this is dropped.
pub struct Frames {
    work: SyncSender<Frame>,
    sealed: Receiver<SealedFrame>,
}

impl Frames {
    /// `blocks` are given in the order in which they are sealed, which is not the frames'.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, blocks: &mpsc::Sender<Block>) -> Self {
        let threads = thread::available_parallelism().map_or(1, |n| n.get().min(MOST));
        let (work, frames) = sync_channel(threads);
        let (done, sealed) = channel();
        let frames = Arc::new(Mutex::new(frames));
        for _ in 0..threads {
            let (frames, blocks, done) = (frames.clone(), blocks.clone(), done.clone());
            scope.spawn(move || seal_all(&frames, &blocks, &done));
        }
        Self { work, sealed }
    }

    /// Has a frame sealed; waits while all threads are busy. Answers what became ready meanwhile.
    pub fn seal(&self, frame: Frame) -> Result<impl Iterator<Item = SealedFrame> + '_, Gone> {
        self.work.send(frame).map_err(|_| Gone)?;
        Ok(self.sealed.try_iter())
    }

    /// Waits for all frames that were given.
    pub fn end(self) -> impl Iterator<Item = SealedFrame> {
        drop(self.work);
        self.sealed.into_iter()
    }
}

fn seal_all(
    frames: &Mutex<Receiver<Frame>>,
    blocks: &mpsc::Sender<Block>,
    done: &Sender<SealedFrame>,
) {
    loop {
        let next = frames.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(frame) = next else { return };
        let sealed = frame.seal();
        let taken = blocks.blocking_send(sealed.block.clone());
        if taken.is_err() || done.send(sealed).is_err() {
            return;
        }
    }
}
