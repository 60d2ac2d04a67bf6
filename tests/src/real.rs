//! A network of real validators, each of which can be killed and started again. Without the
//! programs that `DHC_BIN` and `DHC_NODE` name there is none.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a condition that must come may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One network at a time: each is four processes.
static TURN: Mutex<()> = Mutex::new(());

pub fn in_turn() -> impl Drop {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program that an environment variable names; `None`, and a line that says so, without it.
pub fn named(variable: &str) -> Option<PathBuf> {
    let program = env::var_os(variable).map(PathBuf::from);
    if program.is_none() {
        println!("left out: {variable} is not set");
    }
    program
}

/// `dhc --json`, with nothing of the caller's own surroundings.
pub fn dhc() -> Command {
    let mut command = Command::new(env::var_os("DHC_BIN").expect("asked for before"));
    command
        .args(["--json", "--yes"])
        .env_remove("DHC_HOME")
        .stdin(Stdio::null());
    command
}

/// Asks until the answer is there.
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    crate::until(what, PATIENCE, ask)
}

pub struct Real {
    folder: TempDir,
    node: PathBuf,
    supervisor: Option<Supervisor>,
    /// Nodes that the test itself has started again.
    revived: Vec<Child>,
}

/// `dhc network start`, ended as a service manager would.
struct Supervisor {
    child: Child,
    ready: Value,
}

impl Real {
    /// `None` where there are no programs to test.
    pub fn start(validators: u8, day_s: u64) -> Option<Self> {
        Self::funding(validators, day_s, &[])
    }

    /// With coins for these accounts from the beginning: `ADDRESS=DHL`.
    pub fn funding(validators: u8, day_s: u64, fund: &[String]) -> Option<Self> {
        named("DHC_BIN")?;
        let mut real = Self {
            folder: tempfile::tempdir().unwrap(),
            node: named("DHC_NODE")?,
            supervisor: None,
            revived: Vec::new(),
        };
        let mut words = vec![
            format!("--validators={validators}"),
            format!("--day-s={day_s}"),
        ];
        words.extend(fund.iter().map(|funded| format!("--fund={funded}")));
        real.supervise(&words);
        Some(real)
    }

    /// Ends all of it, and goes on with what it left on disk.
    pub fn restart(&mut self) {
        self.supervisor = None;
        self.supervise(&[]);
    }

    fn supervise(&mut self, words: &[String]) {
        let log = std::fs::File::create(self.folder.path().join("supervisor.log")).unwrap();
        let mut child = dhc()
            .args(["network", "start", "--data"])
            .arg(self.folder.path())
            .arg("--node")
            .arg(&self.node)
            .args(words)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("dhc runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let said = std::fs::read_to_string(self.folder.path().join("supervisor.log"));
            panic!("the network did not start: {said:?}")
        });
        self.supervisor = Some(Supervisor { child, ready });
    }

    fn ready(&self) -> &Value {
        &self.supervisor.as_ref().expect("it runs").ready
    }

    pub fn network_file(&self) -> PathBuf {
        self.folder.path().join("network.json")
    }

    /// What the supervisor says of a node.
    pub fn node(&self, index: usize) -> &Value {
        &self.ready()["nodes"][index]
    }

    /// Kills a node without a warning.
    pub fn kill(&self, index: usize) {
        signal("KILL", self.node(index)["pid"].as_u64().expect("a process"));
        let rpc = self.node(index)["rpc"].as_str().unwrap();
        until("the node's end", || {
            get(rpc, "/status").is_none().then_some(())
        });
    }

    /// Makes a node that does not run keep no state but the newest.
    pub fn prunes_everything(&self, index: usize) {
        let home = PathBuf::from(self.node(index)["home"].as_str().expect("a home"));
        let file = home.join("config/app.toml");
        let text = std::fs::read_to_string(&file).expect("its settings");
        assert!(text.contains("\npruning = \"default\"\n"), "{text}");
        let text = text.replace("\npruning = \"default\"\n", "\npruning = \"everything\"\n");
        std::fs::write(&file, text).expect("written");
    }

    /// Starts a killed node as it was started before.
    pub fn revive(&mut self, index: usize) {
        let words: Vec<String> =
            serde_json::from_value(self.node(index)["command"].clone()).expect("words");
        let child = Command::new(&words[0])
            .args(&words[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the node runs");
        self.revived.push(child);
    }

    /// Asks a node's CometBFT RPC; `None` when it does not answer.
    pub fn ask(&self, index: usize, path: &str) -> Option<Value> {
        get(self.node(index)["rpc"].as_str()?, path).map(|answer| answer["result"].clone())
    }

    /// As [`Self::ask`], by a posted request; answers with the whole response.
    pub fn post(&self, index: usize, method: &str, params: &Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        http(
            self.node(index)["rpc"].as_str().expect("an address"),
            &format!(
                "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}",
                request.to_string().len()
            ),
            &request.to_string(),
        )
        .expect("an answer")
    }

    /// The height of a node's last block.
    pub fn height(&self, index: usize) -> Option<u64> {
        let status = self.ask(index, "/status")?;
        status["sync_info"]["latest_block_height"]
            .as_str()?
            .parse()
            .ok()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        signal("TERM", self.child.id().into());
        // Already gone is gone.
        let _ = self.child.wait();
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.supervisor = None;
        for child in &mut self.revived {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(name: &str, process: u64) {
    let sent = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

fn get(url: &str, path: &str) -> Option<Value> {
    http(url, &format!("GET {path} HTTP/1.0"), "")
}

fn http(url: &str, head: &str, body: &str) -> Option<Value> {
    let host = url.strip_prefix("http://")?;
    let mut stream = TcpStream::connect(host).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    write!(stream, "{head}\r\nHost: {host}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}
