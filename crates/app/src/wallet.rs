//! Balances, transfers and the account's activity.

use std::time::Duration;

use dhc_chain::{At, ProvenReceipt, TxRequest};
use dhc_domain::{
    Address, Amount, AmountError, DENOM, Height, HospitalGrade, TxHash, parse_address,
};
use dhc_ipc::{
    AccountView, AccountsView, BalanceView, Certify, Code, Failure, Fund, FundView, PreviewSend,
    Send, SendPreview, TransactionView,
};
use serde_json::json;

use crate::{
    activity, contacts,
    failure::{misuse, standing},
    issue::parse,
    job::Job,
    ledger::{prepare_failure, proven_at, read_failure, receipt_failure, sync_failure},
    ports::ServiceError,
    profile::{Profile, Session},
};

/// The base unit of Ethereum's coin.
const WEI: &str = "wei";

pub(crate) fn address(text: &str) -> Result<Address, Failure> {
    parse_address(text).map_err(|e| misuse(e.to_string()))
}

pub(crate) fn amount(text: &str) -> Result<Amount, Failure> {
    Amount::from_dhl(text).map_err(|e: AmountError| misuse(e.to_string()))
}

/// The address that `given` names, or this profile's own.
pub(crate) fn or_mine(profile: &Profile, given: Option<&str>) -> Result<Address, Failure> {
    match given {
        Some(text) => address(text),
        None => Ok(profile.session()?.address),
    }
}

pub fn accounts(session: &Session) -> AccountsView {
    AccountsView {
        accounts: vec![AccountView {
            index: 0,
            address: session.address.to_string(),
        }],
    }
}

pub async fn balance(profile: &Profile, of: Option<&str>) -> Result<BalanceView, Failure> {
    let address = or_mine(profile, of)?;
    let balance = profile
        .chain
        .balance(address, At::Latest)
        .await
        .map_err(read_failure)?;
    Ok(BalanceView {
        address: address.to_string(),
        amount: balance.value.to_string(),
        denom: DENOM.into(),
        standing: standing(balance.standing),
    })
}

struct Transfer {
    to: Address,
    amount: Amount,
    request: TxRequest,
}

fn transfer(
    profile: &Profile,
    session: &Session,
    to: &str,
    dhl: &str,
) -> Result<Transfer, Failure> {
    let (to, amount) = (address(to)?, amount(dhl)?);
    if amount.is_zero() {
        return Err(misuse("nothing to send: the amount is zero"));
    }
    let request = if profile.chain.is_ethereum() {
        TxRequest::token_transfer(session.address, profile.contract("DHLToken")?, to, amount)
    } else {
        TxRequest::transfer(session.address, to, amount)
    };
    Ok(Transfer {
        to,
        amount,
        request,
    })
}

/// What fees are counted in: Ethereum's own coin where DHL is a token.
fn fee_denom(profile: &Profile) -> &'static str {
    if profile.chain.is_ethereum() {
        WEI
    } else {
        DENOM
    }
}

/// A token's transfer is refused here and not by its contract, which would take the fee for it.
fn covered(profile: &Profile, have: Amount, need: Amount) -> Result<(), Failure> {
    if profile.chain.is_ethereum() && have < need {
        return Err(Failure::new(
            Code::InsufficientFunds,
            format!(
                "the account holds {} DHL, this needs {} DHL",
                have.to_dhl(),
                need.to_dhl()
            ),
        ));
    }
    Ok(())
}

/// What a transfer would do, for clear signing.
pub async fn preview(profile: &Profile, args: &PreviewSend) -> Result<SendPreview, Failure> {
    let session = profile.session()?;
    let transfer = transfer(profile, &session, &args.to, &args.amount)?;
    let before = profile
        .chain
        .balance(session.address, At::Latest)
        .await
        .map_err(read_failure)?;
    covered(profile, before.value, transfer.amount)?;
    let prepared = profile
        .chain
        .prepare(&transfer.request)
        .await
        .map_err(prepare_failure)?;
    let max_fee = prepared.max_fee();
    let most = if profile.chain.is_ethereum() {
        transfer.amount
    } else {
        prepared.max_cost()
    };
    let known = contacts::known(&session)?;
    let sent_to = activity::sent_to(&session)?;
    Ok(SendPreview {
        to: transfer.to.to_string(),
        to_name: known.get(&transfer.to).cloned(),
        amount: transfer.amount.to_string(),
        max_fee: max_fee.to_string(),
        fee_denom: fee_denom(profile).into(),
        balance_before: before.value.to_string(),
        balance_after: before
            .value
            .checked_sub(most)
            .unwrap_or_default()
            .to_string(),
        first_time: !sent_to.contains(&transfer.to),
        looks_like: sent_to
            .iter()
            .chain(known.keys())
            .find(|a| looks_alike(a, &transfer.to))
            .map(ToString::to_string),
        standing: standing(before.standing),
    })
}

/// Whether two different addresses agree in the digits that people compare: the first four and
/// the last four (address poisoning).
fn looks_alike(a: &Address, b: &Address) -> bool {
    a != b && a[..2] == b[..2] && a[18..] == b[18..]
}

