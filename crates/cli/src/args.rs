//! The command line, as its contract has it.

mod consent;
mod film;
mod people;
mod storage;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
pub use consent::{Action, Consent, Mode};
pub use film::{Film, Render};
pub use people::{Answer, Proxy, Request};
pub use storage::{Pin, Restore, Storage};

use crate::{app::AppArgs, sponsor::Sponsor};

/// A wallet and patient records on the Deep Health Chain.
#[derive(Parser)]
#[command(name = "dhc", version, max_term_width = 100)]
pub struct Cli {
    /// One person's profile: vault, database, block store, trusted headers.
    #[arg(long, env = "DHC_HOME", global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// `devnet`, `dhc`, `ethereum`, or a network file.
    #[arg(
        long,
        global = true,
        default_value = "devnet",
        value_name = "NAME|FILE"
    )]
    pub network: String,
    /// One JSON document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// A file whose first line is the vault's password.
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Ask nothing.
    #[arg(long, global = true)]
    pub yes: bool,
    /// Say more on standard error.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// The embedded network.
    #[command(subcommand)]
    Devnet(Devnet),
    /// A network of real nodes on this machine.
    #[command(subcommand)]
    Network(Network),
    /// The key vault.
    #[command(subcommand)]
    Vault(Vault),
    /// What is known of the network.
    #[command(subcommand)]
    Node(Node),
    /// The record identity's public keys.
    #[command(subcommand)]
    Identity(Identity),
    /// A proven balance.
    Balance { address: Option<String> },
    /// Send DHL.
    Send {
        #[arg(long)]
        to: String,
        /// In DHL.
        #[arg(long)]
        amount: String,
    },
    /// The account's proven movements.
    Activity,
    /// The address book.
    #[command(subcommand)]
    Contact(Contact),
    /// Import DICOM files, folders, zip archives.
    Import {
        #[arg(required = true)]
        paths: Vec<String>,
        /// A seal file, as `dhc issue` writes it.
        #[arg(long, value_name = "FILE")]
        issuer_seal: Option<String>,
        /// An institution's signing key, 32 bytes in hex: seals on the spot.
        #[arg(long, value_name = "FILE", conflicts_with = "issuer_seal")]
        issuer_key: Option<String>,
    },
    /// Seal studies for their patient, as an institution.
    Issue(Issue),
    /// The records of this profile.
    Records {
        #[command(subcommand)]
        command: Option<Records>,
    },
    /// Ciphertext: what is here, what others keep, the way out and in.
    #[command(subcommand)]
    Storage(Storage),
    /// Decode and render films.
    #[command(subcommand)]
    Film(Film),
    /// Access to records: given, received, approved, ended, looked up.
    #[command(subcommand)]
    Consent(Consent),
    /// Open a grant to me and write its original files.
    Fetch {
        grant: String,
        /// Which of the grant's studies, where it is for several.
        #[arg(long, value_name = "ID")]
        study: Option<String>,
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Contribute a record.
    Contribute {
        id: String,
        #[arg(long, default_value = "research-contribution")]
        template: String,
    },
    /// How those who hold DHL decide on templates.
    #[command(subcommand)]
    Governance(Governance),
    /// Rewards by day.
    Earnings {
        #[command(subcommand)]
        command: Option<Earnings>,
    },
    /// The app in a browser, on loopback.
    Serve(Serve),
    /// Answer requests of other people's apps until interrupted.
    App(AppArgs),
    /// Who carries in and pays for what this account cannot pay for.
    #[command(subcommand)]
    Sponsor(Sponsor),
    /// Play the whole main job with three homes in separate processes.
    Demo(Demo),
}

#[derive(Subcommand)]
pub enum Governance {
    /// Lock DHL for votes, one vote a base unit.
    Lock {
        /// In DHL.
        #[arg(long)]
        amount: String,
    },
    /// Take locked DHL back.
    Unlock {
        /// In DHL.
        #[arg(long)]
        amount: String,
    },
    /// Propose to add a template, or to retire one.
    Propose {
        /// JSON: name, purposes, max_window_s, …
        #[arg(long, value_name = "FILE", required_unless_present = "retire")]
        add_template: Option<PathBuf>,
        #[arg(long, value_name = "NAME", conflicts_with = "add_template")]
        retire: Option<String>,
        /// Why, for everybody to read.
        #[arg(long, default_value = "")]
        because: String,
    },
    /// Every proposal, with what it would do and its votes.
    List,
    /// Vote with what was locked at the proposal's snapshot.
    Vote {
        proposal: String,
        #[arg(long, value_parser = ["for", "against", "abstain"])]
        support: String,
    },
    /// Put what was accepted into the timelock.
    Queue { proposal: String },
    /// Have done what was decided, when its time has come.
    Execute { proposal: String },
}

