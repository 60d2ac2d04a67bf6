//! `cargo xtask`: what developers and continuous integration run.
//!
//! Every command brings what it lacks, says what it does, and is quick the second time.

mod audit;
mod bench;
mod browser;
mod build;
mod command;
mod conformance;
mod contracts;
mod demo;
mod ethereum;
mod folder;
mod fuzz;
mod native;
mod network;
mod setup;
mod stamp;
mod tally;
mod test;
mod tools;
mod ui;
mod window;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring everything the other commands need
    Setup,
    /// Play the main job once on the embedded network, then open the app on what came of it
    Run {
        /// Begin anew: forget the three profiles and their network
        #[arg(long)]
        fresh: bool,
        /// Serve the app on loopback and print the address, even where there is a display
        #[arg(long)]
        no_open: bool,
    },
    /// Play the main job headless with three homes, and say what each step proved
    Demo {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
        /// A folder or zip of DICOM instead of the bundled study
        #[arg(long)]
        study: Option<PathBuf>,
        /// Keep the homes and the network's data here
        #[arg(long)]
        keep: Option<PathBuf>,
    },
    /// Format, lints, house rules, audits, all tests, the app in real browsers
    Test {
        /// Also the long fuzz and soak runs
        #[arg(long)]
        long: bool,
        /// Only the stages whose name contains this; tests are known once "build" has run
        #[arg(long, value_name = "PART")]
        only: Option<String>,
    },
    /// Measure, and write docs/benchmarks.md
    Bench {
        /// The programs of the development profile, which are already there
        #[arg(long)]
        development: bool,
        /// Only this part, and without writing
        #[arg(long, value_enum)]
        only: Option<bench::Part>,
    },
    /// Build and test the contracts; compare the committed artifacts
    Contracts {
        /// Replace the committed artifacts by what the sources give
        #[arg(long)]
        write: bool,
    },
    /// Decode every test film beside the reference codecs; compare docs/conformance.md
    Conformance {
        /// Write it instead; wants DHC_TEST_DATA
        #[arg(long)]
        write: bool,
    },
    /// Validators of the real engine on this machine: up, down, status
    #[command(subcommand)]
    Network(network::Network),
    /// Write every screen, at both sizes, in every theme and language
    Screenshots,
    /// Build the user interface for the browser and the shell
    Ui,
}

fn main() -> ExitCode {
    let task = Cli::parse().task;
    match Workspace::find().and_then(|workspace| perform(&workspace, task)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(workspace: &Workspace, task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Setup => setup::everything(workspace)?,
        Task::Run { fresh, no_open } => demo::run(workspace, fresh, no_open)?,
        Task::Demo { json, study, keep } => return demo::play(workspace, json, study, keep),
        Task::Test { long, only } => return test::all(workspace, long, only),
        Task::Bench { development, only } => bench::write(workspace, development, only)?,
        Task::Contracts { write } => contracts::build(workspace, write)?,
        Task::Conformance { write } => conformance::compare(workspace, write)?,
        Task::Network(task) => network::perform(workspace, task)?,
        Task::Screenshots => browser::screenshots(workspace)?,
        Task::Ui => {
            println!("{}", ui::build(workspace)?.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
