use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident $text:literal,)*) => {
        /// What went wrong, as callers branch on it. Codes are added, never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code { $(#[serde(rename = $text)] $variant,)* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    BadPassword "bad_password",
    VaultDamaged "vault_damaged",
    VaultLocked "vault_locked",
    VaultExists "vault_exists",
    VaultMissing "vault_missing",
    HomeBusy "home_busy",
    HomeDamaged "home_damaged",
    NetworkUnreachable "network_unreachable",
    NodeUntrusted "node_untrusted",
    WitnessConflict "witness_conflict",
    ProofUnavailable "proof_unavailable",
    TrustExpired "trust_expired",
    ClockSkew "clock_skew",
    InsufficientFunds "insufficient_funds",
    TxReverted "tx_reverted",
    TxPending "tx_pending",
    NotDicom "not_dicom",
    DicomDamaged "dicom_damaged",
    UnsupportedTransferSyntax "unsupported_transfer_syntax",
    ArchiveRefused "archive_refused",
    NothingToImport "nothing_to_import",
    FileUnreadable "file_unreadable",
    RecordUnknown "record_unknown",
    NoIdentity "no_identity",
    SealRefused "seal_refused",
    GrantUnknown "grant_unknown",
    GrantExpired "grant_expired",
    GrantRevoked "grant_revoked",
    GrantUnapproved "grant_unapproved",
    GrantDormant "grant_dormant",
    ActionRefused "action_refused",
    OnwardRefused "onward_refused",
    NotGrantee "not_grantee",
    NotApprover "not_approver",
    RequestUnknown "request_unknown",
    RequestClosed "request_closed",
    TooManyRequests "too_many_requests",
    ProxyUnknown "proxy_unknown",
    ProxyRefused "proxy_refused",
    TemplateRefused "template_refused",
    OwnerOffline "owner_offline",
    HolderOffline "holder_offline",
    ShareRefused "share_refused",
    TooFewShares "too_few_shares",
    ContentUnavailable "content_unavailable",
    ContentCorrupt "content_corrupt",
    AlreadyContributed "already_contributed",
    NothingToClaim "nothing_to_claim",
    ProposalRefused "proposal_refused",
    SponsorRefused "sponsor_refused",
    SponsorBudget "sponsor_budget",
    SponsorLimit "sponsor_limit",
    SponsorStranger "sponsor_stranger",
    SponsorLate "sponsor_late",
    SponsorUnreachable "sponsor_unreachable",
    DiskFull "disk_full",
    OverQuota "over_quota",
    LastCopy "last_copy",
    PinUnreachable "pin_unreachable",
    PinRefused "pin_refused",
    Cancelled "cancelled",
    Misuse "misuse",
    Internal "internal",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure as it leaves the core. `message` is English for logs and the command line; the UI
/// says it in its own words by `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}
