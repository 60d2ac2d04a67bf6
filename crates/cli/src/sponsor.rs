//! `dhc sponsor`: who carries in and pays for what this account cannot pay for.

use clap::{Subcommand, ValueEnum};
use dhc_ipc::{self as ipc, Failure};
use serde_json::Value;

use crate::composition::One;

#[derive(Subcommand)]
pub enum Sponsor {
    /// By where its app listens, as `dhc app` prints it.
    Add {
        #[arg(value_name = "MULTIADDR")]
        address: String,
    },
    List,
    /// By its peer id or address.
    Remove {
        #[arg(value_name = "PEER|MULTIADDR")]
        sponsor: String,
    },
    /// For everything, or only for what this account cannot pay for.
    Use {
        when: When,
        /// How long a sponsor has for an act that is handed over, as 15m: 10 s to an hour.
        #[arg(long, value_name = "SPAN")]
        counts_for: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum When {
    Always,
    Needed,
}

pub async fn run(one: &One, command: &Sponsor) -> Result<Value, Failure> {
    match command {
        Sponsor::Add { address } => {
            one.ask(ipc::AddSponsor {
                address: address.clone(),
            })
            .await
        }
        Sponsor::List => one.ask(ipc::Sponsors {}).await,
        Sponsor::Remove { sponsor } => {
            one.ask(ipc::RemoveSponsor {
                sponsor: sponsor.clone(),
            })
            .await
        }
        Sponsor::Use { when, counts_for } => {
            one.ask(ipc::UseSponsors {
                always: matches!(when, When::Always),
                counts_for: counts_for.clone(),
            })
            .await
        }
    }
}
