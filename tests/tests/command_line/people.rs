//! A network for all tests, and people on it.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::SystemTime,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Refusal, Service, answer, dhc, program, refusal};

pub const PASSWORD: &str = "a quiet afternoon";
const BLOCK_MS: &str = "500";

/// A network of its own; gone when the last test lets go of it.
pub struct Network {
    folder: TempDir,
    service: Mutex<Option<Service>>,
}

static SHARED: Mutex<Weak<Network>> = Mutex::new(Weak::new());

/// The tests' network; `None` where there is no program to test.
pub fn network() -> Option<Arc<Network>> {
    program()?;
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let started = Arc::new(Network::start());
    *shared = Arc::downgrade(&started);
    Some(started)
}

impl Network {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One whose days are this long, in seconds.
    pub fn with_days_of(seconds: u64) -> Self {
        Self::start_with(&["--day-s", &seconds.to_string()])
    }

    fn start_with(more: &[&str]) -> Self {
        let network = Self {
            folder: tempfile::tempdir().unwrap(),
            service: Mutex::new(None),
        };
        network.launch(more);
        network
    }

    /// Starts it again on what it left.
    pub fn go_on(&self) {
        self.launch(&[]);
    }

    fn launch(&self, more: &[&str]) {
        let mut command = dhc(["devnet", "start", "--block-ms", BLOCK_MS, "--data"]);
        command.arg(self.data()).args(more);
        *self.service.lock().unwrap() = Some(Service::start(command));
    }

    pub fn kill(&self) {
        self.service.lock().unwrap().take();
    }

    fn ready(&self, name: &str) -> String {
        let service = self.service.lock().unwrap();
        let ready = &service.as_ref().expect("a running network").ready;
        ready[name].as_str().expect("a field").to_owned()
    }

    /// Where it keeps its chain.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("devnet")
    }

    pub fn file(&self) -> PathBuf {
        self.ready("network_file").into()
    }

    /// How many transactions of an account stand in blocks, as the node says.
    pub fn nonce(&self, address: &str) -> u64 {
        self.count(address, "latest")
    }

    /// As [`nonce`](Self::nonce), with those that wait for a block.
    pub fn sent(&self, address: &str) -> u64 {
        self.count(address, "pending")
    }

    fn count(&self, address: &str, block: &str) -> u64 {
        let url = self.ready("evm");
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionCount",
            "params": [address, block]})
        .to_string();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{call}",
            call.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (_, body) = response.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("a JSON-RPC answer");
        let count = body["result"].as_str().expect("a count");
        u64::from_str_radix(count.trim_start_matches("0x"), 16).unwrap()
    }
}

/// Somebody with a home and a password.
pub struct Person {
    folder: TempDir,
    network: PathBuf,
    pub address: String,
}

impl Person {
    /// A home without a vault.
    pub fn without_vault(network: &Network) -> Self {
        Self::living_in(tempfile::tempdir().unwrap(), network)
    }

    /// A home without a vault, in a folder of the caller's.
    pub fn living_in(folder: TempDir, network: &Network) -> Self {
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        Self {
            folder,
            network: network.file(),
            address: String::new(),
        }
    }

    /// With a vault, but nothing on the chain.
    pub fn new(network: &Network) -> Self {
        Self::without_vault(network).with_vault()
    }

    /// Now with a vault.
    pub fn with_vault(mut self) -> Self {
        let made = self.run(["vault", "create"]);
        self.address = text(&made["accounts"][0], "address");
        self
    }

    /// With 10 DHL and published keys.
    pub fn settled(network: &Network) -> Self {
        Self::new(network).settles()
    }

    /// Now with 10 DHL and published keys.
    pub fn settles(self) -> Self {
        self.run(["devnet", "fund", &self.address, "10"]);
        self.run(["identity", "publish"]);
        self
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// The database's files as they stand: when they changed, and how long they are.
    pub fn written(&self) -> Vec<Option<(SystemTime, u64)>> {
        ["database.sqlite", "database.sqlite-wal"]
            .map(|name| {
                let file = fs::metadata(self.home().join(name)).ok()?;
                Some((file.modified().ok()?, file.len()))
            })
            .to_vec()
    }

    /// A path of this person's outside of their home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn on(mut self, network: &Path) -> Self {
        self.network = network.to_owned();
        self
    }

    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut all: Vec<OsString> = vec!["--home".into(), self.home().into()];
        all.extend(["--network".into(), self.network.clone().into()]);
        all.extend(["--password-file".into(), self.password_file().into()]);
        all.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        dhc(all)
    }

    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Value {
        answer(self.command(args))
    }

    pub fn refused<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Refusal {
        refusal(self.command(args))
    }

    /// The code that a command is refused with.
    pub fn code<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        self.refused(args).code
    }

    /// This person's app, answering others while it lives.
    pub fn app(&self) -> Service {
        Service::start(self.command(["app"]))
    }

    /// What the account holds, proven, in base units.
    pub fn balance(&self) -> u128 {
        let balance = self.run(["balance"]);
        assert_eq!(balance["standing"]["state"], "proven", "{balance}");
        assert_eq!(balance["denom"], "adhl");
        text(&balance, "amount").parse().unwrap()
    }

    pub fn import(&self, path: &Path) -> Value {
        self.run([OsStr::new("import"), path.as_os_str()])
    }

    /// The id of the one study at `path`.
    pub fn import_one(&self, path: &Path) -> String {
        let imported = self.import(path);
        let studies = imported["studies"].as_array().expect("studies");
        assert_eq!(studies.len(), 1, "{imported}");
        text(&studies[0], "id")
    }

    /// Gives access; answers the grant's id.
    pub fn grant(&self, study: &str, to: &Person, more: &[&str]) -> String {
        let given = self.run(grant(study, to, more));
        assert_eq!(given["standing"]["state"], "proven", "{given}");
        text(&given, "grant")
    }

    /// The state in which a grant is, as this person sees it.
    pub fn state(&self, grant: &str) -> String {
        let list = self.run(["consent", "list"]);
        let grants = list["grants"].as_array().expect("grants");
        let found = grants.iter().find(|g| g["grant"] == grant);
        text(found.unwrap_or_else(|| panic!("{list}")), "state")
    }

    /// The entries of this person's access log, which is complete.
    pub fn openings(&self, more: &[&str]) -> Vec<Value> {
        let audit = self.run(["consent", "audit"].iter().chain(more));
        assert_eq!(audit["complete"], true, "{audit}");
        audit["entries"].as_array().expect("entries").clone()
    }
}

/// `consent grant`, for treatment unless `more` says otherwise.
pub fn grant<'a>(study: &'a str, to: &'a Person, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["consent", "grant", "--study", study, "--to", &to.address];
    if !more.contains(&"--purpose") {
        args.extend(["--purpose", "TREAT"]);
    }
    if !more.contains(&"--until") {
        args.extend(["--until", "7d"]);
    }
    args.extend(more);
    args
}

pub fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
        .to_owned()
}
