//! Deciding, from the command line.

use std::path::Path;

use dhc_ipc::{self as ipc, Code, Failure};
use serde_json::Value;

use crate::{args::Governance, composition::One};

pub async fn answer(one: &One, command: &Governance) -> Result<Value, Failure> {
    match command {
        Governance::Lock { amount } => {
            let amount = amount.clone();
            one.ask(ipc::LockVotes { amount }).await
        }
        Governance::Unlock { amount } => {
            let amount = amount.clone();
            one.ask(ipc::UnlockVotes { amount }).await
        }
        Governance::Propose {
            add_template,
            retire,
            because,
        } => {
            one.ask(ipc::Propose {
                add: add_template.as_deref().map(template).transpose()?,
                retire: retire.clone(),
                because: because.clone(),
            })
            .await
        }
        Governance::List => one.ask(ipc::Proposals {}).await,
        Governance::Vote { proposal, support } => {
            one.ask(ipc::VoteOn {
                proposal: proposal.clone(),
                support: support.clone(),
            })
            .await
        }
        Governance::Queue { proposal } => {
            let proposal = proposal.clone();
            one.ask(ipc::QueueProposal { proposal }).await
        }
        Governance::Execute { proposal } => {
            let proposal = proposal.clone();
            one.ask(ipc::ExecuteProposal { proposal }).await
        }
    }
}

fn template(file: &Path) -> Result<ipc::NewTemplate, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::new(Code::FileUnreadable, format!("{name}: {e}")))?;
    serde_json::from_str(&text)
        .map_err(|e| Failure::new(Code::Misuse, format!("{name} is no template: {e}")))
}
