//! The compliance templates that the network offers.

use dhc_chain::At;
use dhc_domain::{Asked, Template};
use dhc_ipc::{Code, Failure, TemplateView, TemplatesView};

use crate::{failure::standing, ledger::read_failure, profile::Profile};

/// Every template there ever was, with its proven limits, in the order of adding.
pub async fn standing_ones(
    profile: &Profile,
) -> Result<Vec<(Template, dhc_ipc::Standing)>, Failure> {
    let read = profile
        .chain
        .templates(At::Latest)
        .await
        .map_err(read_failure)?;
    let standing = standing(read.standing);
    Ok(read.value.into_iter().map(|t| (t, standing)).collect())
}

pub async fn list(profile: &Profile) -> Result<TemplatesView, Failure> {
    let templates = standing_ones(profile)
        .await?
        .into_iter()
        .filter(|(t, _)| !t.retired)
        .map(|(t, standing)| TemplateView {
            name: t.name,
            purposes: t.purposes.iter().map(ToString::to_string).collect(),
            max_window_s: t.max_window_s,
            min_approvals: t.min_approvals,
            sealed_allowed: t.sealed_allowed,
            contribution: t.contribution,
            actions: t.actions.iter().map(|a| a.to_string()).collect(),
            onward: t.onward,
            glass_window_s: t.glass_window_s,
            custody_only: t.custody_only,
            standing,
        })
        .collect();
    Ok(TemplatesView { templates })
}

/// The template a grant goes under: the one named, else the first that admits it. One whose grants
/// are dormant is taken by name alone: nobody gets by chance what opens only by breaking a glass.
pub async fn choose(
    profile: &Profile,
    named: Option<&str>,
    asked: &Asked,
) -> Result<Template, Failure> {
    let grants = standing_ones(profile)
        .await?
        .into_iter()
        .map(|(t, _)| t)
        .filter(|t| match named {
            Some(name) => t.name == name,
            None => !t.contribution && t.glass_window_s == 0,
        });
    let mut refusal = Failure::new(Code::TemplateRefused, "no template admits such a grant");
    for template in grants {
        match template.admits(asked) {
            Ok(()) => return Ok(template),
            Err(e) => {
                if named.is_some() || template.purposes.contains(&asked.purpose) {
                    refusal =
                        Failure::new(Code::TemplateRefused, format!("{}: {e}", template.name));
                }
            }
        }
    }
    Err(refusal)
}