pub async fn send(profile: &Profile, args: &Send, job: &Job) -> Result<TransactionView, Failure> {
    let session = profile.session()?;
    let Transfer {
        to,
        amount,
        request,
    } = transfer(profile, &session, &args.to, &args.amount)?;
    let before = profile
        .chain
        .balance(session.address, At::Latest)
        .await
        .map_err(read_failure)?
        .value;
    let act = format!("send {to} {amount}");
    if !profile.in_flight(&session, &act)? {
        covered(profile, before, amount)?;
    }
    let receipt = profile.transact_kept(&session, &act, job, request).await?;
    let after = profile
        .chain
        .balance(session.address, At::AtLeast(receipt.height))
        .await
        .map_err(read_failure)?
        .value;
    activity::note_sent(&session, to)?;
    // Last of all: cut off before, the same command answers this payment and makes no second one.
    profile.forget_act(&session, &act)?;
    job.changed();
    Ok(TransactionView {
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
        status: "ok".into(),
        fee: if profile.chain.is_ethereum() {
            receipt.max_fee()
        } else {
            fee(before, after, amount, receipt.max_fee())
        }
        .to_string(),
        fee_denom: fee_denom(profile).into(),
        standing: proven_at(receipt.height),
    })
}

/// The price that was paid is nothing that consensus commits to; the proven balances show it,
/// unless something else moved between them: then the most it can have been is said.
fn fee(before: Amount, after: Amount, sent: Amount, most: Amount) -> Amount {
    before
        .checked_sub(after)
        .and_then(|spent| spent.checked_sub(sent))
        .filter(|fee| !fee.is_zero() && *fee <= most)
        .unwrap_or(most)
}

/// Asks a devnet's faucet.
pub async fn fund(profile: &Profile, args: &Fund) -> Result<FundView, Failure> {
    let (to, amount) = (address(&args.to)?, amount(&args.amount)?);
    let answer = profile
        .services
        .call("dhc_fund", json!([to, format!("{:#x}", amount.0)]))
        .await
        .map_err(service_failure)?;
    let hash: TxHash = answer
        .as_str()
        .and_then(|s| s.parse().ok())
        .ok_or_else(|| misuse("the faucet's answer is not a transaction hash"))?;
    let receipt = proven_by_hash(profile, hash).await?;
    Ok(FundView {
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
    })
}

/// How long a transaction of the network's own may take to be proven.
const SERVICE_PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The proven receipt of a transaction that somebody else sent: a node says where it is, the block
/// there proves it.
async fn proven_by_hash(profile: &Profile, hash: TxHash) -> Result<ProvenReceipt, Failure> {
    let deadline = profile.clock.now().plus(SERVICE_PATIENCE.as_secs());
    while profile.clock.now() < deadline {
        let receipt = profile
            .services
            .call("eth_getTransactionReceipt", json!([hash]))
            .await
            .map_err(service_failure)?;
        let claimed = receipt["blockNumber"]
            .as_str()
            .and_then(|n| u64::from_str_radix(n.trim_start_matches("0x"), 16).ok());
        if let Some(height) = claimed.map(Height) {
            profile
                .chain
                .wait_for(height.next(), SERVICE_PATIENCE)
                .await
                .map_err(sync_failure)?;
            let block = profile.chain.block(height).await.map_err(receipt_failure)?;
            return block.txs.into_iter().find(|t| t.tx == hash).ok_or_else(|| {
                Failure::new(
                    Code::NodeUntrusted,
                    "the transaction is not where the node said",
                )
            });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(Failure::new(
        Code::TxPending,
        format!("{hash} waits for a block"),
    ))
}

/// Certifies an institution by the devnet's governance.
pub async fn certify(profile: &Profile, args: &Certify) -> Result<FundView, Failure> {
    let issuer = address(&args.address)?;
    let grade = parse::<HospitalGrade>("grade", &args.grade)?;
    let answer = profile
        .services
        .call("dhc_certify", json!([issuer, grade as u8, args.name]))
        .await
        .map_err(service_failure)?;
    let hash = answer
        .as_str()
        .and_then(|s| s.parse().ok())
        .ok_or_else(|| misuse("the network's answer is not a transaction hash"))?;
    let receipt = proven_by_hash(profile, hash).await?;
    Ok(FundView {
        tx: receipt.tx.to_string(),
        height: receipt.height.0,
    })
}

pub(crate) fn service_failure(e: ServiceError) -> Failure {
    match e {
        ServiceError::Unreachable(_) => {
            Failure::new(dhc_ipc::Code::NetworkUnreachable, e.to_string()).hint("dhc devnet start")
        }
        ServiceError::Refused(_) => misuse(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use dhc_domain::U256;

    use super::*;

    #[test]
    fn the_fee_is_what_the_balance_lost_beyond_the_amount() {
        let a = |n: u64| Amount(U256::from(n));
        assert_eq!(fee(a(100), a(60), a(30), a(20)), a(10));
        // A reward came in between, or a second transfer went out.
        assert_eq!(fee(a(100), a(90), a(30), a(20)), a(20));
        assert_eq!(fee(a(100), a(10), a(30), a(20)), a(20));
    }

    #[test]
    fn an_address_that_looks_like_a_known_one_is_noticed() {
        let known: Address = "0x1234567890123456789012345678901234567890"
            .parse()
            .unwrap();
        let poison: Address = "0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa7890"
            .parse()
            .unwrap();
        let other: Address = "0x1235aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa7890"
            .parse()
            .unwrap();
        assert!(looks_alike(&known, &poison));
        assert!(!looks_alike(&known, &known));
        assert!(!looks_alike(&known, &other));
    }
}
