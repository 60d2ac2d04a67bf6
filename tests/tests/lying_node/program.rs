//! The same lies before the program itself: its codes, its time, and its memory.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use dhc_tests::real::in_turn;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    bodies::{self, begun},
    headers,
    lie::{Ask, Ends, LIMIT, UNTRUSTED},
    proxy::{Lie, Proxy},
    state,
    wire::{Wire, ok, terabyte},
    world::{Side, World},
};

/// The most memory that the program may ever have had, kilobytes.
const MOST_KB: u64 = 200 * 1024;
/// Between two looks at a process that runs.
const LOOK: Duration = Duration::from_millis(4);

pub struct Ended {
    output: Output,
    took: Duration,
    peak_kb: u64,
}

impl Ended {
    /// `Ok` with the answer, or the failure's code.
    pub fn answer(&self) -> Result<Value, String> {
        if self.output.status.success() {
            return Ok(serde_json::from_slice(&self.output.stdout).expect("a JSON document"));
        }
        Err(self.failure()["code"].as_str().expect("a code").to_owned())
    }

    pub fn failure(&self) -> Value {
        let said = String::from_utf8_lossy(&self.output.stderr);
        said.lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_else(|| panic!("no failure: {said}"))
    }
}

pub fn program() -> Option<PathBuf> {
    let program = env::var_os("DHC_BIN").map(PathBuf::from);
    if program.is_none() {
        println!("left out: DHC_BIN is not set");
    }
    program
}

/// A home on a network described by a file of its own.
pub struct Home {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Home {
    fn new(program: &Path, world: &World, side: Side, url: &str) -> Self {
        let mut network = serde_json::to_value(&world.network).expect("JSON");
        let place = match side {
            Side::Comet => "rpc",
            Side::Evm => "evm",
            Side::Witness => "witnesses",
        };
        network[place] = json!([url]);
        Self::on(program, &network)
    }

    pub fn on(program: &Path, network: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("password"), "a quiet afternoon").expect("written");
        let home = Self {
            program: program.to_owned(),
            folder,
        };
        home.moves_to(network);
        home
    }

    /// The person edits the network's file.
    pub fn moves_to(&self, network: &Value) {
        let file = self.folder.path().join("network.json");
        fs::write(file, network.to_string()).expect("written");
    }

