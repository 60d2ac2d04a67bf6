use serde::{Deserialize, Serialize};

use crate::Standing;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Templates {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplatesView {
    pub templates: Vec<TemplateView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateView {
    pub name: String,
    pub purposes: Vec<String>,
    pub max_window_s: u64,
    pub min_approvals: u8,
    pub sealed_allowed: bool,
    pub contribution: bool,
    pub standing: Standing,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Contacts {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    pub address: String,
    pub name: String,
    pub organisation: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContactsView {
    pub contacts: Vec<ContactView>,
}

/// Saves or renames a contact; an empty name removes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaveContact {
    pub address: String,
    pub name: String,
    #[serde(default)]
    pub organisation: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grant {
    pub study: String,
    pub to: String,
    pub purpose: String,
    /// RFC 3339, or a span as `7d`.
    pub until: String,
    #[serde(default)]
    pub template: Option<String>,
    /// `live` (default) or `sealed`.
    #[serde(default)]
    pub mode: Option<String>,
    #[serde(default)]
    pub approvers: Vec<String>,
    #[serde(default)]
    pub threshold: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveGrant {
    pub grant: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeGrant {
    pub grant: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantChange {
    pub grant: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grants {
    /// `given` or `received`; `None`: both.
    #[serde(default)]
    pub direction: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantsView {
    pub grants: Vec<GrantView>,
    /// Whether the list is proven to be all of them.
    pub complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantStateView {
    Active,
    AwaitingApproval,
    Expired,
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    pub grant: String,
    pub study: String,
    pub from: String,
    pub from_name: Option<String>,
    pub to: String,
    pub to_name: Option<String>,
    pub purpose: String,
    pub template: String,
    pub mode: String,
    pub given: String,
    pub not_after: String,
    pub state: GrantStateView,
    pub openings: u64,
    pub approvals: u8,
    pub threshold: u8,
    /// What the study is called: known to the owner, and to the grantee by the grant's note.
    pub title: Option<String>,
    pub date: Option<String>,
    pub modalities: Vec<String>,
    pub images: Option<u32>,
    pub standing: Standing,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    #[serde(default)]
    pub study: Option<String>,
}

/// `complete`: the entries are all there are, by the proven head of the hash chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditView {
    pub entries: Vec<AccessView>,
    pub complete: bool,
    /// Entries proven and entries there should be.
    pub verified: u64,
    pub length: u64,
    pub standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessView {
    pub grant: String,
    pub by: String,
    pub by_name: Option<String>,
    pub purpose: String,
    /// The record opened.
    pub object: String,
    pub title: Option<String>,
    pub time: String,
    pub height: u64,
    pub mode: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    pub grant: String,
    /// The folder that receives the original files; `None`: keep them sealed here.
    #[serde(default)]
    pub out: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FetchView {
    pub grant: String,
    pub study: String,
    pub instances: u32,
    pub bytes: u64,
    pub accessed: crate::Indexed,
    pub standing: Standing,
}
