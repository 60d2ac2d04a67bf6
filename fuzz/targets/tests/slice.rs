//! Every decoder of foreign bytes over its corpus and what is made of it. `DHC_FUZZ_CASES` says
//! how many inputs are made for each; libFuzzer's long runs are `cargo xtask test --long`.

use std::{collections::BTreeSet, env, fs, time::Instant};

use dhc_fuzz::{Fallen, TARGETS, Target, folder, slice};

/// Inputs made for each target, unless the environment says otherwise.
const CASES: u32 = 200;

fn cases() -> u32 {
    let said = env::var("DHC_FUZZ_CASES").ok();
    said.map_or(CASES, |said| {
        said.parse().expect("DHC_FUZZ_CASES is a number")
    })
}

/// Every `n`-th target from the `first`: several tests, so that they run side by side.
fn some(first: usize, n: usize) {
    for target in TARGETS.iter().skip(first).step_by(n) {
        let begun = Instant::now();
        match slice(target, cases()) {
            Ok(inputs) => println!(
                "{}: {inputs} inputs in {:.1?}",
                target.name,
                begun.elapsed()
            ),
            Err(Fallen::Corpus(e)) => panic!("{}: its corpus: {e}", target.name),
            Err(Fallen::Slow { took, kept }) => {
                panic!("{} took {took:?} over {}", target.name, kept.display())
            }
            Err(Fallen::Over { bytes, kept }) => panic!(
                "{} fell over {} bytes, kept in {}",
                target.name,
                bytes.len(),
                kept.display()
            ),
        }
    }
}

#[test]
fn the_first_of_the_decoders_bear_what_strangers_send() {
    some(0, 4);
}

#[test]
fn the_second_of_the_decoders_bear_what_strangers_send() {
    some(1, 4);
}

#[test]
fn the_third_of_the_decoders_bear_what_strangers_send() {
    some(2, 4);
}

#[test]
fn the_fourth_of_the_decoders_bear_what_strangers_send() {
    some(3, 4);
}

/// The same that the others rely on: a decoder that falls over some input is found, and over
/// which.
#[test]
fn a_decoder_that_falls_is_found() {
    fn planted(bytes: &[u8]) {
        assert!(!bytes.contains(&0xee), "planted");
    }
    // It borrows a corpus in which no such byte stands.
    let weak = Target {
        name: "typed_text",
        run: planted,
    };
    let Err(Fallen::Over { bytes, kept }) = slice(&weak, 5_000) else {
        panic!("a planted fault is not found");
    };
    assert!(bytes.contains(&0xee));
    assert_eq!(fs::read(&kept).expect("it is kept"), bytes);
    fs::remove_file(kept).expect("it is removed");
    let unknown = Target {
        name: "no such target",
        run: planted,
    };
    assert!(matches!(slice(&unknown, 1), Err(Fallen::Corpus(_))));
}

/// Each target has its program for libFuzzer, its corpus and its place in the documentation, and
/// there are no others.
#[test]
fn every_target_has_its_program_its_corpus_and_its_row() {
    let names: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    assert_eq!(names.len(), TARGETS.len(), "a name stands twice");
    let of = |below: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder().join(below)).expect("a folder of fuzz");
        let stem = |entry: fs::DirEntry| {
            entry
                .path()
                .file_stem()
                .map(|s| s.to_string_lossy().into_owned())
        };
        entries.filter_map(|entry| stem(entry.ok()?)).collect()
    };
    assert_eq!(of("corpus"), names, "corpora");
    assert_eq!(of("fuzz_targets"), names, "programs");
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest");
    let security = folder().join("../docs/security.md");
    let security = fs::read_to_string(security).expect("docs/security.md");
    for target in TARGETS {
        let name = target.name;
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name}: no program"
        );
        let program = folder().join(format!("fuzz_targets/{name}.rs"));
        let program = fs::read_to_string(program).expect("a program");
        assert!(
            program.contains(&format!("::{name}(bytes)")),
            "{name}: another's program"
        );
        assert!(
            security.contains(&format!("`{name}`")),
            "{name}: not in docs/security.md"
        );
    }
}
