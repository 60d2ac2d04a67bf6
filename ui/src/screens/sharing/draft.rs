//! What is being shared, step by step, until it is given. Plain data: the screens only fill it.

use dhc_ipc::{Grant, TemplateView};

use super::approvers::are_named;
use crate::format;

pub const STEPS: usize = 4;
/// As many records as one grant may name.
pub const MOST_STUDIES: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// In the order of choosing.
    pub studies: Vec<String>,
    pub to: String,
    /// Whether the recipient's keys are published: without them nothing can be given.
    pub reachable: bool,
    pub template: Option<TemplateView>,
    pub purpose: String,
    pub days: u32,
    pub sealed: bool,
    pub approvers: Vec<String>,
    /// What the recipient may do; looking is always among it.
    pub actions: Vec<String>,
    /// Whether they may share it onward.
    pub onward: bool,
}

/// The purpose a template is most used for: the first of its own where there is no better.
pub fn usual_purpose(template: &TemplateView) -> String {
    let usual = match template.name.as_str() {
        "treatment" => "TREAT",
        "second-opinion" => "PATRQT",
        "family" => "FAMRQT",
        "payment" => "HPAYMT",
        "research" => "HRESCH",
        _ => "",
    };
    template
        .purposes
        .iter()
        .find(|purpose| purpose.as_str() == usual)
        .or(template.purposes.first())
        .cloned()
        .unwrap_or_default()
}

impl Draft {
    /// The longest window the template allows, in whole days.
    pub fn most_days(&self) -> u32 {
        self.template
            .as_ref()
            .map_or(0, |t| (t.max_window_s / 86_400) as u32)
    }

    pub fn choose_template(&mut self, template: TemplateView) {
        self.purpose = usual_purpose(&template);
        self.sealed &= template.sealed_allowed;
        self.onward &= template.onward;
        self.actions = template.actions.clone();
        self.approvers
            .resize(usize::from(template.min_approvals), String::new());
        self.template = Some(template);
        self.days = self.days.clamp(1, self.most_days().max(1));
    }

    pub fn choose_study(&mut self, study: &str, chosen: bool) {
        self.studies.retain(|s| s != study);
        if chosen && self.studies.len() < MOST_STUDIES {
            self.studies.push(study.to_owned());
        }
    }

    /// Allows an action or not; looking cannot be taken out.
    pub fn allow(&mut self, action: &str, allowed: bool) {
        self.actions.retain(|a| a != action);
        if allowed || action == "view" {
            self.actions.push(action.to_owned());
        }
    }

    /// Asks for `days`; a template that is chosen holds them to its window.
    pub fn choose_days(&mut self, days: u32) {
        self.days = if self.template.is_some() {
            days.min(self.most_days().max(1))
        } else {
            days
        };
    }

    /// Whether step `step` (from 0) is filled in, so that the next may follow.
    pub fn is_ready(&self, step: usize) -> bool {
        match step {
            0 => !self.studies.is_empty(),
            1 => format::looks_like_address(&self.to) && self.reachable,
            2 => {
                let known = self.template.is_some() && !self.purpose.is_empty();
                let window = (1..=self.most_days()).contains(&self.days);
                known && window && are_named(&self.approvers)
            }
            _ => (0..3).all(|step| self.is_ready(step)),
        }
    }

    pub fn request(&self) -> Grant {
        Grant {
            studies: self.studies.clone(),
            to: self.to.clone(),
            purpose: self.purpose.clone(),
            until: format!("{}d", self.days),
            template: self.template.as_ref().map(|t| t.name.clone()),
            mode: Some(if self.sealed { "sealed" } else { "live" }.into()),
            approvers: self.approvers.clone(),
            threshold: self.approvers.len() as u8,
            actions: self.actions.clone(),
            onward: self.onward,
            owner: None,
            custodians: Vec::new(),
            shares: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dhc_ipc::Standing;

    fn template(name: &str, days: u64, approvals: u8, sealed: bool) -> TemplateView {
        TemplateView {
            name: name.into(),
            purposes: vec!["ETREAT".into(), "TREAT".into()],
            max_window_s: days * 86_400,
            min_approvals: approvals,
            sealed_allowed: sealed,
            contribution: false,
            actions: vec!["view".into()],
            onward: false,
            glass_window_s: 0,
            custody_only: false,
            standing: Standing::Proven { height: 1 },
        }
    }

    const ADDRESS: &str = "0x0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn each_step_waits_for_what_it_asks() {
        let mut draft = Draft {
            days: 7,
            ..Draft::default()
        };
        assert!(!draft.is_ready(0));
        draft.choose_study("0x01", true);
        assert!(draft.is_ready(0) && !draft.is_ready(1));
        draft.to = ADDRESS.into();
        assert!(
            !draft.is_ready(1),
            "a recipient without keys cannot be given anything"
        );
        draft.reachable = true;
        assert!(draft.is_ready(1) && !draft.is_ready(2));
        draft.choose_template(template("treatment", 90, 0, true));
        assert_eq!(draft.purpose, "TREAT");
        assert!(draft.is_ready(2) && draft.is_ready(3));
        let request = draft.request();
        assert_eq!(
            (
                request.until.as_str(),
                request.mode.as_deref(),
                request.threshold
            ),
            ("7d", Some("live"), 0)
        );
    }

    #[test]
    fn several_studies_go_into_one_grant_as_many_as_it_may_name() {
        let mut draft = Draft::default();
        for study in ["a", "b", "a"] {
            draft.choose_study(study, true);
        }
        draft.choose_study("b", false);
        assert_eq!(draft.request().studies, ["a"]);
        for n in 0..20 {
            draft.choose_study(&n.to_string(), true);
        }
        assert_eq!(draft.studies.len(), MOST_STUDIES);
    }

    #[test]
    fn days_chosen_before_the_template_are_kept() {
        let mut draft = Draft::default();
        draft.choose_days(7);
        draft.choose_template(template("treatment", 90, 0, true));
        assert_eq!(draft.days, 7);
        draft.choose_days(400);
        assert_eq!(draft.days, 90);
    }

    #[test]
    fn a_template_holds_the_window_the_mode_and_the_approvers() {
        let mut draft = Draft {
            days: 60,
            sealed: true,
            ..Draft::default()
        };
        draft.choose_template(template("second-opinion", 14, 0, false));
        assert_eq!((draft.days, draft.sealed), (14, false));
        draft.days = 15;
        assert!(!draft.is_ready(2));
        draft.choose_template(template("research", 365, 2, false));
        assert!(!draft.is_ready(2));
        draft.approvers = vec![
            ADDRESS.into(),
            ADDRESS.to_uppercase().replacen("0X", "0x", 1),
        ];
        assert!(!draft.is_ready(2), "one person cannot approve twice");
        draft.approvers[1] = "0x1123456789abcdef0123456789abcdef01234567".into();
        assert!(draft.is_ready(2));
        assert_eq!(draft.request().threshold, 2);
    }
}