    pub async fn run(&self, args: &[&str]) -> Ended {
        let within = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(&self.program);
        command
            .args(["--json", "--yes", "--home"])
            .arg(within("home"))
            .arg("--network")
            .arg(within("network.json"))
            .arg("--password-file")
            .arg(within("password"))
            .args(args)
            .env_remove("DHC_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A thread of its own: it looks on however busy the liar is.
        let watched = tokio::task::spawn_blocking(move || watch(command));
        watched.await.expect("watched to its end")
    }
}

fn watch(mut command: Command) -> Ended {
    let begun = Instant::now();
    let mut child = command.spawn().expect("dhc runs");
    let mut peak_kb = 0;
    loop {
        peak_kb = peak_kb.max(peak(child.id()));
        if child.try_wait().expect("a child").is_some() {
            break;
        }
        thread::park_timeout(LOOK);
    }
    let took = begun.elapsed();
    let output = child.wait_with_output().expect("dhc ended");
    Ended {
        output,
        took,
        peak_kb,
    }
}

/// The most memory that a process had so far; 0 where the system does not say.
fn peak(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Checks what came and what it took, and prints a line of the table.
fn check(what: &str, asked: &str, came: &Ended, expected: Ends) -> Option<String> {
    let answer = came.answer();
    let code = answer.as_ref().err().map_or("proven", String::as_str);
    let (ms, mb) = (came.took.as_millis(), came.peak_kb / 1024);
    println!("{what:<58} {asked:<10} {code:<26} {ms:>6} ms {mb:>4} MB");
    let as_expected = match (&answer, expected) {
        (Err(code), Ends::Code(expected)) => code == expected,
        (Ok(value), Ends::Truth) => value["standing"]["state"] == "proven",
        _ => false,
    };
    let measured = !cfg!(target_os = "linux") || came.peak_kb > 0;
    if !as_expected {
        Some(format!("{what}: {answer:?} instead of {expected:?}"))
    } else if came.took > LIMIT {
        Some(format!("{what}: took {:?}", came.took))
    } else if came.peak_kb > MOST_KB || !measured {
        Some(format!("{what}: took {mb} MB"))
    } else {
        None
    }
}

/// The lies about size and form, and of the others one of each kind.
fn lies() -> Vec<(&'static str, Ends, Lie)> {
    let others = [headers::of_a_header(), headers::of_older_headers()];
    let state = [state::of_values(), state::of_nothing_at_all()];
    let balance = others.into_iter().chain(state).flatten();
    let balance = balance.filter(|told| told.ask == Ask::Balance);
    let mut lies: Vec<_> = balance.map(|t| (t.what, t.ends, t.lie)).collect();
    let names = [
        "another app hash",
        "a time to come",
        "another chain",
        "another block at the checkpoint",
        "no checkpoint",
        "another balance",
        "a state that is said to be pruned",
    ];
    lies.retain(|(what, ..)| names.contains(what));
    assert_eq!(lies.len(), names.len());
    lies.extend(bodies::of_size());
    // The slow ones first: the others pass them.
    lies.splice(0..0, bodies::of_ways());
    lies
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_believes_no_lie_and_stays_small() {
    // Its time is measured.
    let _turn = in_turn();
    let Some(program) = program() else { return };
    tell_the_program(&program, &World::start().await).await;
}

pub async fn tell_the_program(program: &Path, world: &World) {
    let patient = dhc_chain::Signer::address(&world.patient).to_string();
    let patient = patient.as_str();
    let told = lies().into_iter().map(|(what, ends, lie)| {
        async move {
            let proxy = Proxy::before(world.truth(Side::Comet), lie).await;
            let home = Home::new(program, world, Side::Comet, &proxy.url);
            let truth = home.run(&["balance", patient]).await.answer();
            // Trusted headers of the control would spare the program a part of the lie.
            fs::remove_dir_all(home.folder.path().join("home")).expect("removed");
            proxy.lies(true);
            let came = home.run(&["balance", patient]).await;
            let wrong = match truth {
                Err(code) => Some(format!("{what}: not even the truth is believed: {code}")),
                Ok(_) if proxy.told() == 0 => Some(format!("{what}: was not told")),
                Ok(_) => None,
            };
            (what, ends, came, wrong)
        }
    });
    let told: Vec<_> = futures::stream::iter(told).buffered(8).collect().await;
    let wrong = told.into_iter().filter_map(|(what, ends, came, wrong)| {
        let checked = check(what, "balance", &came, ends);
        wrong.or(checked)
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Lies about what came of a payment: whatever is said of it, it is paid once.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_survives_lies_about_its_block() {
    let Some(program) = program() else { return };
    let world = World::start().await;
    let lies: [(&'static str, Lie); 3] = [
        (
            "ten million empty results",
            Lie::Wire(Wire::OnceTo("block_results", |call| {
                let results = ",{}".repeat(10_000_000);
                ok(format!(
                    "{}{{\"txs_results\":[{{}}{results}]}}}}",
                    begun(call)
                ))
            })),
        ),
        (
            "transactions without an end",
            Lie::Wire(Wire::EndlessTo(
                "block",
                |call| {
                    let begun = begun(call);
                    terabyte(
                        "",
                        format!("{begun}{{\"block\":{{\"data\":{{\"txs\":[\"\"").as_bytes(),
                    )
                },
                b",\"\"",
            )),
        ),
        (
            "results without an end",
            Lie::Wire(Wire::EndlessTo(
                "block_results",
                |call| {
                    let begun = begun(call);
                    terabyte("", format!("{begun}{{\"txs_results\":[{{}}").as_bytes())
                },
                b",{}",
            )),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, lie) in lies {
        let proxy = Proxy::before(world.truth(Side::Comet), lie).await;
        let home = Home::new(&program, &world, Side::Comet, &proxy.url);
        let made = home
            .run(&["vault", "create"])
            .await
            .answer()
            .expect("a vault");
        let me = made["accounts"][0]["address"].as_str().expect("an address");
        let funded = home.run(&["devnet", "fund", me, "3"]).await.answer();
        funded.expect("funded");
        let pay = ["send", "--to", me, "--amount", "1"];
        proxy.lies(true);
        let came = home.run(&pay).await;
        wrong.extend(check(what, "send", &came, UNTRUSTED));
        assert!(proxy.told() > 0, "{what}: was not told");
        proxy.lies(false);
        let paid = home.run(&pay).await.answer().expect("paid");
        assert_eq!(paid["standing"]["state"], "proven", "{paid}");
        let moved = home.run(&["activity"]).await.answer().expect("movements");
        let moved = moved["entries"].as_array().expect("a list");
        let payments = moved.iter().filter(|m| m["kind"] == "sent").count();
        assert_eq!(payments, 1, "{moved:?}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
