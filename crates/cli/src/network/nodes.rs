use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use dhc_ipc::Failure;
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

use super::{
    Home, failed,
    ports::{NodePorts, Ports},
};

/// A node that was told to end writes its state and closes its databases.
const STOP: Duration = Duration::from_secs(20);

/// The nodes' processes. Each ends for itself: a network goes on without one of its validators.
pub struct Running {
    nodes: Vec<Node>,
    stop: watch::Sender<bool>,
}

struct Node {
    pid: Option<u32>,
    command: Vec<String>,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts every node; its output goes to `logs/nodeN.log`.
    pub fn start(
        program: &Path,
        data: &Path,
        homes: &[Home],
        ports: &Ports,
    ) -> Result<Self, Failure> {
        let logs = data.join("logs");
        std::fs::create_dir_all(&logs).map_err(|e| failed("the logs", e))?;
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for index in 0..homes.len() {
            let command = command(program, homes, ports, index);
            let child = spawn(&command, logs.join(format!("node{index}.log")))
                .map_err(|e| failed("the node's program", e))?;
            nodes.push(Node {
                pid: child.id(),
                command,
                task: tokio::spawn(mind(index, child, stopped.clone())),
            });
        }
        Ok(Self { nodes, stop })
    }

    /// What a caller needs to stop and start one node: its process, and the words that started it.
    pub fn describe(&self, homes: &[Home], ports: &Ports) -> Vec<Value> {
        self.nodes
            .iter()
            .zip(homes)
            .zip(&ports.nodes)
            .map(|((node, home), ports)| {
                json!({
                    "pid": node.pid,
                    "home": home.home,
                    "validator": home.validator,
                    "rpc": format!("http://127.0.0.1:{}", ports.rpc),
                    "evm": format!("http://127.0.0.1:{}", ports.evm),
                    "command": node.command,
                })
            })
            .collect()
    }

    /// Ends all nodes, cleanly where they let it.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for node in self.nodes {
            if let Err(error) = node.task.await {
                tracing::error!(%error, "a node could not be waited for");
            }
        }
    }
}

fn command(program: &Path, homes: &[Home], ports: &Ports, index: usize) -> Vec<String> {
    let NodePorts { p2p, rpc, evm, ws } = ports.nodes[index];
    let peers: Vec<String> = homes
        .iter()
        .zip(&ports.nodes)
        .enumerate()
        .filter(|(other, _)| *other != index)
        .map(|(_, (home, ports))| format!("{}@127.0.0.1:{}", home.id, ports.p2p))
        .collect();
    [
        program.to_string_lossy().into_owned(),
        "start".to_owned(),
        format!("--home={}", homes[index].home.display()),
        format!("--p2p.laddr=tcp://127.0.0.1:{p2p}"),
        format!("--p2p.persistent_peers={}", peers.join(",")),
        format!("--rpc.laddr=tcp://127.0.0.1:{rpc}"),
        format!("--json-rpc.address=127.0.0.1:{evm}"),
        format!("--json-rpc.ws-address=127.0.0.1:{ws}"),
        "--log_no_color".to_owned(),
    ]
    .to_vec()
}

fn spawn(command: &[String], log: PathBuf) -> std::io::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // An interrupt from the terminal is for the supervisor, which passes it on.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Waits for a node's end, or brings it about.
async fn mind(index: usize, mut child: Child, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        ended = child.wait() => {
            match ended {
                Ok(status) => tracing::warn!(index, %status, "a node ended"),
                Err(error) => tracing::error!(index, %error, "a node could not be waited for"),
            }
            return;
        }
        // An error means that the supervisor is gone, which is a stop as well.
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok())
        && let Some(pid) = rustix::process::Pid::from_raw(pid)
        && let Err(error) = rustix::process::kill_process(pid, rustix::process::Signal::TERM)
    {
        tracing::warn!(index, %error, "a node could not be told to end");
    }
    if tokio::time::timeout(STOP, child.wait()).await.is_err()
        && let Err(error) = child.kill().await
    {
        tracing::error!(index, %error, "a node does not end");
    }
}
