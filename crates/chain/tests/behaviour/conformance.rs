//! The Tendermint light client's own vectors (`tests/vectors/tendermint-light-client`), through our
//! verification.

use std::{fs, path::Path, time::Duration};

use dhc_chain::light::{LightBlock, Rules, Verdict, verify};
use dhc_domain::Timestamp;
use serde_json::Value;
use tendermint::{Time, block::signed_header::SignedHeader, validator};

/// A trusted block, and blocks that are shown one after the other, each with the verdict on it.
struct Run {
    trusted: LightBlock,
    rules: Rules,
    shown: Vec<(LightBlock, Timestamp, String)>,
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    T::deserialize(value).expect("of the vectors' form")
}

fn time(value: &Value) -> Timestamp {
    let time: Time = read(value);
    Timestamp(u64::try_from(time.unix_timestamp()).expect("after 1970"))
}

impl Run {
    fn read(path: &Path) -> Self {
        let file: Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
        let initial = &file["initial"];
        let signed_header: SignedHeader = read(&initial["signed_header"]);
        let next_validators: validator::Set = read(&initial["next_validator_set"]);
        let trusted = LightBlock {
            signed_header,
            // Of a trusted block only the next validators say anything.
            validators: next_validators.clone(),
            next_validators,
        };
        let nanoseconds: String = read(&initial["trusting_period"]);
        let rules = Rules {
            trusting_period: Duration::from_nanos(nanoseconds.parse().expect("a number")),
            // The model's clocks are exact.
            clock_drift: Duration::ZERO,
        };
        let inputs = file["input"].as_array().expect("a list");
        let shown = inputs.iter().map(|input| {
            let block = &input["block"];
            let block = LightBlock {
                signed_header: read(&block["signed_header"]),
                validators: read(&block["validator_set"]),
                next_validators: read(&block["next_validator_set"]),
            };
            (block, time(&input["now"]), read(&input["verdict"]))
        });
        Self {
            trusted,
            rules,
            shown: shown.collect(),
        }
    }
}

#[test]
fn the_models_runs_end_as_the_model_says() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/tendermint-light-client");
    let entries = fs::read_dir(folder).expect("the vectors");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let (mut runs, mut steps) = (0, 0);
    for path in paths.filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let run = Run::read(&path);
        let mut trusted = run.trusted;
        for (step, (block, now, expected)) in run.shown.into_iter().enumerate() {
            let verdict = verify(&trusted, &block, run.rules, now);
            let agrees = match expected.as_str() {
                "SUCCESS" => verdict == Verdict::Trusted,
                "NOT_ENOUGH_TRUST" => verdict == Verdict::TooFewKnown,
                // Ours says more exactly what is wrong.
                "INVALID" => !matches!(verdict, Verdict::Trusted | Verdict::TooFewKnown),
                other => panic!("an unknown verdict: {other}"),
            };
            let name = path.file_name().unwrap_or_default().display();
            assert!(
                agrees,
                "{name}, step {step}: {verdict:?} instead of {expected}"
            );
            if verdict == Verdict::Trusted {
                trusted = block;
            }
            steps += 1;
        }
        runs += 1;
    }
    assert_eq!((runs, steps), (37, 95));
}
