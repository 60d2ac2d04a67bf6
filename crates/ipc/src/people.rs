use serde::{Deserialize, Serialize};

use crate::Standing;

/// Lets somebody act for this profile, in place of what they could do for it before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppointProxy {
    pub proxy: String,
    /// `grant`, `revoke`, `renew`, `answer`; at least one.
    pub powers: Vec<String>,
    /// RFC 3339, or a span as `365d`.
    pub until: String,
}

/// Takes all powers from a proxy at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DismissProxy {
    pub proxy: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyChange {
    pub proxy: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Proxies {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProxiesView {
    /// Who acts for this profile, or did.
    pub proxies: Vec<ProxyView>,
    /// For whom this profile acts, or did.
    pub wards: Vec<ProxyView>,
    /// Whether both lists are proven to be all of them.
    pub complete: bool,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyStateView {
    Active,
    /// Their time is over.
    Ended,
    Dismissed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyView {
    /// The proxy in `proxies`, the owner in `wards`.
    pub address: String,
    pub name: Option<String>,
    /// `grant`, `revoke`, `renew`, `answer`; none after a dismissal.
    pub powers: Vec<String>,
    /// The last second in which they count; `None` after a dismissal.
    pub until: Option<String>,
    /// When this was last decided.
    pub since: String,
    pub state: ProxyStateView,
    pub standing: Standing,
}

/// Asks somebody for access to their records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AskAccess {
    pub owner: String,
    /// HL7 ActReason.
    pub purpose: String,
    /// How long, as `7d`, from when access is given.
    pub window: String,
    #[serde(default)]
    pub template: Option<String>,
    /// `view`, `export`, `annotate`; none: all that the template allows.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Which records, and why: for the owner alone. At most 830 bytes.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestChange {
    pub request: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Requests {
    /// `asked` or `received`; `None`: both.
    #[serde(default)]
    pub direction: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestsView {
    /// Newest first.
    pub requests: Vec<RequestView>,
    /// Whether the list is proven to be all of them.
    pub complete: bool,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStateView {
    Open,
    Answered,
    Declined,
    /// By who asked.
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    pub request: String,
    /// Who asks.
    pub from: String,
    pub from_name: Option<String>,
    /// Who is asked.
    pub to: String,
    pub to_name: Option<String>,
    pub asked: String,
    pub purpose: String,
    pub template: String,
    /// For how long access is asked, seconds.
    pub window_s: u64,
    /// `view`, `export`, `annotate`.
    pub actions: Vec<String>,
    /// The asker's words; `None` where they cannot be read here.
    pub text: Option<String>,
    pub state: RequestStateView,
    /// The grant that answers it.
    pub grant: Option<String>,
    pub standing: Standing,
}

/// Gives the access that was asked for, or less, and says that this is the answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AnswerRequest {
    pub request: String,
    /// 1 to 16 records.
    pub studies: Vec<String>,
    /// RFC 3339, or a span as `7d`; not later than what was asked. None: as asked.
    #[serde(default)]
    pub until: Option<String>,
    /// `live` (default), `sealed` or `custody`.
    #[serde(default)]
    pub mode: Option<String>,
    #[serde(default)]
    pub approvers: Vec<String>,
    #[serde(default)]
    pub threshold: u8,
    /// As in a grant.
    #[serde(default)]
    pub custodians: Vec<String>,
    #[serde(default)]
    pub shares: u8,
    /// Among those asked for. None: as asked.
    #[serde(default)]
    pub actions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAnswered {
    pub request: String,
    pub grant: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeclineRequest {
    pub request: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawRequest {
    pub request: String,
}
