use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{Actions, Mode, Purpose};

/// A compliance template: the limits a grant must fit (white paper 4.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub name: String,
    pub purposes: Vec<Purpose>,
    pub max_window_s: u64,
    pub min_approvals: u8,
    pub sealed_allowed: bool,
    /// Whether contributions, and not grants, may name it.
    pub contribution: bool,
    pub retired: bool,
    /// What a grant may allow.
    pub actions: Actions,
    /// Whether a grantee may be allowed to share onward.
    pub onward: bool,
    /// 0: ordinary. Else grants are dormant until their glass is broken, then open for so many
    /// seconds.
    pub glass_window_s: u64,
    /// Sensitive: keys are shared among holders, and given in no other way.
    pub custody_only: bool,
}

/// What a grant asks of its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub purpose: Purpose,
    /// From now to its end, seconds.
    pub window_s: u64,
    pub threshold: u8,
    pub mode: Mode,
    /// `None`: all that the template allows.
    pub actions: Option<Actions>,
    pub onward: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateRefusal {
    #[error("the template does not allow this purpose")]
    Purpose,
    #[error("the window is longer than the template's {0} s")]
    Window(u64),
    #[error("the template asks for at least {0} approvals")]
    Approvals(u8),
    #[error("the template does not allow sealed envelopes")]
    Sealed,
    #[error("the template wants the keys in custody")]
    Custody,
    #[error("the template is retired")]
    Retired,
    #[error("the template is for contributions, not for grants")]
    Contribution,
    #[error("the template does not allow these actions")]
    Actions,
    #[error("the template does not allow sharing onward")]
    Onward,
}

impl Template {
    /// The template's id on chain: keccak-256 of its name.
    pub fn id(&self) -> B256 {
        keccak256(self.name.as_bytes())
    }

    /// Whether a grant fits, as the contract decides it.
    pub fn admits(&self, asked: &Asked) -> Result<(), TemplateRefusal> {
        let actions = asked.actions.unwrap_or(self.actions);
        if self.retired {
            Err(TemplateRefusal::Retired)
        } else if self.contribution {
            Err(TemplateRefusal::Contribution)
        } else if !self.purposes.contains(&asked.purpose) {
            Err(TemplateRefusal::Purpose)
        } else if asked.window_s > self.max_window_s {
            Err(TemplateRefusal::Window(self.max_window_s))
        } else if asked.threshold < self.min_approvals {
            Err(TemplateRefusal::Approvals(self.min_approvals))
        } else if asked.mode == Mode::Sealed && !self.sealed_allowed {
            Err(TemplateRefusal::Sealed)
        } else if asked.mode != Mode::Custody && self.custody_only {
            Err(TemplateRefusal::Custody)
        } else if actions.is_empty() || !actions.within(self.actions) {
            Err(TemplateRefusal::Actions)
        } else if asked.onward && !self.onward {
            Err(TemplateRefusal::Onward)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template {
            name: "second-opinion".into(),
            purposes: vec![Purpose::TREAT],
            max_window_s: 100,
            min_approvals: 1,
            sealed_allowed: true,
            contribution: false,
            retired: false,
            actions: Actions(3),
            onward: false,
            glass_window_s: 0,
            custody_only: false,
        }
    }

    #[test]
    fn a_template_admits_what_is_within_all_of_its_limits() {
        const ASKED: Asked = Asked {
            purpose: Purpose::TREAT,
            window_s: 100,
            threshold: 1,
            mode: Mode::Sealed,
            actions: None,
            onward: false,
        };
        let template = template();
        assert_eq!(template.admits(&ASKED), Ok(()));
        let wider: [(Asked, TemplateRefusal); 6] = [
            (
                Asked {
                    purpose: Purpose::COC,
                    ..ASKED
                },
                TemplateRefusal::Purpose,
            ),
            (
                Asked {
                    window_s: 101,
                    ..ASKED
                },
                TemplateRefusal::Window(100),
            ),
            (
                Asked {
                    threshold: 0,
                    ..ASKED
                },
                TemplateRefusal::Approvals(1),
            ),
            (
                Asked {
                    actions: Some(Actions(4)),
                    ..ASKED
                },
                TemplateRefusal::Actions,
            ),
            (
                Asked {
                    actions: Some(Actions(0)),
                    ..ASKED
                },
                TemplateRefusal::Actions,
            ),
            (
                Asked {
                    onward: true,
                    ..ASKED
                },
                TemplateRefusal::Onward,
            ),
        ];
        for (asked, refusal) in wider {
            assert_eq!(template.admits(&asked), Err(refusal), "{asked:?}");
        }
    }
}
