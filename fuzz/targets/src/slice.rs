//! A short slice of fuzzing that needs no nightly compiler: a target's corpus, and what a seeded
//! generator makes of it.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sha2::{Digest, Sha256};

use crate::Target;

/// No input is made longer, bytes.
const LONGEST: usize = 64 << 10;

/// For one input, on a busy machine and without optimisation; libFuzzer gives ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What parsers of text, of lengths and of numbers stumble over.
const WORDS: [&[u8]; 16] = [
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"[]",
    b"{}",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"[[[[[[[[",
    b"0x",
    b",",
    b"=",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x00\x00\x00\x00",
    b"\x7f\xff\xff\xff",
];

/// Why a slice failed.
#[derive(Debug)]
pub enum Fallen {
    /// The corpus cannot be read, or is empty.
    Corpus(io::Error),
    /// The target fell over these bytes, kept in a file to reproduce it.
    Over { bytes: Vec<u8>, kept: PathBuf },
    /// It took longer than [`PATIENCE`] over those in the file.
    Slow { took: Duration, kept: PathBuf },
}

/// Runs a target over its corpus and over `made` inputs made of it: always the same ones. Gives
/// how many inputs there were.
///
/// # Errors
/// At the first input that the target falls over.
pub fn slice(target: &Target, made: u32) -> Result<u32, Fallen> {
    let seeds = seeds(target).map_err(Fallen::Corpus)?;
    for seed in &seeds {
        stands(target, seed)?;
    }
    let label = Sha256::digest(target.name);
    let mut rng = StdRng::from_seed(label.into());
    for _ in 0..made {
        stands(target, &changed(&seeds, &mut rng))?;
    }
    Ok(seeds.len() as u32 + made)
}

fn seeds(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> = fs::read_dir(target.corpus())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    if files.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "an empty corpus"));
    }
    files.iter().map(fs::read).collect()
}

fn stands(target: &Target, bytes: &[u8]) -> Result<(), Fallen> {
    let begun = Instant::now();
    let stood = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_ok();
    let took = begun.elapsed();
    if stood && took < PATIENCE {
        return Ok(());
    }
    let name = format!(
        "dhc-fuzz-{}-{}",
        target.name,
        hex::encode(&Sha256::digest(bytes)[..8])
    );
    let kept = std::env::temp_dir().join(name);
    fs::write(&kept, bytes).map_err(Fallen::Corpus)?;
    Err(if stood {
        Fallen::Slow { took, kept }
    } else {
        let bytes = bytes.to_vec();
        Fallen::Over { bytes, kept }
    })
}

/// A seed with one to four changes; now and then anything at all.
fn changed(seeds: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    if rng.random_ratio(1, 16) {
        let mut bytes = vec![0; rng.random_range(0..512)];
        rng.fill(&mut bytes[..]);
        return bytes;
    }
    let mut bytes = seeds.choose(rng).cloned().unwrap_or_default();
    for _ in 0..rng.random_range(1..=4) {
        change(&mut bytes, seeds, rng);
    }
    bytes.truncate(LONGEST.max(seeds.iter().map(Vec::len).max().unwrap_or(0)));
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut StdRng) {
    let at = rng.random_range(0..=bytes.len());
    let end = (at + rng.random_range(0..256)).min(bytes.len());
    match rng.random_range(0..8) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
        2 if at < bytes.len() => bytes[at] = rng.random(),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        6 => {
            let word = WORDS.choose(rng).copied().unwrap_or_default();
            bytes.splice(at..at, word.iter().copied());
        }
        // The rest of another seed.
        _ => {
            let other = seeds.choose(rng).map_or(&[][..], Vec::as_slice);
            let from = rng.random_range(0..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
    }
}
