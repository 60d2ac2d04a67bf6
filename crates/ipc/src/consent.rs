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
    /// What a grant may allow: `view`, `export`, `annotate`.
    pub actions: Vec<String>,
    /// Whether the grantee may be allowed to share onward.
    pub onward: bool,
    /// 0: ordinary. Else grants are dormant until the grantee breaks the glass, loudly, and then
    /// open for so many seconds.
    pub glass_window_s: u64,
    /// Sensitive: grants are in custody mode.
    #[serde(default)]
    pub custody_only: bool,
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
    /// 1 to 16 records.
    pub studies: Vec<String>,
    pub to: String,
    pub purpose: String,
    /// RFC 3339, or a span as `7d`.
    pub until: String,
    #[serde(default)]
    pub template: Option<String>,
    /// `live` (default), `sealed` or `custody`.
    #[serde(default)]
    pub mode: Option<String>,
    #[serde(default)]
    pub approvers: Vec<String>,
    #[serde(default)]
    pub threshold: u8,
    /// `view`, `export`, `annotate`; none: all that the template allows.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Whether the grantee may share onward.
    #[serde(default)]
    pub onward: bool,
    /// Whose records, where this profile acts as their proxy; `None`: its own.
    #[serde(default)]
    pub owner: Option<String>,
    /// In custody mode who holds shares of the keys: `ACCOUNT@/ip4/…/tcp/…/p2p/…` each.
    #[serde(default)]
    pub custodians: Vec<String>,
    /// So many of them release.
    #[serde(default)]
    pub shares: u8,
}

/// Moves the end of a grant. One that wants approvals wants them again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenewGrant {
    pub grant: String,
    /// RFC 3339, or a span as `7d`, counted from now.
    pub until: String,
}

/// Passes on what was granted to this profile, if its owner allowed that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShareGrant {
    pub grant: String,
    pub to: String,
    /// RFC 3339, or a span as `7d`; not after the grant's own end.
    pub until: String,
    /// Of the grant's records; none: all.
    #[serde(default)]
    pub studies: Vec<String>,
    /// Of the grant's actions; none: all.
    #[serde(default)]
    pub actions: Vec<String>,
}

/// Opens a dormant grant to this profile, for its template's time, with its owner told at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BreakGlass {
    pub grant: String,
    /// Why; for the owner.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassView {
    pub grant: String,
    /// The last second in which the grant is open.
    pub open_until: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
}

/// Which glasses of this profile were broken and are not acknowledged yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Alarms {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlarmsView {
    /// Newest first.
    pub alarms: Vec<AlarmView>,
    /// Whether these are proven to be all of them.
    pub complete: bool,
    pub standing: Standing,
}

/// A glass that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmView {
    pub grant: String,
    pub by: String,
    pub by_name: Option<String>,
    pub time: String,
    /// Its place in the access log.
    pub seq: u64,
}

/// Says that the person has seen every broken glass up to this place in the access log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AcknowledgeAlarms {
    pub seq: u64,
}

/// The reason that this profile gave when it broke a glass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenReason {
    pub text: String,
    /// Where the owner had published no keys: the log's object is the keccak-256 of the 32 bytes
    /// keccak-256(salt ‖ text), so that whoever is shown both can tell that they are what was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApproveGrant {
    pub grant: String,
    /// The round whose terms the person saw; `None`: the one in force.
    #[serde(default)]
    pub round: Option<u16>,
}

/// An approval with the terms that were signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approved {
    #[serde(flatten)]
    pub change: GrantChange,
    pub terms: GrantView,
}

/// One grant as it stands on chain, whoever asks: what an approver reads before approving.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShowGrant {
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
    /// Only breaking the glass opens it.
    Dormant,
    Expired,
    Revoked,
}

/// One record of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantItemView {
    pub study: String,
    /// What the study is called: known to the owner, and to the grantee by the grant's note.
    pub title: Option<String>,
    pub date: Option<String>,
    pub modalities: Vec<String>,
    pub images: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    pub grant: String,
    /// The first of `studies`.
    pub study: String,
    pub studies: Vec<String>,
    /// In the order of `studies`.
    pub items: Vec<GrantItemView>,
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
    /// In this round: each renewal of a grant that wants approvals begins another.
    pub approvals: u8,
    pub threshold: u8,
    pub round: u16,
    /// What the grantee may do: `view`, `export`, `annotate`.
    pub actions: Vec<String>,
    /// Whether the grantee may share it.
    pub onward: bool,
    /// Who made it: the owner, somebody acting for them, or the grantee of `parent`.
    pub by: String,
    pub by_name: Option<String>,
    /// The grant that it was shared from.
    pub parent: Option<String>,
    /// 0: ordinary. Else the grant opens for so many seconds when its glass is broken.
    pub glass_window_s: u64,
    pub broken_at: Option<String>,
    /// Why this profile last broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<GivenReason>,
    /// What the first study is called.
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
    /// `view`, `export`, `annotate`; `glass`: the grantee broke the glass of the grant.
    pub action: String,
    /// The record opened; the hash of the reason where a glass was broken.
    pub object: String,
    /// Why the glass was broken, where that can be read here.
    pub reason: Option<String>,
    pub title: Option<String>,
    pub time: String,
    pub height: u64,
    pub mode: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    pub grant: String,
    /// Which of the grant's studies; may be left out where there is one.
    #[serde(default)]
    pub study: Option<String>,
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
    /// In custody mode: the holders that were heard until there were shares enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<HolderView>,
    pub standing: Standing,
}

/// A holder of a share, as it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderView {
    pub holder: String,
    /// Why it gave none; `None`: it gave a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<crate::Code>,
}
