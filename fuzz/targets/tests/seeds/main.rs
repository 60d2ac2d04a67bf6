//! The seeds of the corpora and the recorded answers, made from what is honest: the simulated
//! chain, the real node's fixtures, the pinned vectors, small films. Always the same:
//! `DHC_WRITE_SEEDS=1 cargo test -p dhc-fuzz --test seeds` writes them anew, and without it the
//! committed ones are compared.

mod chain;
mod ethereum;
mod films;
mod local;
#[path = "../../../../crates/chain/tests/behaviour/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "another test program's, of which this one uses a part"
)]
mod support;

use std::{env, fs, path::Path};

use dhc_fuzz::{TARGETS, folder};

/// No seed is longer, bytes.
const LONGEST: usize = 32 << 10;

/// One file of `fuzz`: its path there and its content.
type Seed = (String, Vec<u8>);

fn seed(target: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Seed {
    (format!("corpus/{target}/{name}"), bytes.into())
}

/// Bytes from hex, whatever else stands between.
fn from_hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).expect("hex")
}

fn all() -> Vec<Seed> {
    let parts = [
        chain::seeds(),
        ethereum::seeds(),
        films::seeds(),
        local::seeds(),
    ];
    parts.into_iter().flatten().collect()
}

#[test]
fn the_seeds_are_made_from_what_is_honest() {
    let write = env::var_os("DHC_WRITE_SEEDS").is_some();
    for (name, bytes) in all() {
        assert!(
            bytes.len() <= LONGEST || !name.starts_with("corpus"),
            "{name} is long"
        );
        let path = folder().join(&name);
        if write {
            fs::create_dir_all(path.parent().expect("below fuzz")).expect("a folder is made");
            fs::write(&path, &bytes).expect("a seed is written");
        }
        let kept = fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            kept == bytes,
            "{name} is another: DHC_WRITE_SEEDS=1 writes it"
        );
    }
}

#[test]
fn no_target_is_without_an_honest_seed() {
    let seeds = all();
    for target in TARGETS {
        let of = Path::new("corpus").join(target.name);
        assert!(
            seeds
                .iter()
                .any(|(name, _)| Path::new(name).starts_with(&of)),
            "{}",
            target.name
        );
    }
}
