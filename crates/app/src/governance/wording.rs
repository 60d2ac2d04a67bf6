//! A proposal's calls in the words of the product, and back.

use alloy::{
    primitives::{Bytes, hex},
    sol_types::SolCall,
};
use dhc_chain::contracts::Templates;
use dhc_domain::{Actions, Address, Purpose, Template};
use dhc_ipc::{Failure, NewTemplate, ProposalAct};

use crate::{failure::misuse, grant::actions};

/// What a call of a proposal does, in the words of the product where it has some.
pub(super) fn words(
    of_templates: bool,
    target: Address,
    call: &Bytes,
    names: &[(Template, dhc_ipc::Standing)],
) -> ProposalAct {
    if of_templates && let Ok(add) = Templates::addCall::abi_decode(call) {
        return ProposalAct::AddTemplate(described(add));
    }
    if of_templates && let Ok(retire) = Templates::retireCall::abi_decode(call) {
        let named = names.iter().find(|(t, _)| t.id() == retire.id);
        return ProposalAct::RetireTemplate {
            name: named.map(|(t, _)| t.name.clone()),
            id: retire.id.to_string(),
        };
    }
    ProposalAct::Other {
        target: target.to_string(),
        call: hex::encode_prefixed(call),
    }
}

fn described(add: Templates::addCall) -> NewTemplate {
    let limits = add.limits;
    let admitted = |p: &&Purpose| limits.purposes >> p.index() & 1 == 1;
    NewTemplate {
        purposes: Purpose::ALL
            .iter()
            .filter(admitted)
            .map(ToString::to_string)
            .collect(),
        name: add.name,
        max_window_s: limits.maxWindow,
        min_approvals: limits.minApprovals,
        sealed_allowed: limits.sealedAllowed,
        contribution: limits.contribution,
        actions: Actions(limits.actions)
            .iter()
            .map(|a| a.to_string())
            .collect(),
        onward: limits.onward,
        glass_window_s: limits.glassWindow,
        custody_only: limits.custodyOnly,
    }
}

/// The call that adds a template.
pub(super) fn addition(template: &NewTemplate) -> Result<Vec<u8>, Failure> {
    let purposes = template.purposes.iter().try_fold(0, |bits, code| {
        let purpose: Purpose = code.parse().map_err(|_| {
            misuse(format!(
                "{code:?} is no purpose of use that the product knows"
            ))
        })?;
        Ok::<_, Failure>(bits | 1u32 << purpose.index())
    })?;
    let call = Templates::addCall {
        name: template.name.clone(),
        limits: Templates::Limits {
            maxWindow: template.max_window_s,
            purposes,
            minApprovals: template.min_approvals,
            sealedAllowed: template.sealed_allowed,
            contribution: template.contribution,
            actions: actions(&template.actions)?.unwrap_or_default().0,
            onward: template.onward,
            glassWindow: template.glass_window_s,
            custodyOnly: template.custody_only,
        },
    };
    Ok(call.abi_encode())
}

#[cfg(test)]
mod tests {
    use dhc_ipc::Code;

    use super::*;

    fn proposed() -> NewTemplate {
        NewTemplate {
            name: "sleep-study".into(),
            purposes: vec!["HRESCH".into(), "CLINTRCH".into()],
            max_window_s: 3_600,
            min_approvals: 1,
            sealed_allowed: true,
            contribution: false,
            actions: vec!["view".into(), "export".into()],
            onward: true,
            glass_window_s: 0,
            custody_only: false,
        }
    }

    #[test]
    fn a_proposed_template_is_shown_as_it_was_written() {
        let call = addition(&proposed()).unwrap().into();
        let shown = words(true, Address::ZERO, &call, &[]);
        assert_eq!(shown, ProposalAct::AddTemplate(proposed()));
    }

    #[test]
    fn a_call_of_another_contract_is_not_taken_for_one_of_templates() {
        let call = addition(&proposed()).unwrap().into();
        let shown = words(false, Address::ZERO, &call, &[]);
        assert!(matches!(shown, ProposalAct::Other { .. }));
    }

    #[test]
    fn what_is_no_purpose_is_misuse() {
        let mut odd = proposed();
        odd.purposes.push("CURIOSITY".into());
        assert_eq!(addition(&odd).unwrap_err().code, Code::Misuse);
    }
}
