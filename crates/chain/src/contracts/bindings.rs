// A module each, so that types of one name in two ABIs stay apart.
macro_rules! binding {
    ($module:ident, $name:ident, $path:literal) => {
        #[allow(
            clippy::too_many_arguments,
            reason = "the events have as many fields as the contracts give them"
        )]
        mod $module {
            alloy::sol!(
                #[derive(Debug, PartialEq, Eq)]
                $name,
                $path
            );
        }
        pub use $module::$name;
    };
}

binding!(
    identity,
    Identity,
    "../../contracts/artifacts/Identity.json"
);
binding!(issuers, Issuers, "../../contracts/artifacts/Issuers.json");
binding!(
    record_index,
    RecordIndex,
    "../../contracts/artifacts/RecordIndex.json"
);
binding!(
    templates,
    Templates,
    "../../contracts/artifacts/Templates.json"
);
binding!(proxies, Proxies, "../../contracts/artifacts/Proxies.json");
binding!(consent, Consent, "../../contracts/artifacts/Consent.json");
/// What an owner decides when granting.
pub use consent::Grants::Terms as GrantTerms;
binding!(
    requests,
    Requests,
    "../../contracts/artifacts/Requests.json"
);
/// What is asked for, and by whom.
pub use requests::Requests::Wish as RequestWish;
binding!(
    incentive_pool,
    IncentivePool,
    "../../contracts/artifacts/IncentivePool.json"
);
binding!(
    dhl_token,
    DHLToken,
    "../../contracts/artifacts/DHLToken.json"
);

binding!(
    voting_escrow,
    VotingEscrow,
    "../../contracts/artifacts/VotingEscrow.json"
);
binding!(
    timelock,
    Timelock,
    "../../contracts/artifacts/Timelock.json"
);
binding!(
    governor,
    DHCGovernor,
    "../../contracts/artifacts/DHCGovernor.json"
);

/// The signature of the custom error with this selector, as `GrantRevoked()`, in whichever of the
/// contracts states it.
pub(crate) fn error_signature(selector: [u8; 4]) -> Option<&'static str> {
    Consent::ConsentErrors::signature_by_selector(selector)
        .or_else(|| RecordIndex::RecordIndexErrors::signature_by_selector(selector))
        .or_else(|| IncentivePool::IncentivePoolErrors::signature_by_selector(selector))
        .or_else(|| Identity::IdentityErrors::signature_by_selector(selector))
        .or_else(|| Issuers::IssuersErrors::signature_by_selector(selector))
        .or_else(|| Templates::TemplatesErrors::signature_by_selector(selector))
        .or_else(|| Proxies::ProxiesErrors::signature_by_selector(selector))
        .or_else(|| Requests::RequestsErrors::signature_by_selector(selector))
        .or_else(|| DHLToken::DHLTokenErrors::signature_by_selector(selector))
        .or_else(|| DHCGovernor::DHCGovernorErrors::signature_by_selector(selector))
        .or_else(|| Timelock::TimelockErrors::signature_by_selector(selector))
        .or_else(|| VotingEscrow::VotingEscrowErrors::signature_by_selector(selector))
}
