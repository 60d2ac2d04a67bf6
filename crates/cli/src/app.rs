//! `dhc app`: this profile's app without a window.

use clap::Args;
use dhc_app::Terms;
use dhc_domain::Amount;
use dhc_ipc::{Code, Failure};
use serde_json::json;

use crate::{
    args::Cli,
    composition::{ONLY, One},
    output::Output,
};

#[derive(Args, Clone)]
pub struct AppArgs {
    /// Carry in and pay for what others sign.
    #[arg(long, requires_all = ["budget", "per_person"])]
    sponsor: bool,
    /// In DHL: of all that this home ever pays for others.
    #[arg(long, value_name = "DHL", requires = "sponsor")]
    budget: Option<String>,
    /// Acts of one person, ever, or each day: `20/day`.
    #[arg(long, value_name = "N[/day]", requires = "sponsor", value_parser = share)]
    per_person: Option<Share>,
    /// Only for people in this home's address book.
    #[arg(long, requires = "sponsor")]
    contacts_only: bool,
}

/// How many acts of one person, and whether each day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    acts: u32,
    per_day: bool,
}

fn share(text: &str) -> Result<Share, String> {
    let (acts, per_day) = match text.strip_suffix("/day") {
        Some(acts) => (acts, true),
        None => (text, false),
    };
    let acts = acts.parse().map_err(|_| "a number, as 20 or 20/day")?;
    Ok(Share { acts, per_day })
}

/// Answers grantees, and pays for others if told to, until interrupted.
pub async fn answer(cli: &Cli, args: &AppArgs, output: &Output) -> Result<(), Failure> {
    let terms = terms(args)?;
    let one = One::open(cli, true, false).await?;
    let here = one.app.answer_peers(ONLY).await?;
    let address = here.addresses.first().cloned().unwrap_or_default();
    let mut ready = json!({"ready": true, "peer": format!("{address}/p2p/{}", here.peer)});
    if let Some(terms) = terms {
        let at_work = one.app.sponsor(ONLY, terms).await?;
        ready["sponsor"] = json!({
            "account": at_work.account,
            "budget": at_work.budget,
            "spent": at_work.spent,
            "reserved": at_work.reserved,
        });
    }
    output.ready(&ready);
    tokio::spawn(one.app.clone().keep_watch());
    crate::interrupted().await;
    one.app.close_profile(ONLY).await;
    Ok(())
}

fn terms(args: &AppArgs) -> Result<Option<Terms>, Failure> {
    let (Some(budget), Some(share)) = (&args.budget, args.per_person) else {
        return Ok(None);
    };
    let budget = Amount::from_dhl(budget)
        .map_err(|e| Failure::new(Code::Misuse, format!("--budget: {e}")))?;
    Ok(Some(Terms {
        budget,
        per_person: share.acts,
        per_day: share.per_day,
        contacts_only: args.contacts_only,
    }))
}
