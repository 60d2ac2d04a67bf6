//! `dhc demo`: the whole main job with three homes in separate processes. Each step's `ok` is
//! computed from the evidence that it prints.

mod homes;
mod process;
mod steps;
mod study;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use dhc_ipc::{Code, Failure};
use serde_json::{Value, json};

pub use homes::Kept;

use crate::{args::Demo, output::Output};

/// What a step found: evidence, and whether it is enough.
pub struct Finding {
    pub ok: bool,
    pub evidence: Value,
}

/// Plays the steps one after the other; a step that fails ends the play.
struct Play<'a> {
    output: &'a Output,
    steps: Vec<Value>,
}

impl Play<'_> {
    async fn step<F>(&mut self, name: &str, work: F) -> Result<bool, Failure>
    where
        F: Future<Output = Result<Finding, Failure>>,
    {
        let begun = Instant::now();
        let found = match work.await {
            Ok(found) => found,
            Err(e) => Finding {
                ok: false,
                evidence: json!({"code": e.code, "message": e.message}),
            },
        };
        let ms = begun.elapsed().as_millis() as u64;
        if !self.output.json {
            println!("{} {name}  {ms} ms", if found.ok { "✓" } else { "✗" });
            for (key, value) in found.evidence.as_object().into_iter().flatten() {
                println!(
                    "    {}: {}",
                    key.replace('_', " "),
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                );
            }
        }
        self.steps
            .push(json!({"name": name, "ok": found.ok, "ms": ms, "evidence": found.evidence}));
        Ok(found.ok)
    }
}

/// Plays on the network of this file, or on an embedded one of its own.
pub async fn play(args: &Demo, network: Option<&Path>, output: &Output) -> Result<(), Failure> {
    let scratch;
    let folder: PathBuf = match &args.keep {
        Some(folder) => folder.clone(),
        None => {
            scratch = tempfile::tempdir()
                .map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))?;
            scratch.path().to_owned()
        }
    };
    let kept = Kept::make(&folder)?;
    if !output.json && network.is_none() {
        println!(
            "Days on this network last {} s, by its genesis: the demo does not wait for midnight.",
            homes::DAY_S
        );
    }
    let mut play = Play {
        output,
        steps: Vec::new(),
    };
    let ended = steps::all(&mut play, &kept, args.study.as_deref(), network).await;
    let ok = ended.is_ok() && play.steps.iter().all(|s| s["ok"] == true);
    if let Err(e) = &ended {
        tracing::error!(code = %e.code, "{}", e.message);
    }
    let document = json!({"steps": play.steps, "ok": ok});
    if ok {
        if output.json {
            output.answer(&document);
        } else {
            println!(
                "\nThe main job is done: {} steps, each proven.",
                document["steps"].as_array().map_or(0, Vec::len)
            );
        }
        return Ok(());
    }
    let failed = play_failed(&document);
    match ended {
        Err(e) if failed.is_none() => Err(e),
        _ => Err(failed
            .unwrap_or_else(|| Failure::new(Code::Internal, "the demo did not come to its end"))),
    }
}

/// Names the step that failed, with its evidence.
fn play_failed(document: &Value) -> Option<Failure> {
    let step = document["steps"]
        .as_array()?
        .iter()
        .find(|s| s["ok"] == false)?;
    let code = serde_json::from_value(step["evidence"]["code"].clone()).unwrap_or(Code::Internal);
    Some(Failure::new(
        code,
        format!("step {}: {}", step["name"].as_str()?, step["evidence"]),
    ))
}

/// A path in its textual form for a command line.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
