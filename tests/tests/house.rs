//! The rules of the house, held over the manifests and the sources: who may import whom, and what
//! no file may contain. ARCHITECTURE.md says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use walkdir::WalkDir;

/// The house: every crate, and which of ours it may import. Dependencies point down.
const IMPORTS: [(&str, &[&str]); 16] = [
    ("dhc-domain", &[]),
    ("dhc-ipc", &[]),
    ("dhc-market", &[]),
    ("dhc-vault", &["dhc-domain"]),
    ("dhc-chain", &["dhc-domain"]),
    ("dhc-content", &["dhc-domain"]),
    ("dhc-imaging", &["dhc-domain"]),
    ("dhc-devnet", &["dhc-domain", "dhc-market"]),
    (
        "dhc-app",
        &[
            "dhc-domain",
            "dhc-ipc",
            "dhc-market",
            "dhc-vault",
            "dhc-chain",
            "dhc-content",
            "dhc-imaging",
        ],
    ),
    (
        "dhc-adapters",
        &["dhc-domain", "dhc-chain", "dhc-content", "dhc-app"],
    ),
    ("dhc-cli", ALL),
    ("dhc-desktop", ALL),
    ("dhc-ui", &["dhc-ipc", "dhc-domain"]),
    ("dhc-tests", ALL),
    (
        "dhc-fuzz",
        &[
            "dhc-domain",
            "dhc-ipc",
            "dhc-vault",
            "dhc-chain",
            "dhc-content",
            "dhc-imaging",
            "dhc-app",
        ],
    ),
    ("xtask", &[]),
];

/// Composition roots may import everything.
const ALL: &[&str] = &["*"];

/// Frameworks, and the only crates that may name them.
const FRAMEWORKS: [(&str, &[&str]); 2] = [
    ("tauri", &["dhc-desktop", "dhc-mobile"]),
    ("leptos", &["dhc-ui"]),
];

/// Names that say nothing about what a module is for.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "common", "manager", "managers", "helper", "helpers", "misc",
];

/// A file past this wants to be two.
const MOST_LINES: usize = 600;

/// Where the sources are. Generated and foreign files stand elsewhere.
const SOURCES: [&str; 10] = [
    "contracts/scripts",
    "contracts/src",
    "contracts/test",
    "crates",
    "fuzz",
    "mobile",
    "src-tauri",
    "tests",
    "ui",
    "xtask",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests' folder stands in the repository")
        .to_path_buf()
}

