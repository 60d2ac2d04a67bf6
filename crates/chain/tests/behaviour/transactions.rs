//! Transactions: prepared within bounds, done when proven.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, Log, U256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolError, SolEvent},
};
use dhc_chain::{
    BroadcastVerdict, PrepareError, ReceiptError, SignError, Signature, SignedTx, Signer,
    TxRequest, TxStatus, TxVerdict, contracts::Consent, proof::keys,
};
use dhc_domain::{Amount, Height, Timestamp};
use serde_json::{Value, json};

use crate::support::{GENESIS, Ledger, SimChain, SimNode, SimTx, World, set_nonce};

struct Account(PrivateKeySigner);

impl Account {
    fn new(seed: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).unwrap())
    }
}

impl Signer for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError> {
        self.0
            .sign_hash_sync(&hash.into())
            .map_err(|e| SignError(e.to_string()))
    }
}

const SHOP: Address = Address::repeat_byte(0x50);
const PATIENCE: Duration = Duration::from_secs(5);

fn funded(account: &Account, nonce: u64) -> Ledger {
    let mut ledger = Ledger::new();
    ledger.set(
        keys::balance(account.address(), "adhl"),
        *b"2000000000000000000",
    );
    set_nonce(&mut ledger, account.address(), nonce);
    ledger
}

fn world(account: &Account) -> World {
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], funded(account, 4));
    sim.grow_to(10);
    World::new(sim)
}

fn wish(account: &Account) -> TxRequest {
    TxRequest::transfer(account.address(), SHOP, Amount::from_dhl("1").unwrap())
}

async fn signed(world: &World, account: &Account) -> SignedTx {
    let chain = world.chain(&[&world.honest()], &[]);
    chain
        .prepare(&wish(account))
        .await
        .unwrap()
        .sign(account)
        .unwrap()
}

/// Puts the transaction into the next block, and two empty ones behind it.
fn include(world: &World, account: &Account, tx: SimTx) {
    world
        .sim
        .lock()
        .unwrap()
        .push(vec![SimTx::ok(&[0xc0]), tx], funded(account, 5));
    world.grow(2);
}

#[tokio::test]
async fn a_transaction_is_built_from_proven_nonce_and_bounded_fees() {
    let account = Account::new(1);
    let world = world(&account);
    let chain = world.chain(&[&world.honest()], &[]);
    let prepared = chain.prepare(&wish(&account)).await.unwrap();
    assert_eq!((prepared.nonce(), prepared.gas_limit()), (4, 21_000));
    assert_eq!(prepared.max_fee_per_gas(), 3_000_000_000);
    assert_eq!(
        prepared.max_fee(),
        Amount(U256::from(63_000_000_000_000u64))
    );
    let tx = prepared.sign(&account).unwrap();
    assert_eq!((tx.nonce, tx.since), (4, Height(10)));
    assert_eq!(tx.hash.0, alloy::primitives::keccak256(&tx.raw));
    let kept: SignedTx = serde_json::from_str(&serde_json::to_string(&tx).unwrap()).unwrap();
    assert_eq!(kept, tx);
    assert!(
        prepared.sign(&Account::new(2)).is_err(),
        "signed by another"
    );

    let mut more = wish(&account);
    more.value = U256::from(3_000_000_000_000_000_000u64);
    assert!(matches!(
        chain.prepare(&more).await,
        Err(PrepareError::InsufficientFunds { .. })
    ));
    more.value = U256::from(2_000_000_000_000_000_000u64);
    assert!(
        matches!(
            chain.prepare(&more).await,
            Err(PrepareError::InsufficientFunds { .. })
        ),
        "nothing for the fee"
    );
}

