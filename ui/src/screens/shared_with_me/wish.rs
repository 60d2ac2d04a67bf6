//! What a doctor asks for, until it is sent. Plain data: the screen only fills it.

use dhc_ipc::{AskAccess, TemplateView};

use crate::format;
use crate::screens::sharing::usual_purpose;

/// As many bytes of words as a request carries.
pub const MOST_TEXT: usize = 830;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub owner: String,
    /// Whether the owner's keys are published: the words are sealed for them.
    pub reachable: bool,
    pub template: Option<TemplateView>,
    pub purpose: String,
    /// 0: what was entered is no number.
    pub days: u32,
    pub actions: Vec<String>,
    pub text: String,
}

impl Wish {
    /// The longest window the template allows, in whole days.
    pub fn most_days(&self) -> u32 {
        self.template
            .as_ref()
            .map_or(0, |t| (t.max_window_s / 86_400) as u32)
    }

    /// Takes a template with its usual purpose, unless one of its own is chosen already; of what was
    /// wanted, what it allows. Looking is always wanted.
    pub fn choose_template(&mut self, template: TemplateView) {
        if !template.purposes.contains(&self.purpose) {
            self.purpose = usual_purpose(&template);
        }
        self.actions.retain(|a| template.actions.contains(a));
        self.want("view", true);
        self.template = Some(template);
    }

    /// Asks to do something or not; looking cannot be taken out.
    pub fn want(&mut self, action: &str, wanted: bool) {
        self.actions.retain(|a| a != action);
        if wanted || action == "view" {
            self.actions.push(action.to_owned());
        }
    }

    pub fn is_too_long(&self) -> bool {
        self.text.trim().len() > MOST_TEXT
    }

    pub fn is_ready(&self) -> bool {
        format::looks_like_address(&self.owner)
            && self.reachable
            && self.template.is_some()
            && !self.purpose.is_empty()
            && (1..=self.most_days()).contains(&self.days)
            && !self.text.trim().is_empty()
            && !self.is_too_long()
    }

    pub fn request(&self) -> AskAccess {
        AskAccess {
            owner: self.owner.clone(),
            purpose: self.purpose.clone(),
            window: format!("{}d", self.days),
            template: self.template.as_ref().map(|t| t.name.clone()),
            actions: self.actions.clone(),
            text: self.text.trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dhc_ipc::Standing;

    use super::*;

    fn template(name: &str, purposes: &[&str], days: u64) -> TemplateView {
        TemplateView {
            name: name.into(),
            purposes: purposes.iter().map(|p| (*p).into()).collect(),
            max_window_s: days * 86_400,
            min_approvals: 0,
            sealed_allowed: false,
            contribution: false,
            actions: vec!["view".into(), "export".into()],
            onward: false,
            glass_window_s: 0,
            custody_only: false,
            standing: Standing::Proven { height: 1 },
        }
    }

    fn wish() -> Wish {
        let mut wish = Wish {
            owner: "0x0123456789abcdef0123456789abcdef01234567".into(),
            reachable: true,
            days: 3,
            text: " the knee, please ".into(),
            ..Wish::default()
        };
        wish.choose_template(template("treatment", &["COC", "TREAT"], 90));
        wish
    }

    #[test]
    fn what_is_asked_is_sent_as_it_was_chosen() {
        let mut wish = wish();
        assert_eq!(wish.request().actions, ["view"], "no more than is wanted");
        wish.want("export", true);
        wish.want("view", false);
        let request = wish.request();
        assert_eq!(request.purpose, "TREAT");
        assert_eq!(
            (request.window.as_str(), request.text.as_str()),
            ("3d", "the knee, please")
        );
        assert_eq!(request.actions, ["export", "view"]);
    }

    #[test]
    fn a_purpose_of_the_template_is_kept_and_another_is_not() {
        let mut wish = wish();
        wish.purpose = "COC".into();
        wish.choose_template(template("treatment", &["COC", "TREAT"], 90));
        assert_eq!(wish.purpose, "COC");
        wish.choose_template(template("research", &["HRESCH"], 90));
        assert_eq!(wish.purpose, "HRESCH");
    }

    #[test]
    fn nothing_is_asked_that_the_owner_could_not_read_or_the_rules_refuse() {
        type Spoil = fn(&mut Wish);
        let spoils: [Spoil; 6] = [
            |w| w.owner = "0x12".into(),
            |w| w.reachable = false,
            |w| w.days = 0,
            |w| w.days = 91,
            |w| w.text = "  ".into(),
            |w| w.text = "字".repeat(MOST_TEXT / 3 + 1),
        ];
        assert!(wish().is_ready());
        for (i, spoil) in spoils.iter().enumerate() {
            let mut wish = wish();
            spoil(&mut wish);
            assert!(!wish.is_ready(), "{i}");
        }
    }
}
