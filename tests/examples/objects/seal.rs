//! Sealing frames of 1 MiB: how fast one core encrypts, how fast all do, and what naming adds.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use dhc_content::{
    object::{FRAME, Frame, ObjectKey, Sealer},
    rand_core::UnwrapErr,
};
use dhc_domain::ObjectId;
use getrandom::SysRng;
use serde_json::{Value, json};

/// Frames made ready at once: few enough to be still in the cache when they are encrypted, as the
/// buffer of `openssl speed` is.
const READY: usize = 2;

pub fn measure(rounds: usize) -> Result<Value> {
    let cores = thread::available_parallelism()?.get();
    let encrypt: fn(Frame) = |frame| {
        black_box(frame.encrypt());
    };
    let seal: fn(Frame) = |frame| {
        black_box(frame.seal());
    };
    Ok(json!({
        "cores": cores,
        "encrypt": rate(1, rounds, encrypt)?,
        "encrypt_all_cores": rate(cores, rounds, encrypt)?,
        "seal": rate(1, rounds, seal)?,
        "seal_all_cores": rate(cores, rounds, seal)?,
    }))
}

/// Bytes a second, of all threads together.
fn rate(threads: usize, rounds: usize, work: fn(Frame)) -> Result<f64> {
    let begin = Barrier::new(threads);
    let rates = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut source = Source::new()?;
                    begin.wait();
                    let mut took = Duration::ZERO;
                    for _ in 0..rounds {
                        let frames = source.frames()?;
                        let begun = Instant::now();
                        frames.into_iter().for_each(work);
                        took += begun.elapsed();
                    }
                    Ok((rounds * READY * FRAME) as f64 / took.as_secs_f64())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().ok().context("a thread fell")?)
            .collect::<Result<Vec<f64>>>()
    })?;
    Ok(rates.iter().sum())
}

struct Source {
    sealer: Sealer,
    plaintext: Vec<u8>,
}

impl Source {
    fn new() -> Result<Self> {
        let mut rng = UnwrapErr(SysRng);
        let key = ObjectKey::make_random(&mut rng);
        let object = ObjectId([1; 16].into());
        let mut sealer = Sealer::new(&key, object, &mut rng);
        sealer.begin("film.dcm", Value::Null)?;
        let plaintext = (0..FRAME).map(|i| (i * 31 + i / 251) as u8).collect();
        Ok(Self { sealer, plaintext })
    }

    fn frames(&mut self) -> Result<Vec<Frame>> {
        let mut frames = Vec::with_capacity(READY);
        while frames.len() < READY {
            let mut input = self.plaintext.as_slice();
            while let Some(frame) = self.sealer.push_frame(&mut input)? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }
}
