//! Packages of the system: by apt on Debian and Ubuntu, named precisely elsewhere.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{ask, run};

/// What a group of packages is for. Order is that of installing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A C and C++ compiler, cmake: the JPEG, SQLite and TLS libraries that Rust crates build.
    Compile,
    /// The desktop shell: WebKitGTK and its companions.
    Shell,
    /// A browser without a window, with Chinese fonts.
    Browser,
    /// A display without a screen, and WebDriver for WebKitGTK.
    Display,
}

impl Need {
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Compile => &[
                "build-essential",
                "cmake",
                "pkg-config",
                "git",
                "libdbus-1-dev",
            ],
            Self::Shell => &[
                "libwebkit2gtk-4.1-dev",
                "libayatana-appindicator3-dev",
                "librsvg2-dev",
                "libssl-dev",
            ],
            Self::Browser => &["chromium", "fonts-noto-cjk"],
            Self::Display => &["xvfb", "xauth", "webkit2gtk-driver", "dbus-x11"],
        }
    }
}

/// Installs what is missing of `needs`. Errors name the packages that a person must install.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let wanted: Vec<&str> = needs
        .iter()
        .flat_map(|need| need.packages())
        .copied()
        .collect();
    if !has_apt() {
        let missing: Vec<&str> = needs
            .iter()
            .filter(|need| !stands_without_apt(**need))
            .flat_map(|need| need.packages())
            .copied()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "this system has no apt; install what Debian calls: {}",
            missing.join(" ")
        );
    }
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing system packages: {}", missing.join(" "));
    let by_hand = || format!("install by hand: apt-get install {}", missing.join(" "));
    apt(&["update", "-qq"]).with_context(by_hand)?;
    apt(&[
        &["install", "-y", "-qq", "--no-install-recommends"],
        &missing[..],
    ]
    .concat())
    .with_context(by_hand)
}

/// Whether the shell can be compiled here.
pub fn has_webkit() -> bool {
    ask(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])).is_ok()
}

/// Installs these packages whatever stands; for the few that one step alone wants.
pub fn install(packages: &[&str]) -> Result<()> {
    if !has_apt() {
        bail!(
            "this system has no apt; install what Debian calls: {}",
            packages.join(" ")
        );
    }
    apt(&["update", "-qq"])?;
    apt(&[
        &["install", "-y", "-qq", "--no-install-recommends"],
        packages,
    ]
    .concat())
}

/// The folders of `PATH` in which `program` can be executed, first one.
pub fn which(program: &str) -> Option<std::path::PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Debian and its descendants; others may have an `apt` of another kind.
fn has_apt() -> bool {
    which("apt-get").is_some()
        && which("dpkg-query").is_some()
        && fs::read_to_string("/etc/os-release").is_ok_and(|text| {
            text.lines().any(|line| {
                line.starts_with("ID") && (line.contains("debian") || line.contains("ubuntu"))
            })
        })
}

fn installed(package: &str) -> bool {
    ask(Command::new("dpkg-query").args(["-W", "-f=${Status}", package]))
        .is_ok_and(|status| status.ends_with(" installed"))
}

fn stands_without_apt(need: Need) -> bool {
    match need {
        Need::Compile => ["cc", "c++", "cmake", "pkg-config", "git"]
            .iter()
            .all(|program| which(program).is_some()),
        Need::Shell => has_webkit(),
        Need::Browser => which("chromium").is_some(),
        Need::Display => ["Xvfb", "xvfb-run", "WebKitWebDriver"]
            .iter()
            .all(|program| which(program).is_some()),
    }
}

/// As root directly; else by `sudo`, which may ask for a password when there is a terminal.
fn apt(arguments: &[&str]) -> Result<()> {
    let is_root = ask(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        if env::var_os("CI").is_some() {
            sudo.arg("-n");
        }
        sudo.arg("apt-get");
        sudo
    };
    if is_root || env::var_os("CI").is_some() {
        command.stdin(Stdio::null());
    }
    run(command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(arguments))
}
