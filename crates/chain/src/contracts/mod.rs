//! The product's contracts: their calls, events and errors as the compiler's ABI states them,
//! and typed readings of their storage.

mod bindings;
mod governance;
mod grants;
pub mod intents;
mod people;
mod read;
mod views;

use std::sync::LazyLock;

use dhc_domain::{Address, NetworkError, NetworkFile};

pub(crate) use bindings::error_signature;
pub use bindings::{
    Consent, DHCGovernor, DHLToken, GrantTerms, Identity, IncentivePool, Issuers, Proxies,
    RecordIndex, RequestWish, Requests, Templates, VotingEscrow,
};
pub use governance::{Acts, GovernorRules, Proposal, ProposalState};
pub use people::{AppointmentView, RequestView};
pub use views::{
    ContributionView, GrantView, IssuerView, KeysView, PoolDay, PoolLedger, PoolSchedule,
    RecordView, Share, TemplateView,
};

use crate::layout::{Layout, LayoutError};

macro_rules! contracts {
    ($($name:ident)*) => {
        /// A contract of the product, by its name in network files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Contract { $($name,)* }

        impl Contract {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The storage layout of the committed artifact.
            pub fn layout(self) -> Result<&'static Layout, LayoutError> {
                match self {
                    $(Self::$name => {
                        static LAYOUT: LazyLock<Result<Layout, LayoutError>> = LazyLock::new(|| {
                            Layout::of_artifact(include_str!(concat!(
                                env!("CARGO_MANIFEST_DIR"),
                                "/../../contracts/artifacts/",
                                stringify!($name),
                                ".json"
                            )))
                        });
                        LAYOUT.as_ref().map_err(Clone::clone)
                    })*
                }
            }
        }
    };
}

contracts! { Identity Issuers RecordIndex Templates Proxies Consent Requests IncentivePool DHLToken VotingEscrow Timelock DHCGovernor Registry }

impl Contract {
    /// Its address on a network.
    pub fn address(self, network: &NetworkFile) -> Result<Address, NetworkError> {
        network.contract(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Contract;

    #[test]
    fn every_artifact_states_a_layout() {
        for contract in Contract::ALL {
            contract
                .layout()
                .unwrap_or_else(|e| panic!("{}: {e}", contract.name()));
        }
    }
}
