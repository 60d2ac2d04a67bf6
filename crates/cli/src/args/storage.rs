//! `dhc storage` and `dhc records restore`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum Storage {
    /// Of each object: what is here, where it is pinned, and when others last handed it out.
    Status {
        /// A record's id or an object's CID.
        id: Option<String>,
        /// Ask the pinning services now, and have each hand out random blocks to a stranger.
        #[arg(long)]
        check: bool,
    },
    /// Read every block and compare it with its CID.
    Verify {
        id: Option<String>,
        /// Fetch what is damaged or missing from those who should have it.
        #[arg(long)]
        repair: bool,
    },
    /// The bytes that blocks may take; nothing is removed to make room.
    Quota { bytes: Option<u64> },
    /// Remove an object's blocks from this device.
    Forget {
        id: String,
        /// Although no pinning service has just shown that it keeps it.
        #[arg(long)]
        last_copy: bool,
    },
    /// Services that keep this profile's objects.
    #[command(subcommand)]
    Pin(Pin),
    /// Write an object's blocks into a CAR file, version 1.
    Export {
        id: String,
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in a CAR file's blocks, each checked against its CID.
    Import { file: PathBuf },
}

#[derive(Subcommand)]
pub enum Pin {
    /// Have every record pinned there, now and from now on.
    Add {
        name: String,
        url: String,
        /// A file whose first line is the service's token.
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// By Kubo's RPC instead of the IPFS Pinning Service API.
        #[arg(long)]
        kubo: bool,
    },
    List,
    /// Forget a service.
    Remove {
        name: String,
        /// After asking it to let this profile's objects go.
        #[arg(long)]
        unpin: bool,
    },
    /// Ask again for what a service does not keep yet.
    Sync,
}

/// Find this profile's records again: by its words, the chain, and whoever has the blocks.
#[derive(Args)]
pub struct Restore {
    /// A peer that has the blocks, beside the pinning services.
    #[arg(long, value_name = "MULTIADDR")]
    pub from: Vec<String>,
    /// Fetch every block now.
    #[arg(long)]
    pub whole: bool,
}
