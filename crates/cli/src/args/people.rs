//! Requests for access, and who acts for whom.

use clap::{Args, Subcommand, ValueEnum};

use super::{Action, Mode};

#[derive(Args)]
pub struct Request {
    #[arg(long, value_name = "ADDR")]
    pub owner: String,
    /// HL7 ActReason: TREAT, HRESCH, …
    #[arg(long, value_name = "CODE")]
    pub purpose: String,
    /// How long, as 7d, from when access is given.
    #[arg(long = "for", value_name = "SPAN")]
    pub window: String,
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// What you want to do; all that the template allows if not said.
    #[arg(long)]
    pub action: Vec<Action>,
    /// Which records, and why: for the owner alone.
    #[arg(long)]
    pub text: String,
}

#[derive(Args)]
pub struct Answer {
    pub request: String,
    /// Up to 16 studies in one grant.
    #[arg(long, value_name = "ID", required = true)]
    pub study: Vec<String>,
    /// RFC 3339, or a span as 7d; as long as was asked if not said.
    #[arg(long)]
    pub until: Option<String>,
    #[arg(long, default_value = "live")]
    pub mode: Mode,
    #[arg(long, value_name = "ADDR")]
    pub approver: Vec<String>,
    #[arg(long, value_name = "M", default_value_t = 0)]
    pub threshold: u8,
    /// With --mode custody: who holds a share of the keys, ACCOUNT@/ip4/…/tcp/…/p2p/….
    #[arg(long, value_name = "ACCOUNT@ADDRESS")]
    pub custodian: Vec<String>,
    /// So many custodians release.
    #[arg(long, value_name = "M", default_value_t = 0)]
    pub shares: u8,
    /// Of what was asked; all of it if not said.
    #[arg(long)]
    pub action: Vec<Action>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Power {
    /// Give access.
    Grant,
    /// End access.
    Revoke,
    /// Move the end of an access.
    Renew,
    /// Answer requests for access.
    Answer,
}

impl Power {
    pub fn name(self) -> String {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Renew => "renew",
            Self::Answer => "answer",
        }
        .into()
    }
}

#[derive(Subcommand)]
pub enum Proxy {
    /// Let somebody do for me what is named, until then.
    Appoint {
        address: String,
        #[arg(long, value_delimiter = ',', required = true)]
        may: Vec<Power>,
        /// RFC 3339, or a span as 365d.
        #[arg(long)]
        until: String,
    },
    /// Take all of that back at once.
    Dismiss { address: String },
}