fn packages() -> Vec<Value> {
    let answer = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        answer.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let metadata: Value = serde_json::from_slice(&answer.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// (package, what it depends on by name, whether only its tests do)
fn dependencies(package: &Value) -> (String, Vec<(String, bool)>) {
    let name = package["name"].as_str().expect("a name").to_owned();
    let on = package["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter()
        .map(|dependency| {
            (
                dependency["name"].as_str().expect("a name").to_owned(),
                dependency["kind"] == "dev",
            )
        })
        .collect();
    (name, on)
}

/// Source files of ours with one of these extensions, as (path from the root, content).
fn sources(extensions: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let foreign = ["node_modules", "target", "out", "cache", "generated", "gen"];
    let mut found = Vec::new();
    for folder in SOURCES {
        let walk = WalkDir::new(root.join(folder))
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| !foreign.contains(&entry.file_name().to_string_lossy().as_ref()));
        for entry in walk.filter_map(Result::ok) {
            let path = entry.path();
            let wanted = path
                .extension()
                .is_some_and(|e| extensions.iter().any(|wanted| e == *wanted));
            if entry.file_type().is_file() && wanted {
                let name = path.strip_prefix(&root).expect("under the root");
                let text = fs::read_to_string(path)
                    .unwrap_or_else(|failure| panic!("{}: {failure}", path.display()));
                found.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources with {extensions:?}");
    found
}

/// Fails with every place that breaks a rule, not only the first.
fn assert_none(places: &[String], rule: &str) {
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

#[test]
fn crates_import_only_what_stands_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = IMPORTS.into_iter().collect();
    let mut places = Vec::new();
    for package in packages() {
        let (name, on) = dependencies(&package);
        if !name.starts_with("dhc-") && name != "xtask" {
            continue;
        }
        let Some(may) = allowed.get(name.as_str()) else {
            places.push(format!(
                "{name} has no place in the house: name it in IMPORTS"
            ));
            continue;
        };
        if *may == ALL {
            continue;
        }
        for (other, only_tests) in on {
            // Tests of the network's own mathematics may compare with `market`.
            let fine = may.contains(&other.as_str()) || (only_tests && other == "dhc-market");
            if other.starts_with("dhc-") && !fine {
                places.push(format!("{name} imports {other}"));
            }
        }
    }
    assert_none(&places, "imports that point up or sideways");
}

#[test]
fn frameworks_are_named_in_their_own_house_only() {
    let mut places = Vec::new();
    for package in packages() {
        let (name, on) = dependencies(&package);
        for (other, _) in on {
            for (framework, may) in FRAMEWORKS {
                let named = other == framework
                    || other.starts_with(&format!("{framework}-"))
                    || other.starts_with(&format!("{framework}_"));
                if named && !may.contains(&name.as_str()) {
                    places.push(format!("{name} names {other}"));
                }
            }
        }
    }
    assert_none(&places, "frameworks outside of their house");
}

#[test]
fn every_package_shares_version_licence_and_lints() {
    let mut places = Vec::new();
    let mut versions = BTreeSet::new();
    for package in packages() {
        let (name, _) = dependencies(&package);
        if !name.starts_with("dhc-") && name != "xtask" {
            continue;
        }
        versions.insert(package["version"].to_string());
        if package["license"] != "Apache-2.0 OR MIT" {
            places.push(format!("{name}: licence {}", package["license"]));
        }
        let manifest = fs::read_to_string(package["manifest_path"].as_str().expect("a path"))
            .expect("the manifest is read");
        if !manifest.contains("[lints]\nworkspace = true") {
            places.push(format!("{name}: lints of its own"));
        }
    }
    assert_none(&places, "manifests");
    assert_eq!(versions.len(), 1, "one version for all: {versions:?}");
}

#[test]
fn files_stay_short_enough_to_read() {
    let places: Vec<String> = sources(&["rs", "sol", "mjs", "js", "cjs", "css"])
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert_none(&places, "files that want to be two");
}

#[test]
fn names_say_what_is_inside() {
    let places: Vec<String> = sources(&["rs", "sol", "mjs", "js"])
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| {
            Path::new(name)
                .with_extension("")
                .components()
                .any(|part| EMPTY_NAMES.iter().any(|empty| part.as_os_str() == *empty))
        })
        .collect();
    assert_none(&places, "names that say nothing");
}

#[test]
fn nothing_is_left_unfinished() {
    // In two pieces, so that this file does not find itself.
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("dbg", "!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("#[ig", "nore]"),
    ];
    let mut places = Vec::new();
    for (name, text) in sources(&["rs", "sol", "mjs", "js", "css"]) {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                places.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&places, "unfinished work");
}

#[test]
fn silenced_lints_give_their_reason() {
    let opening = concat!("al", "low(");
    let mut places = Vec::new();
    for (name, text) in sources(&["rs"]) {
        for (at, _) in text.match_indices(opening) {
            let before = text[..at].trim_end_matches(['!', '[', '#']);
            if before.len() == at {
                continue;
            }
            let attribute = text[at..].split(")]").next().unwrap_or("");
            if !attribute.contains("reason") {
                let line = text[..at].lines().count();
                places.push(format!("{name}:{line}: {opening}…"));
            }
        }
    }
    assert_none(&places, "lints silenced without a reason");
}

#[test]
fn unsafe_code_says_why_it_is_sound() {
    let word = concat!("un", "safe ");
    let mut places = Vec::new();
    for (name, text) in sources(&["rs"]) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            let used = ["{", "fn ", "impl ", "extern "]
                .iter()
                .any(|next| code.contains(&format!("{word}{next}")));
            let said = lines[number.saturating_sub(4)..=number]
                .iter()
                .any(|near| near.contains("SAFETY:") || near.contains("# Safety"));
            if used && !said {
                places.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&places, "code whose soundness is not argued");
}

#[test]
fn tests_wait_for_conditions_not_for_time() {
    let call = concat!("sle", "ep(");
    let mut places = Vec::new();
    for (name, text) in sources(&["rs"]) {
        let whole = name.contains("/tests/") || name.ends_with("/tests.rs");
        let from = if whole {
            0
        } else {
            let Some(at) = text.find("#[cfg(test)]") else {
                continue;
            };
            text[..at].lines().count()
        };
        for (number, line) in text.lines().enumerate().skip(from) {
            // A port named so is defined, and `while_asleep(` is another word.
            let calls = line.match_indices(call).any(|(at, _)| {
                let before = &line[..at];
                !before.ends_with("fn ")
                    && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            if calls {
                places.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&places, "tests that wait for a time");
}

#[test]
fn no_path_of_one_machine_stands_in_the_sources() {
    let paths = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
    ];
    let mut places = Vec::new();
    for (name, text) in sources(&["rs", "sol", "mjs", "js", "json", "toml", "css", "html"]) {
        for (number, line) in text.lines().enumerate() {
            // A lock file's integrity hashes are base64, which may spell anything.
            let hash = line.contains("\"integrity\"");
            if !hash && paths.iter().any(|path| line.contains(path)) {
                places.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&places, "paths of one machine");
}
