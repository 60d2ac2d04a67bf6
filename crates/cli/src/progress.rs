//! A progress bar on standard error, from the core's events, when it is a terminal.

use std::io::IsTerminal;

use dhc_ipc::{Event, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Draws until the core is gone. Not at all with `--json` or without a terminal.
pub fn draw(mut events: Receiver<Event>, json: bool) {
    if json || !std::io::stderr().is_terminal() {
        return;
    }
    tokio::spawn(async move {
        let bar = ProgressBar::new(0);
        let mut shown = None;
        loop {
            match events.recv().await {
                Ok(Event::Progress {
                    stage, done, total, ..
                }) => {
                    if shown != Some(stage) {
                        bar.set_style(style(stage));
                        bar.set_message(words(stage));
                        shown = Some(stage);
                    }
                    bar.set_length(total);
                    bar.set_position(done);
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return bar.finish_and_clear(),
            }
        }
    });
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Reading => "{spinner} {msg} {bytes}",
        Stage::Sealing | Stage::Fetching => {
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}"
        }
        Stage::Committing | Stage::Proving | Stage::AskingForKey => "{spinner} {msg} {pos}/{len}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "reading",
        Stage::Sealing => "sealing",
        Stage::Committing => "waiting for a block",
        Stage::Proving => "proving",
        Stage::AskingForKey => "asking for the key",
        Stage::Fetching => "fetching",
    }
}
