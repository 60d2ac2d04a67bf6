//! The program under test: commands that end, services that say when they are ready.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a condition that must come may take, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// `None`, and a line that says so, without `DHC_BIN`.
pub fn program() -> Option<PathBuf> {
    let program = env::var_os("DHC_BIN").map(PathBuf::from);
    if program.is_none() {
        println!("left out: DHC_BIN is not set");
    }
    program
}

/// `dhc --json ARGS`, with nothing of the caller's own surroundings.
pub fn dhc<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program().expect("asked for before"));
    command
        .args(["--json", "--yes"])
        .args(args)
        .env_remove("DHC_HOME")
        .stdin(Stdio::null());
    command
}

/// A failure as scripts see it.
#[derive(Debug)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub hint: String,
}

/// The command's one JSON document.
pub fn answer(mut command: Command) -> Value {
    let ended = command.output().expect("dhc runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {said}");
    serde_json::from_slice(&ended.stdout).expect("one JSON document on standard output")
}

/// The command's failure, which says nothing on standard output and its code in the last line of
/// standard error, and exits with 2 for misuse and 1 for everything else.
pub fn refusal(mut command: Command) -> Refusal {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("dhc runs");
    let said = String::from_utf8_lossy(&stderr);
    assert!(!status.success(), "{command:?} was not refused");
    assert!(stdout.is_empty(), "{command:?} answers and fails");
    let last = said.lines().last().unwrap_or_default();
    let failure: Value = serde_json::from_str(last)
        .unwrap_or_else(|_| panic!("{command:?}: the last line is no failure: {said}"));
    let field = |name: &str| failure[name].as_str().unwrap_or_default().to_owned();
    let (code, message, hint) = (field("code"), field("message"), field("hint"));
    let exit = if code == "misuse" { 2 } else { 1 };
    assert_eq!(status.code(), Some(exit), "{command:?}: {said}");
    assert!(!message.is_empty(), "{command:?}: {said}");
    Refusal {
        code,
        message,
        hint,
    }
}

/// A process that goes on after its first line; killed when dropped.
pub struct Service {
    child: Child,
    pub ready: Value,
}

impl Service {
    pub fn start(command: Command) -> Self {
        Self::start_logging(command, Stdio::null())
    }

    /// As [`start`](Self::start), with what it says on standard error going there.
    pub fn start_logging(mut command: Command, log: Stdio) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("dhc runs");
        let stdout = child.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a first line");
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{command:?} ended before it was ready"));
        assert_eq!(ready["ready"], true);
        Self { child, ready }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a command (SIGKILL) as soon as `seen` holds.
pub fn kill_when(mut command: Command, mut seen: impl FnMut() -> bool) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dhc runs");
    while !seen() {
        let ended = child.try_wait().expect("a child");
        assert!(ended.is_none(), "{command:?} ended before it was killed");
        // Leaves the processor to it.
        thread::park_timeout(Duration::from_millis(3));
    }
    child.kill().expect("a child");
    let ended = child.wait_with_output().expect("a child");
    assert_eq!(ended.status.code(), None, "{command:?} ended by itself");
    assert!(ended.stdout.is_empty(), "{command:?} was already done");
}

/// Asks until the answer is there.
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    dhc_tests::until(what, PATIENCE, ask)
}
