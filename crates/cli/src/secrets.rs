//! Passwords and words: from files, or from the terminal without echo.

use std::{io::IsTerminal, path::Path};

use dhc_ipc::{Code, Failure};
use zeroize::Zeroizing;

use crate::args::Cli;

/// The first line of a file.
pub fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = whole(path)?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

pub fn whole(path: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|e| Failure::new(Code::FileUnreadable, format!("{}: {e}", path.display())))
}

/// The vault's password, asked for twice where it is new.
pub fn password(cli: &Cli, new: bool) -> Result<Zeroizing<String>, Failure> {
    if let Some(path) = &cli.password_file {
        return first_line(path);
    }
    if cli.yes || !std::io::stdin().is_terminal() {
        return Err(Failure::new(Code::Misuse, "a password is needed").hint("--password-file FILE"));
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))
    };
    let password = ask("Password: ")?;
    if new && *password != *ask("Again: ")? {
        return Err(Failure::new(Code::Misuse, "the two passwords differ"));
    }
    Ok(password)
}
