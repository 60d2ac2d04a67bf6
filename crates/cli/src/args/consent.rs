//! Who may do what with my records, and who has.

use clap::{Args, Subcommand, ValueEnum};

use super::{Answer, Proxy, Request};

#[derive(Clone, Copy, ValueEnum)]
pub enum Mode {
    Live,
    Sealed,
    /// Shared among custodians, so many of whom release.
    Custody,
}

impl Mode {
    pub fn name(self) -> String {
        match self {
            Self::Live => "live",
            Self::Sealed => "sealed",
            Self::Custody => "custody",
        }
        .into()
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Action {
    /// Look at it in the app.
    View,
    /// Take the original files out of the app.
    Export,
    /// Write a result back.
    Annotate,
}

impl Action {
    pub fn name(self) -> String {
        match self {
            Self::View => "view",
            Self::Export => "export",
            Self::Annotate => "annotate",
        }
        .into()
    }
}

/// Access to studies, for somebody, for a purpose, until a time.
#[derive(Args)]
pub struct Grant {
    /// Up to 16 studies in one grant.
    #[arg(long, value_name = "ID", required = true)]
    pub study: Vec<String>,
    #[arg(long, value_name = "ADDR")]
    pub to: String,
    /// HL7 ActReason: TREAT, HRESCH, …
    #[arg(long, value_name = "CODE")]
    pub purpose: String,
    /// RFC 3339, or a span as 7d.
    #[arg(long)]
    pub until: String,
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    #[arg(long, default_value = "live")]
    pub mode: Mode,
    #[arg(long, value_name = "ADDR")]
    pub approver: Vec<String>,
    #[arg(long, value_name = "M", default_value_t = 0)]
    pub threshold: u8,
    /// What they may do; all that the template allows if not said.
    #[arg(long)]
    pub action: Vec<Action>,
    /// They may share it onward.
    #[arg(long)]
    pub onward: bool,
    /// With --mode custody: who holds a share of the keys, ACCOUNT@/ip4/…/tcp/…/p2p/….
    #[arg(long, value_name = "ACCOUNT@ADDRESS")]
    pub custodian: Vec<String>,
    /// So many custodians release.
    #[arg(long, value_name = "M", default_value_t = 0)]
    pub shares: u8,
    /// As the proxy of this owner: of studies to which they gave me access.
    #[arg(long = "for", value_name = "ADDR")]
    pub owner: Option<String>,
}

#[derive(Subcommand)]
pub enum Consent {
    Grant(Grant),
    /// Move the end of a grant.
    Renew {
        grant: String,
        /// RFC 3339, or a span as 7d, from now.
        #[arg(long)]
        until: String,
    },
    /// Pass on what was granted to me, where the owner allowed that.
    Share {
        grant: String,
        #[arg(long, value_name = "ADDR")]
        to: String,
        /// RFC 3339, or a span as 7d; not after the grant's own end.
        #[arg(long)]
        until: String,
        /// Of the grant's studies; all if not said.
        #[arg(long, value_name = "ID")]
        study: Vec<String>,
        /// Of the grant's actions; all if not said.
        #[arg(long)]
        action: Vec<Action>,
    },
    /// Open an emergency access; the owner is told at once.
    BreakGlass {
        grant: String,
        /// Why, for the owner.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Emergency accesses of mine that were broken open, until I acknowledge them.
    Alarms {
        /// All up to this place in the access log have been seen.
        #[arg(long, value_name = "SEQ")]
        seen: Option<u64>,
    },
    Approve {
        grant: String,
    },
    Revoke {
        grant: String,
    },
    List {
        #[arg(long)]
        given: bool,
        #[arg(long, conflicts_with = "given")]
        received: bool,
    },
    Audit {
        #[arg(long, value_name = "ID")]
        study: Option<String>,
    },
    /// The compliance templates that the network offers.
    Templates,
    /// Ask somebody for access to their records.
    Request(Request),
    /// Requests for access: mine, and those to me.
    Requests {
        #[arg(long)]
        asked: bool,
        #[arg(long, conflicts_with = "asked")]
        received: bool,
    },
    /// Give the access that was asked for, or less.
    Answer(Answer),
    /// Say no to a request.
    Decline {
        request: String,
    },
    /// Take back a request of mine.
    Withdraw {
        request: String,
    },
    /// Let somebody act for me, or no longer.
    #[command(subcommand)]
    Proxy(Proxy),
    /// Who acts for me, and for whom I act.
    Proxies,
}
