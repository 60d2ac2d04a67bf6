//! What `cargo xtask bench` measures of objects and of their keys, without a process around each
//! step. Each command prints one JSON document.

mod handshake;
mod seal;

use anyhow::{Context, Result, bail};
use serde_json::Value;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().context("a number");
    let answer: Value = match words.as_slice() {
        ["seal", rounds] => seal::measure(number(rounds)?)?,
        ["handshake", times] => handshake::measure(number(times)?)?,
        _ => bail!("seal ROUNDS | handshake TIMES"),
    };
    println!("{answer}");
    Ok(())
}
