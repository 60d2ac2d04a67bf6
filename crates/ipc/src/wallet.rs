use serde::{Deserialize, Serialize};

use crate::{AccountView, Standing};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accounts {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountsView {
    pub accounts: Vec<AccountView>,
}

/// `None`: my first account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Balance {
    #[serde(default)]
    pub address: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceView {
    pub address: String,
    pub amount: String,
    pub denom: String,
    pub standing: Standing,
}

/// `amount` in DHL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreviewSend {
    pub to: String,
    pub amount: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendPreview {
    pub to: String,
    pub to_name: Option<String>,
    /// adhl.
    pub amount: String,
    /// The most the transaction can cost.
    pub max_fee: String,
    /// What fees are counted in: `adhl`, or `wei` where DHL is a token on Ethereum.
    pub fee_denom: String,
    pub balance_before: String,
    pub balance_after: String,
    /// Never sent to before.
    pub first_time: bool,
    /// A known address this one looks like (address poisoning).
    pub looks_like: Option<String>,
    pub standing: Standing,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Send {
    pub to: String,
    pub amount: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransactionView {
    pub tx: String,
    pub height: u64,
    /// `ok` or `reverted`.
    pub status: String,
    pub fee: String,
    /// As in the preview.
    pub fee_denom: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Activity {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivityView {
    pub entries: Vec<ActivityEntry>,
}

/// `kind`: `sent`, `received`, `reward`, `identity`, `record`, `grant`, `revocation`, `access`,
/// `contribution`, `approval`, `sponsored` (an act of somebody else's that this account paid for).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    pub tx: String,
    pub height: u64,
    pub time: String,
    pub kind: String,
    pub from: String,
    pub to: String,
    pub to_name: Option<String>,
    pub amount: String,
    pub status: String,
    pub standing: Standing,
}

/// From the faucet; devnets only. `amount` in DHL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fund {
    pub to: String,
    pub amount: String,
}

/// Certifies an institution by a devnet's governance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certify {
    pub address: String,
    /// `secondary`, `tertiary`, `top_tertiary`.
    pub grade: String,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FundView {
    pub tx: String,
    pub height: u64,
}
