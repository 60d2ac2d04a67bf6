//! Giving access, ending it, and what has become of it.

use std::io::{IsTerminal, Write};

use dhc_ipc::{self as ipc, Code, Failure};
use serde_json::Value;

use crate::{
    args::{Cli, Consent},
    composition::One,
    output::Output,
    people,
};

pub async fn consents(cli: &Cli, one: &One, command: &Consent) -> Result<Value, Failure> {
    match command {
        Consent::Grant(g) => {
            one.ask(ipc::Grant {
                studies: g.study.clone(),
                to: g.to.clone(),
                purpose: g.purpose.clone(),
                until: g.until.clone(),
                template: g.template.clone(),
                mode: Some(g.mode.name()),
                approvers: g.approver.clone(),
                threshold: g.threshold,
                actions: g.action.iter().map(|a| a.name()).collect(),
                onward: g.onward,
                owner: g.owner.clone(),
                custodians: g.custodian.clone(),
                shares: g.shares,
            })
            .await
        }
        Consent::Renew { grant, until } => {
            one.ask(ipc::RenewGrant {
                grant: grant.clone(),
                until: until.clone(),
            })
            .await
        }
        Consent::Share {
            grant,
            to,
            until,
            study,
            action,
        } => {
            one.ask(ipc::ShareGrant {
                grant: grant.clone(),
                to: to.clone(),
                until: until.clone(),
                studies: study.clone(),
                actions: action.iter().map(|a| a.name()).collect(),
            })
            .await
        }
        Consent::BreakGlass { grant, reason } => {
            one.ask(ipc::BreakGlass {
                grant: grant.clone(),
                reason: reason.clone(),
            })
            .await
        }
        Consent::Alarms { seen: None } => one.ask(ipc::Alarms {}).await,
        Consent::Alarms { seen: Some(seq) } => one.ask(ipc::AcknowledgeAlarms { seq: *seq }).await,
        Consent::Approve { grant } => approve(cli, one, grant).await,
        Consent::Revoke { grant } => {
            one.ask(ipc::RevokeGrant {
                grant: grant.clone(),
            })
            .await
        }
        Consent::List { given, received } => {
            let direction = match (given, received) {
                (true, _) => Some("given".to_owned()),
                (_, true) => Some("received".to_owned()),
                _ => None,
            };
            one.ask(ipc::Grants { direction }).await
        }
        Consent::Audit { study } => {
            one.ask(ipc::Audit {
                study: study.clone(),
            })
            .await
        }
        Consent::Templates => one.ask(ipc::Templates {}).await,
        Consent::Request(_)
        | Consent::Requests { .. }
        | Consent::Answer(_)
        | Consent::Decline { .. }
        | Consent::Withdraw { .. } => people::requests(one, command).await,
        Consent::Proxy(proxy) => people::proxies(one, proxy).await,
        Consent::Proxies => one.ask(ipc::Proxies {}).await,
    }
}

/// Shows a person what they are to sign before they do, and signs that and nothing newer.
async fn approve(cli: &Cli, one: &One, grant: &str) -> Result<Value, Failure> {
    let terms = one
        .call(ipc::ShowGrant {
            grant: grant.to_owned(),
        })
        .await?;
    let asks = !cli.yes && !cli.json && std::io::stdin().is_terminal();
    if asks {
        let shown = serde_json::to_value(&terms)
            .map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        Output { json: false }.answer(&shown);
        if !agreed()? {
            return Err(Failure::new(Code::Cancelled, "nothing was approved"));
        }
    }
    one.ask(ipc::ApproveGrant {
        grant: grant.to_owned(),
        round: Some(terms.round),
    })
    .await
}

fn agreed() -> Result<bool, Failure> {
    let unreadable = |e: std::io::Error| Failure::new(Code::FileUnreadable, e.to_string());
    eprint!("Approve this access? [y/N] ");
    std::io::stderr().flush().map_err(unreadable)?;
    let mut said = String::new();
    std::io::stdin().read_line(&mut said).map_err(unreadable)?;
    Ok(said.trim().eq_ignore_ascii_case("y"))
}
