use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A request to the core and the answer it gets. One list serves every transport.
pub trait Command: Serialize + DeserializeOwned {
    const NAME: &'static str;
    type Answer: Serialize + DeserializeOwned;
}

/// What a transport carries: which command, for which profile, with which arguments.
/// HTTP: `POST /api/call`. Tauri: `invoke("call", { call })`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    pub name: String,
    /// The profile's id; empty for commands of no profile.
    #[serde(default)]
    pub profile: String,
    /// Named by the caller to follow progress in events and to cancel.
    #[serde(default)]
    pub job: Option<String>,
    pub args: serde_json::Value,
}

/// An answer with nothing to say but that it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub ok: bool,
}

macro_rules! commands {
    ($($request:ty => $name:literal => $answer:ty,)*) => {
        $(impl Command for $request {
            const NAME: &'static str = $name;
            type Answer = $answer;
        })*

        /// Every command's name.
        pub const NAMES: &[&str] = &[$($name,)*];
    };
}

use crate::*;

commands! {
    AppState => "app_state" => AppView,
    CreateProfile => "profile_create" => ProfileView,
    RenameProfile => "profile_rename" => ProfileView,
    CreateVault => "vault_create" => VaultCreated,
    RestoreVault => "vault_restore" => VaultCreated,
    ConfirmWords => "vault_confirm_words" => Done,
    RevealWords => "vault_reveal_words" => Words,
    VerifyVault => "vault_verify" => Done,
    Unlock => "unlock" => ProfileView,
    Lock => "lock" => Done,
    Cancel => "cancel" => Done,
    Settings => "settings" => SettingsView,
    ChangeSettings => "settings_change" => SettingsView,
    Home => "home" => HomeView,
    NodeStatus => "node_status" => NodeView,
    ResumeNode => "node_resume" => NodeView,
    CheckNode => "node_check" => NodeView,
    ShowCheckpoint => "node_checkpoint" => CheckpointView,
    TrustCheckpoint => "node_trust" => NodeView,
    StorageStatus => "storage_status" => StorageView,
    StorageObjects => "storage_objects" => StorageObjectsView,
    VerifyStorage => "storage_verify" => StorageVerified,
    StorageQuota => "storage_quota" => QuotaView,
    ForgetObject => "storage_forget" => Forgotten,
    ExportObject => "storage_export" => CarView,
    ImportObjects => "storage_import" => CarView,
    PinServices => "pin_services" => PinServicesView,
    AddPinService => "pin_service_add" => PinServicesView,
    RemovePinService => "pin_service_remove" => PinServicesView,
    SyncPins => "pin_sync" => PinServicesView,
    RestoreRecords => "records_restore" => RestoredView,
    Sponsors => "sponsors" => SponsorsView,
    AddSponsor => "sponsor_add" => SponsorsView,
    RemoveSponsor => "sponsor_remove" => SponsorsView,
    UseSponsors => "sponsor_use" => SponsorsView,
    PublishIdentity => "identity_publish" => IdentityView,
    ShowIdentity => "identity_show" => IdentityView,
    Import => "import" => ImportView,
    Issue => "issue" => IssueView,
    Records => "records" => RecordsView,
    ShowRecord => "record" => RecordDetail,
    OpenFilm => "film_open" => FilmView,
    Templates => "templates" => TemplatesView,
    Contacts => "contacts" => ContactsView,
    SaveContact => "contact_save" => ContactsView,
    Grant => "consent_grant" => GrantChange,
    RenewGrant => "consent_renew" => GrantChange,
    ShareGrant => "consent_share" => GrantChange,
    BreakGlass => "consent_break_glass" => GlassView,
    Alarms => "alarms" => AlarmsView,
    AcknowledgeAlarms => "alarms_acknowledge" => AlarmsView,
    ShowGrant => "consent_show" => GrantView,
    ApproveGrant => "consent_approve" => Approved,
    RevokeGrant => "consent_revoke" => GrantChange,
    Grants => "consent_list" => GrantsView,
    Audit => "consent_audit" => AuditView,
    AskAccess => "consent_request" => RequestChange,
    Requests => "consent_requests" => RequestsView,
    AnswerRequest => "consent_answer" => RequestAnswered,
    DeclineRequest => "consent_decline" => RequestChange,
    WithdrawRequest => "consent_withdraw" => RequestChange,
    AppointProxy => "proxy_appoint" => ProxyChange,
    DismissProxy => "proxy_dismiss" => ProxyChange,
    Proxies => "proxies" => ProxiesView,
    Fetch => "fetch" => FetchView,
    Weigh => "weigh" => WeighView,
    Contribute => "contribute" => ContributionView,
    Earnings => "earnings" => EarningsView,
    Claim => "earnings_claim" => EarningsView,
    Accounts => "accounts" => AccountsView,
    Balance => "balance" => BalanceView,
    PreviewSend => "send_preview" => SendPreview,
    Send => "send" => TransactionView,
    Activity => "activity" => ActivityView,
    LockVotes => "governance_lock" => LockView,
    UnlockVotes => "governance_unlock" => LockView,
    Propose => "governance_propose" => ProposalChange,
    Proposals => "governance_list" => ProposalsView,
    VoteOn => "governance_vote" => ProposalChange,
    QueueProposal => "governance_queue" => ProposalChange,
    ExecuteProposal => "governance_execute" => ProposalChange,
    Certify => "devnet_certify" => FundView,
    Fund => "devnet_fund" => FundView,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_name_of_its_own() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
