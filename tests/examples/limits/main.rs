//! What `cargo xtask bench` measures by the crates themselves, because a process for each step
//! would hide it. Each command prints one JSON document; networks are named by their files.

mod accounts;
mod finality;
mod histories;
mod load;
mod network;
mod slots;
mod spread;

use std::path::Path;

use anyhow::{Context, Result, bail};
use dhc_domain::NetworkFile;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    println!("{}", measure(&words).await?);
    Ok(())
}

async fn measure(words: &[&str]) -> Result<Value> {
    let number = |text: &str| text.parse::<u64>().context("a number");
    Ok(match words {
        ["accounts", count] => {
            let all = (0..number(count)?).map(|i| accounts::Account::number(i).address());
            json!({ "accounts": all.collect::<Vec<_>>() })
        }
        ["slots", network] => slots::measure(&read(network)?).await?,
        ["finality", network, times] => {
            finality::measure(&read(network)?, number(times)? as usize).await?
        }
        ["load", network, senders, each] => {
            load::burst(&read(network)?, number(senders)?, number(each)?).await?
        }
        ["pace", network, each, seconds] => {
            load::pace(&read(network)?, number(each)?, number(seconds)?).await?
        }
        ["histories", network, grants, openings] => {
            histories::measure(&read(network)?, number(grants)?, number(openings)?).await?
        }
        _ => bail!(
            "accounts N | slots FILE | finality FILE TIMES | load FILE SENDERS EACH | pace FILE EACH SECONDS | histories FILE GRANTS OPENINGS"
        ),
    })
}

fn read(path: &str) -> Result<NetworkFile> {
    let text = std::fs::read_to_string(Path::new(path)).with_context(|| path.to_owned())?;
    Ok(NetworkFile::parse(&text)?)
}
