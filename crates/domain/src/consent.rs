use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

macro_rules! purposes {
    ($($code:ident $doc:literal,)*) => {
        /// Purpose of use, HL7 v3 ActReason. On chain: the code's index in this list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[allow(clippy::upper_case_acronyms, reason = "the codes are HL7's")]
        pub enum Purpose { $(#[doc = $doc] $code,)* }

        impl Purpose {
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }
        }
    };
}

purposes! {
    TREAT "Treatment",
    ETREAT "Emergency treatment",
    COC "Coordination of care",
    HPAYMT "Healthcare payment",
    HOPERAT "Healthcare operations",
    HRESCH "Healthcare research",
    CLINTRCH "Clinical trial research",
    PATRQT "Patient requested",
    FAMRQT "Family requested",
    PUBHLTH "Public health",
    HMARKT "Healthcare marketing",
    MLTRAINING "Training of machine-learning models",
}

impl Purpose {
    /// The code's number on chain.
    pub fn index(self) -> u8 {
        self as u8
    }

    pub fn from_index(i: u8) -> Option<Self> {
        Self::ALL.get(usize::from(i)).copied()
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a purpose of use that the product knows")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(s: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.code().eq_ignore_ascii_case(s))
            .ok_or(UnknownPurpose)
    }
}

/// How the key is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Released by the owner's app, opening by opening, after it has proven the access entry.
    Live,
    /// In an envelope for the window of the grant; openings are logged by the reader's app.
    Sealed,
    /// Shared among holders, any m of whom release, each after it has proven the access entry.
    Custody,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sealed => "sealed",
            Self::Custody => "custody",
        }
    }

    pub fn index(self) -> u8 {
        self as u8
    }

    pub fn from_index(i: u8) -> Option<Self> {
        [Self::Live, Self::Sealed, Self::Custody]
            .get(usize::from(i))
            .copied()
    }
}

/// What a grantee does with a record. On chain: a bit's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Look at it in the app.
    View,
    /// Take the original files out of the app.
    Export,
    /// Write a result back.
    Annotate,
}

impl Action {
    pub const ALL: &'static [Self] = &[Self::View, Self::Export, Self::Annotate];

    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Export => "export",
            Self::Annotate => "annotate",
        }
    }

    /// The bit's number on chain.
    pub fn index(self) -> u8 {
        self as u8
    }

    pub fn from_index(i: u8) -> Option<Self> {
        Self::ALL.get(usize::from(i)).copied()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an action that the product knows: view, export, annotate")]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(s: &str) -> Result<Self, UnknownAction> {
        Self::ALL
            .iter()
            .copied()
            .find(|a| a.name() == s)
            .ok_or(UnknownAction)
    }
}

/// The action code of an entry in the access log that says that a glass was broken.
pub const GLASS: u8 = 255;

/// A set of actions, as its bits on chain. Bits that the product does not know are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actions(pub u32);

impl Actions {
    pub fn contains(self, action: Action) -> bool {
        self.0 >> action.index() & 1 == 1
    }

    /// Whether all of these are among `others`.
    pub fn within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |a| self.contains(*a))
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        Self(actions.into_iter().fold(0, |bits, a| bits | 1 << a.index()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    Active,
    AwaitingApproval,
    /// Of a break-glass template, with its glass whole, or broken too long ago.
    Dormant,
    Expired,
    Revoked,
}

/// What decides the state of a grant, apart from the grant that it was shared from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub not_after: Timestamp,
    pub revoked: bool,
    pub approvals: u8,
    pub threshold: u8,
    /// 0: an ordinary grant. Else it is open for so many seconds after its glass was broken.
    pub glass_window_s: u64,
    pub broken_at: Option<Timestamp>,
}

impl Life {
    /// The state at `now`: revocation outweighs expiry, expiry a missing approval, a missing
    /// approval a whole glass.
    pub fn state(&self, now: Timestamp) -> GrantState {
        if self.revoked {
            GrantState::Revoked
        } else if now > self.not_after {
            GrantState::Expired
        } else if self.approvals < self.threshold {
            GrantState::AwaitingApproval
        } else if self.glass_window_s != 0 && self.glass_open_until().is_none_or(|end| now > end) {
            GrantState::Dormant
        } else {
            GrantState::Active
        }
    }

    /// The last second in which a broken glass leaves the grant open; `None` while it is whole.
    pub fn glass_open_until(&self) -> Option<Timestamp> {
        self.broken_at
            .map(|at| Timestamp(at.0.saturating_add(self.glass_window_s)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(100);
    const LIFE: Life = Life {
        not_after: Timestamp(200),
        revoked: false,
        approvals: 2,
        threshold: 2,
        glass_window_s: 0,
        broken_at: None,
    };

    #[test]
    fn a_state_outweighs_those_after_it() {
        let mut life = LIFE;
        assert_eq!(life.state(life.not_after), GrantState::Active);
        life.glass_window_s = 10;
        assert_eq!(life.state(NOW), GrantState::Dormant);
        life.approvals = 1;
        assert_eq!(life.state(NOW), GrantState::AwaitingApproval);
        assert_eq!(life.state(life.not_after.plus(1)), GrantState::Expired);
        life.revoked = true;
        assert_eq!(life.state(life.not_after.plus(1)), GrantState::Revoked);
    }

    #[test]
    fn a_broken_glass_opens_for_its_window_and_can_be_broken_again() {
        let mut life = Life {
            glass_window_s: 10,
            broken_at: Some(NOW),
            ..LIFE
        };
        assert_eq!(life.glass_open_until(), Some(NOW.plus(10)));
        assert_eq!(life.state(NOW.plus(10)), GrantState::Active);
        assert_eq!(life.state(NOW.plus(11)), GrantState::Dormant);
        life.broken_at = Some(NOW.plus(50));
        assert_eq!(life.state(NOW.plus(51)), GrantState::Active);
        assert_eq!(life.state(Timestamp(201)), GrantState::Expired);
    }

    #[test]
    fn an_action_keeps_its_number_and_a_set_its_bits() {
        for (i, action) in (0..).zip(Action::ALL) {
            assert_eq!(action.index(), i);
            assert_eq!(Action::from_index(i), Some(*action));
            assert_eq!(action.name().parse(), Ok(*action));
        }
        assert_eq!(Action::from_index(GLASS), None);
        let set: Actions = [Action::View, Action::Annotate].into_iter().collect();
        assert_eq!(set, Actions(0b101));
        assert!(set.contains(Action::Annotate) && !set.contains(Action::Export));
        assert!(set.within(Actions(7)) && !set.within(Actions(3)));
        assert_eq!(set.iter().collect::<Actions>(), set);
    }

    #[test]
    fn a_purpose_keeps_its_number() {
        assert_eq!(Purpose::TREAT.index(), 0);
        assert_eq!(Purpose::MLTRAINING.index(), 11);
        for p in Purpose::ALL {
            assert_eq!(Purpose::from_index(p.index()), Some(*p));
            assert_eq!(p.code().parse(), Ok(*p));
        }
    }
}
