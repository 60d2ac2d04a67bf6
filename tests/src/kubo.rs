//! A Kubo daemon of a test's own, on loopback.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

/// Killed when dropped.
pub struct Kubo {
    program: PathBuf,
    folder: TempDir,
    private: bool,
    daemon: Option<Child>,
}

impl Kubo {
    /// `None`, and a line that says so, without `DHC_KUBO`.
    pub fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// In a private network, whose key is in this text.
    pub fn start_private(swarm_key: &str) -> Option<Self> {
        Self::start_with(Some(swarm_key))
    }

    fn start_with(swarm_key: Option<&str>) -> Option<Self> {
        let Some(program) = env::var_os("DHC_KUBO").map(PathBuf::from) else {
            println!("left out: DHC_KUBO names no ipfs program");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let mut kubo = Self {
            program,
            folder,
            private: swarm_key.is_some(),
            daemon: None,
        };
        kubo.run(&["init", "--profile", "test"]);
        kubo.run(&["bootstrap", "rm", "--all"]);
        if let Some(key) = swarm_key {
            fs::write(kubo.folder().join("swarm.key"), key).expect("a key");
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let port = free.expect("a free port").port();
        let swarm = format!("[\"/ip4/127.0.0.1/tcp/{port}\"]");
        // No address book, no announcements, no certificates, no look-ups, no new versions.
        for (key, value) in [
            ("Addresses.Swarm", swarm.as_str()),
            ("Addresses.API", "\"/ip4/127.0.0.1/tcp/0\""),
            ("Addresses.Gateway", "\"/ip4/127.0.0.1/tcp/0\""),
            ("AutoConf.Enabled", "false"),
            ("AutoTLS.Enabled", "false"),
            ("DNS.Resolvers", "{}"),
            ("Discovery.MDNS.Enabled", "false"),
            ("Ipns.DelegatedPublishers", "[]"),
            ("Routing.DelegatedRouters", "[]"),
            ("Routing.Type", "\"none\""),
            ("Version.SwarmCheckEnabled", "false"),
        ] {
            kubo.run(&["config", "--json", key, value]);
        }
        kubo.go_on();
        Some(kubo)
    }

    /// Starts the daemon on what is there.
    pub fn go_on(&mut self) {
        let mut daemon = self.command(&["daemon"]);
        daemon.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().expect("Kubo runs");
        let lines = BufReader::new(daemon.stdout.take().expect("a pipe")).lines();
        let ready = lines
            .map_while(Result::ok)
            .any(|line| line.contains("Daemon is ready"));
        assert!(ready, "Kubo does not start");
        self.daemon = Some(daemon);
    }

    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // Already gone is gone.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env("IPFS_PATH", self.folder.path())
            .env("IPFS_TELEMETRY", "off");
        if self.private {
            // It ends sooner than that it speaks in public.
            command.env("LIBP2P_FORCE_PNET", "1");
        }
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("Kubo runs")
    }

    /// What a command says, which succeeds.
    pub fn run(&self, args: &[&str]) -> Vec<u8> {
        let output = self.output(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ipfs {args:?}: {said}");
        output.stdout
    }

    pub fn text(&self, args: &[&str]) -> String {
        String::from_utf8(self.run(args))
            .expect("text")
            .trim()
            .to_owned()
    }

    /// Its peer id, and where it listens.
    pub fn here(&self) -> (String, Vec<String>) {
        let id: serde_json::Value = serde_json::from_slice(&self.run(&["id"])).expect("JSON");
        let texts = id["Addresses"].as_array().into_iter().flatten();
        let addresses = texts.filter_map(|a| a.as_str().map(str::to_owned));
        (
            id["ID"].as_str().expect("an id").to_owned(),
            addresses.collect(),
        )
    }

    /// Where its RPC listens.
    pub fn rpc(&self) -> String {
        let api = fs::read_to_string(self.folder.path().join("api")).expect("a running daemon");
        let port = api.trim().rsplit('/').next().unwrap_or_default().to_owned();
        format!("http://127.0.0.1:{port}")
    }

    pub fn connect(&self, address: &str, peer: &str) {
        self.run(&["swarm", "connect", &format!("{address}/p2p/{peer}")]);
    }

    /// Begins to pin, and does not wait for it.
    pub fn start_pinning(&self, cid: &str) {
        let mut command = self.command(&["--timeout", "60s", "pin", "add", cid]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("Kubo runs");
        std::thread::spawn(move || child.wait());
    }

    pub fn has_pinned(&self, cid: &str) -> bool {
        self.output(&["pin", "ls", "--type", "recursive", cid])
            .status
            .success()
    }
}

impl Drop for Kubo {
    fn drop(&mut self) {
        self.stop();
    }
}
