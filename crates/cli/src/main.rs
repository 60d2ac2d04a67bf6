//! `dhc`: the core at the command line, behind a loopback server, and in the demo.

mod app;
mod args;
mod composition;
mod consent;
mod demo;
mod devnet;
mod film;
mod governance;
mod network;
mod output;
mod people;
mod progress;
mod run;
mod secrets;
mod serve;
mod sponsor;
mod storage;

use std::process::ExitCode;

use clap::Parser;
use dhc_ipc::{Code, Failure};

use crate::{args::Cli, output::Output};

/// The exit code of misuse; every other failure is 1.
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) if e.use_stderr() => {
            let json = std::env::args().any(|a| a == "--json");
            return refuse(&Output { json }, &Failure::new(Code::Misuse, usage(&e)));
        }
        Err(e) => {
            print!("{e}");
            return ExitCode::SUCCESS;
        }
    };
    log_to_stderr(cli.verbose);
    let output = Output { json: cli.json };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => return refuse(&output, &Failure::new(Code::Internal, e.to_string())),
    };
    let result = runtime.block_on(async {
        // What goes on until it is interrupted ends by itself, cleanly.
        if cli.command.goes_on() {
            return run::run(cli, &output).await;
        }
        tokio::select! {
            result = run::run(cli, &output) => result,
            () = interrupted() => Err(Failure::new(Code::Cancelled, "interrupted")),
        }
    });
    // Blocking work that was cut off must not hold the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => refuse(&output, &e),
    }
}

/// Clap's message without its colours and hints about `--help`.
fn usage(e: &clap::Error) -> String {
    e.to_string()
        .trim_start_matches("error: ")
        .trim()
        .to_owned()
}

fn refuse(output: &Output, failure: &Failure) -> ExitCode {
    output.failure(failure);
    ExitCode::from(if failure.code == Code::Misuse {
        MISUSE
    } else {
        1
    })
}

fn log_to_stderr(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = match verbose {
        0 => "error",
        1 => "warn",
        2 => "info,dhc_chain=debug,dhc_app=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("DHC_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// Ctrl-C or SIGTERM.
pub async fn interrupted() {
    let ctrl_c = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = ctrl_c => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    let _ = ctrl_c.await;
}
