//! The compliance templates that the network offers.

use dhc_chain::At;
use dhc_domain::{Mode, Purpose, Template};
use dhc_ipc::{Code, Failure, TemplateView, TemplatesView};

use crate::{failure::standing, ledger::read_failure, profile::Profile};

/// Names the app knows to ask for; whether and with which limits they stand is read from the
/// chain.
const NAMES: &[&str] = &[
    "treatment",
    "second-opinion",
    "family",
    "payment",
    "research",
    "research-contribution",
];

/// The templates that stand, with their proven limits.
pub async fn standing_ones(
    profile: &Profile,
) -> Result<Vec<(Template, dhc_ipc::Standing)>, Failure> {
    those(profile, NAMES).await
}

/// Those of these names that stand.
async fn those(
    profile: &Profile,
    names: &[&str],
) -> Result<Vec<(Template, dhc_ipc::Standing)>, Failure> {
    let mut found = Vec::new();
    for name in names {
        let id = alloy::primitives::keccak256(name.as_bytes());
        let read = profile
            .chain
            .template(id, At::Latest)
            .await
            .map_err(read_failure)?;
        if let Some(on_chain) = read.value {
            found.push((on_chain.named(name), standing(read.standing)));
        }
    }
    Ok(found)
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
            standing,
        })
        .collect();
    Ok(TemplatesView { templates })
}

/// The template a grant goes under: the one named, else the first that admits it.
pub async fn choose(
    profile: &Profile,
    named: Option<&str>,
    purpose: Purpose,
    window_s: u64,
    threshold: u8,
    mode: Mode,
) -> Result<Template, Failure> {
    let one = named.map(|name| [name]);
    let grants = those(profile, one.as_ref().map_or(NAMES, |one| one))
        .await?
        .into_iter()
        .map(|(t, _)| t)
        .filter(|t| !t.contribution);
    let mut refusal = Failure::new(Code::TemplateRefused, "no template admits such a grant");
    for template in grants {
        match (named, template.admits(purpose, window_s, threshold, mode)) {
            (Some(name), _) if name != template.name => {}
            (_, Ok(())) => return Ok(template),
            (_, Err(e)) => {
                if named.is_some() || template.purposes.contains(&purpose) {
                    refusal =
                        Failure::new(Code::TemplateRefused, format!("{}: {e}", template.name));
                }
            }
        }
    }
    Err(refusal)
}
