//! Requests for access, and who acts for whom.

use dhc_ipc::{self as ipc, Failure};
use serde_json::Value;

use crate::{
    args::{Consent, Proxy},
    composition::One,
};

pub async fn requests(one: &One, command: &Consent) -> Result<Value, Failure> {
    match command {
        Consent::Request(r) => {
            one.ask(ipc::AskAccess {
                owner: r.owner.clone(),
                purpose: r.purpose.clone(),
                window: r.window.clone(),
                template: r.template.clone(),
                actions: r.action.iter().map(|a| a.name()).collect(),
                text: r.text.clone(),
            })
            .await
        }
        Consent::Requests { asked, received } => {
            let direction = match (asked, received) {
                (true, _) => Some("asked".to_owned()),
                (_, true) => Some("received".to_owned()),
                _ => None,
            };
            one.ask(ipc::Requests { direction }).await
        }
        Consent::Answer(a) => {
            one.ask(ipc::AnswerRequest {
                request: a.request.clone(),
                studies: a.study.clone(),
                until: a.until.clone(),
                mode: Some(a.mode.name()),
                approvers: a.approver.clone(),
                threshold: a.threshold,
                custodians: a.custodian.clone(),
                shares: a.shares,
                actions: a.action.iter().map(|a| a.name()).collect(),
            })
            .await
        }
        Consent::Decline { request } => {
            let request = request.clone();
            one.ask(ipc::DeclineRequest { request }).await
        }
        Consent::Withdraw { request } => {
            let request = request.clone();
            one.ask(ipc::WithdrawRequest { request }).await
        }
        _ => Err(Failure::new(ipc::Code::Internal, "no request")),
    }
}

pub async fn proxies(one: &One, command: &Proxy) -> Result<Value, Failure> {
    match command {
        Proxy::Appoint {
            address,
            may,
            until,
        } => {
            one.ask(ipc::AppointProxy {
                proxy: address.clone(),
                powers: may.iter().map(|p| p.name()).collect(),
                until: until.clone(),
            })
            .await
        }
        Proxy::Dismiss { address } => {
            let proxy = address.clone();
            one.ask(ipc::DismissProxy { proxy }).await
        }
    }
}
