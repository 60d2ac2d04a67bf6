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
    /// Virtual environments of Python: the contracts' static check, the second reader of objects.
    Python,
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
            // Debian parts `venv` and its `ensurepip` from Python.
            Self::Python => &["python3-venv"],
        }
    }

    /// Whether what the packages bring is there, from wherever it came.
    fn is_met(self) -> bool {
        let programs = |names: &[&str]| names.iter().all(|name| which(name).is_some());
        let libraries = |names: &[&str]| names.iter().all(|name| has_library(name));
        match self {
            Self::Compile => {
                programs(&["cc", "c++", "make", "cmake", "pkg-config", "git"])
                    && libraries(&["dbus-1"])
            }
            Self::Shell => libraries(&[
                "webkit2gtk-4.1",
                "ayatana-appindicator3-0.1",
                "librsvg-2.0",
                "openssl",
            ]),
            Self::Browser => {
                programs(&["chromium"])
                    && ask(Command::new("fc-list").arg(":lang=zh"))
                        .is_ok_and(|fonts| !fonts.trim().is_empty())
            }
            Self::Display => programs(&[
                "Xvfb",
                "xvfb-run",
                "xauth",
                "WebKitWebDriver",
                "dbus-run-session",
            ]),
            Self::Python => {
                ask(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
            }
        }
    }
}

/// Installs what is missing of `needs`. Errors name the packages that a person must install.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let wanted: Vec<&str> = needs
        .iter()
        .filter(|need| !need.is_met())
        .flat_map(|need| need.packages())
        .copied()
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    install(&wanted)
}

/// Whether the shell can be compiled here.
pub fn has_webkit() -> bool {
    has_library("webkit2gtk-4.1")
}

fn has_library(name: &str) -> bool {
    ask(Command::new("pkg-config").args(["--exists", name])).is_ok()
}

/// Installs packages by their Debian names. On another system, or where it fails, the error says
/// what to install.
pub fn install(packages: &[&str]) -> Result<()> {
    if !has_apt() {
        bail!(
            "this system has no apt; install what Debian calls: {}",
            packages.join(" ")
        );
    }
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !installed(package))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing system packages: {}", missing.join(" "));
    let by_hand = || format!("install by hand: apt-get install {}", missing.join(" "));
    apt(&["update", "-qq"]).with_context(by_hand)?;
    let words = ["install", "-y", "-qq", "--no-install-recommends"];
    apt(&[&words, &missing[..]].concat()).with_context(by_hand)
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