#[tokio::test]
async fn absurd_fees_and_refusals_are_said() {
    let account = Account::new(1);
    let world = world(&account);
    for (method, answer) in [
        ("eth_gasPrice", json!("0xffffffffffffffffffff")),
        ("eth_maxPriorityFeePerGas", json!("0xffffffffffffffffffff")),
        ("eth_estimateGas", json!("0xffffffff")),
    ] {
        let liar = SimNode::lying(&world.sim, move |m, _, reply| {
            if m == method {
                reply["result"] = answer.clone();
            }
        });
        let prepared = world.chain(&[&liar], &[]).prepare(&wish(&account)).await;
        assert!(
            matches!(prepared, Err(PrepareError::FeesUnreasonable)),
            "{method}: {prepared:?}"
        );
    }
    let data = format!("0x{}", hex::encode(Consent::GrantExpired {}.abi_encode()));
    let refusing = SimNode::lying(&world.sim, move |m, _, reply| {
        if m == "eth_estimateGas" {
            *reply = json!({"jsonrpc": "2.0", "id": reply["id"], "error": {"code": 3, "message": "execution reverted", "data": data}});
        }
    });
    match world
        .chain(&[&refusing], &[])
        .prepare(&wish(&account))
        .await
    {
        Err(PrepareError::WouldRevert(revert)) => assert_eq!(revert.name, "GrantExpired"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn broadcasting_twice_is_safe() {
    let account = Account::new(1);
    let world = world(&account);
    let node = world.honest();
    let chain = world.chain(&[&node], &[]);
    let tx = signed(&world, &account).await;
    assert_eq!(
        chain.await_proven(&tx, Duration::ZERO).await.unwrap(),
        TxVerdict::Unknown
    );
    assert_eq!(chain.broadcast(&tx).await, Ok(BroadcastVerdict::Accepted));
    assert_eq!(
        chain.broadcast(&tx).await,
        Ok(BroadcastVerdict::AlreadyKnown)
    );
    assert_eq!(
        chain.await_proven(&tx, PATIENCE).await.unwrap(),
        TxVerdict::Pending
    );
    assert_eq!(node.mempool.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_result_is_proven_with_its_logs() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    let event = Consent::Revoked {
        id: B256::repeat_byte(3),
        owner: account.address(),
        by: account.address(),
        time: 9,
    };
    let logs = vec![Log {
        address: SHOP,
        data: event.encode_log_data(),
    }];
    include(
        &world,
        &account,
        SimTx {
            logs,
            ..SimTx::ok(&tx.raw)
        },
    );
    let chain = world.chain(&[&world.honest()], &[]);
    let TxVerdict::Proven(receipt) = chain.await_proven(&tx, PATIENCE).await.unwrap() else {
        panic!("not proven");
    };
    assert_eq!(
        (receipt.tx, receipt.height, receipt.status),
        (tx.hash, Height(11), TxStatus::Ok)
    );
    assert_eq!(
        (receipt.from, receipt.to, receipt.nonce),
        (account.address(), Some(SHOP), 4)
    );
    assert_eq!(
        (receipt.time, receipt.gas_used),
        (Timestamp(GENESIS + 11), 21_000)
    );
    assert_eq!(receipt.event::<Consent::Revoked>(SHOP), Some(event));
    assert_eq!(receipt.event::<Consent::Revoked>(Address::ZERO), None);
    assert_eq!(chain.block(Height(11)).await.unwrap().txs, [*receipt]);
}

#[tokio::test]
async fn a_revert_and_a_refusal_are_told_apart() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    let reverted = SimTx {
        vm_error: "execution reverted".into(),
        ret: Consent::GrantRevoked {}.abi_encode(),
        ..SimTx::ok(&tx.raw)
    };
    include(&world, &account, reverted);
    let chain = world.chain(&[&world.honest()], &[]);
    let TxVerdict::Proven(receipt) = chain.await_proven(&tx, PATIENCE).await.unwrap() else {
        panic!("not proven")
    };
    assert_eq!(receipt.status, TxStatus::Reverted);
    assert_eq!(receipt.revert().unwrap().name, "GrantRevoked");

    let second = self::world(&account);
    include(
        &second,
        &account,
        SimTx {
            code: 11,
            ..SimTx::ok(&tx.raw)
        },
    );
    let chain = second.chain(&[&second.honest()], &[]);
    let TxVerdict::Proven(receipt) = chain.await_proven(&tx, PATIENCE).await.unwrap() else {
        panic!("not proven")
    };
    assert_eq!(
        (receipt.status, receipt.revert()),
        (TxStatus::Refused, None)
    );
}

#[tokio::test]
async fn a_node_that_hides_the_receipt_hides_nothing() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    include(&world, &account, SimTx::ok(&tx.raw));
    let hides = |m: &str, _: &Value, reply: &mut Value| {
        if m == "eth_getTransactionReceipt" || m == "eth_getTransactionByHash" {
            reply["result"] = Value::Null;
        }
    };
    let chain = world.chain(&[&SimNode::lying(&world.sim, hides)], &[]);
    let verdict = chain.await_proven(&tx, PATIENCE).await.unwrap();
    assert!(matches!(verdict, TxVerdict::Proven(r) if r.height == Height(11)));
}

#[tokio::test]
async fn a_nonce_used_by_another_transaction_voids_this_one() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    let mut other = wish(&account);
    other.value = U256::from(1);
    let chain = world.chain(&[&world.honest()], &[]);
    let other = chain.prepare(&other).await.unwrap().sign(&account).unwrap();
    include(&world, &account, SimTx::ok(&other.raw));
    assert_eq!(
        chain.await_proven(&tx, PATIENCE).await.unwrap(),
        TxVerdict::Replaced
    );
    assert!(matches!(
        chain.await_proven(&other, PATIENCE).await.unwrap(),
        TxVerdict::Proven(_)
    ));
}

#[tokio::test]
async fn no_lie_about_a_result_is_believed() {
    type Lie = fn(&mut Value);
    let lies: [(&str, &str, Lie); 8] = [
        ("a transaction left out", "block", |r| {
            drop(
                r["result"]["block"]["data"]["txs"]
                    .as_array_mut()
                    .unwrap()
                    .pop(),
            )
        }),
        ("transactions exchanged", "block", |r| {
            r["result"]["block"]["data"]["txs"]
                .as_array_mut()
                .unwrap()
                .reverse()
        }),
        ("an altered transaction", "block", |r| {
            r["result"]["block"]["data"]["txs"][1] = json!("AAAA")
        }),
        ("no transactions", "block", |r| {
            r["result"]["block"]["data"]["txs"] = Value::Null
        }),
        ("failure for success", "block_results", |r| {
            r["result"]["txs_results"][1]["code"] = json!(5)
        }),
        ("other data", "block_results", |r| {
            r["result"]["txs_results"][1]["data"] = r["result"]["txs_results"][0]["data"].clone()
        }),
        ("less gas", "block_results", |r| {
            r["result"]["txs_results"][1]["gas_used"] = json!("1")
        }),
        ("no results", "block_results", |r| {
            r["result"]["txs_results"] = Value::Null
        }),
    ];
    let account = Account::new(1);
    for (what, method, lie) in lies {
        let world = world(&account);
        let tx = signed(&world, &account).await;
        include(&world, &account, SimTx::ok(&tx.raw));
        let liar = SimNode::lying(&world.sim, move |m, _, reply| {
            if m == method {
                lie(reply);
            }
        });
        let verdict = world.chain(&[&liar], &[]).await_proven(&tx, PATIENCE).await;
        assert!(
            matches!(verdict, Err(ReceiptError::Untrusted(_))),
            "{what}: {verdict:?}"
        );
        let both = world.chain(&[&liar, &world.honest()], &[]);
        assert!(
            matches!(
                both.await_proven(&tx, PATIENCE).await,
                Ok(TxVerdict::Proven(_))
            ),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_receipt_for_a_block_that_has_it_not_is_no_proof() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    world.grow(5);
    let liar = SimNode::lying(&world.sim, |m, _, reply| {
        if m == "eth_getTransactionReceipt" {
            reply["result"] = json!({"blockNumber": "0xc", "status": "0x1"});
        }
    });
    let verdict = world
        .chain(&[&liar], &[])
        .await_proven(&tx, PATIENCE)
        .await
        .unwrap();
    assert_eq!(verdict, TxVerdict::Unknown);
}

#[tokio::test]
async fn a_network_that_goes_away_is_waited_for() {
    let account = Account::new(1);
    let world = world(&account);
    let tx = signed(&world, &account).await;
    include(&world, &account, SimTx::ok(&tx.raw));
    let node = world.honest();
    node.down.store(true, Ordering::Relaxed);
    let back = Arc::clone(&node);
    let mut sleeps = 0;
    world.clock.while_asleep(move || {
        sleeps += 1;
        back.down.store(sleeps < 4, Ordering::Relaxed);
    });
    let verdict = world
        .chain(&[&node], &[])
        .await_proven(&tx, PATIENCE)
        .await
        .unwrap();
    assert!(matches!(verdict, TxVerdict::Proven(_)));
}