#[derive(Subcommand)]
pub enum Devnet {
    /// Run the embedded network until interrupted.
    Start(DevnetStart),
    /// Get DHL from the faucet.
    Fund { address: String, dhl: String },
    /// Certify an institution, as the network's governance.
    Certify {
        address: String,
        #[arg(long, default_value = "top_tertiary")]
        grade: String,
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
pub enum Network {
    /// Run validators and their founders' desk until interrupted.
    Start(NetworkStart),
}

#[derive(Args, Clone)]
pub struct NetworkStart {
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The node's program, `dhc-node`.
    #[arg(long, value_name = "FILE")]
    pub node: PathBuf,
    /// How many validate; only for a network that begins.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub validators: u8,
    /// Length of a settlement day, seconds; only for a network that begins.
    #[arg(long, default_value_t = 86_400)]
    pub day_s: u64,
    /// Coins from the beginning.
    #[arg(long, value_name = "ADDR=DHL")]
    pub fund: Vec<String>,
}

#[derive(Args, Clone)]
pub struct DevnetStart {
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, default_value_t = 1000)]
    pub block_ms: u64,
    #[arg(long, default_value_t = 0)]
    pub rpc_port: u16,
    #[arg(long, default_value_t = 0)]
    pub evm_port: u16,
    /// `ADDRESS=DHL`, given by the faucet at the start.
    #[arg(long, value_name = "ADDR=DHL")]
    pub fund: Vec<String>,
    /// Length of a settlement day, seconds; part of the genesis.
    #[arg(long, default_value_t = 86_400)]
    pub day_s: u64,
}

#[derive(Subcommand)]
pub enum Vault {
    Create {
        #[arg(long, default_value_t = 12, value_parser = words)]
        words: u8,
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// What the profile is called in the app.
        #[arg(long)]
        name: Option<String>,
        /// Answer the words: write them down, they are shown once.
        #[arg(long)]
        show_words: bool,
    },
    Restore {
        #[arg(long, value_name = "FILE")]
        words_file: PathBuf,
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    Accounts,
    Verify,
}

fn words(text: &str) -> Result<u8, String> {
    match text {
        "12" => Ok(12),
        "24" => Ok(24),
        _ => Err("12 or 24".into()),
    }
}

#[derive(Subcommand)]
pub enum Node {
    Status,
    /// Go on after nodes contradicted each other: you have looked at the evidence and chosen whom
    /// to ask.
    Resume,
    /// Ask every endpoint where it stands.
    Check,
    /// Show a recent header as the nodes have it, to compare with what the operators publish.
    Checkpoint,
    /// Begin anew at a header that you have compared, after more than a trusting period offline.
    Trust {
        #[arg(long)]
        height: u64,
        /// The header's hash, hex.
        #[arg(long)]
        hash: String,
    },
}

#[derive(Subcommand)]
pub enum Identity {
    Publish,
    Show { address: Option<String> },
}

#[derive(Subcommand)]
pub enum Contact {
    List,
    /// Save or rename; an empty name removes.
    Save {
        address: String,
        name: String,
        #[arg(long, default_value = "")]
        organisation: String,
    },
}

#[derive(Args)]
pub struct Issue {
    #[arg(required = true)]
    pub paths: Vec<String>,
    /// The patient's account.
    #[arg(long)]
    pub to: String,
    /// `secondary`, `tertiary`, `top_tertiary`.
    #[arg(long, default_value = "secondary")]
    pub grade: String,
    /// `common`, `difficult`, `rare`, `infectious`.
    #[arg(long, default_value = "common")]
    pub disease: String,
    /// The seal file to write.
    #[arg(long, value_name = "FILE")]
    pub out: String,
}

#[derive(Subcommand)]
pub enum Records {
    Show {
        id: String,
    },
    /// Find them again by words, chain and whoever has the blocks.
    Restore(Restore),
}

#[derive(Subcommand)]
pub enum Earnings {
    Claim,
}

#[derive(Args)]
pub struct Serve {
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Serve every home in this folder, with a profile switcher.
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
    /// Serve what `dhc demo --keep DIR` left, with its network.
    #[arg(long, value_name = "DIR", conflicts_with = "profiles")]
    pub demo: Option<PathBuf>,
    /// The built user interface.
    #[arg(long, value_name = "DIR", env = "DHC_UI_DIR")]
    pub ui: Option<PathBuf>,
}

#[derive(Args)]
pub struct Demo {
    /// A folder or archive of DICOM instead of the bundled study.
    #[arg(long, value_name = "PATH")]
    pub study: Option<PathBuf>,
    /// Keep the homes and the network here.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

impl DevnetStart {
    /// As the app starts the network: any ports, a block a second.
    pub fn quiet() -> Self {
        Self {
            data: None,
            block_ms: 1000,
            rpc_port: 0,
            evm_port: 0,
            fund: Vec::new(),
            day_s: 86_400,
        }
    }
}

impl Command {
    /// Whether it runs until it is interrupted, and says first that it is ready.
    pub fn goes_on(&self) -> bool {
        matches!(
            self,
            Self::Devnet(Devnet::Start(_)) | Self::Network(_) | Self::Serve(_) | Self::App(_)
        )
    }
}
