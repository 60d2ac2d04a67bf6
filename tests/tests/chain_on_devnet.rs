//! The light client against the embedded chain, over HTTP: what the wallet does with a network.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use dhc_adapters::{headers::RedbHeaderStore, rpc::HttpTransport, rpc::SystemClock};
use dhc_chain::{
    At, Chain, Endpoints, HistoryVerdict, Prefix, PrepareError, ProvenReceipt, SignError,
    Signature, Signer, SolCall, SyncError, Transport, TransportError, TxRequest, TxStatus,
    TxVerdict,
    contracts::{Consent, Contract, GrantTerms, Identity, RecordIndex},
    history::{Accessed, GrantGiven, GrantReceived, RecordAdded},
};
use dhc_devnet::{Config, Devnet};
use dhc_domain::{
    Action, Actions, Amount, Asked, Commitment, GrantId, GrantState, Height, Mode, NetworkFile,
    Purpose, RecordId, Standing, Timestamp, UnprovenReason,
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Account(PrivateKeySigner);

impl Account {
    fn new(seed: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).expect("a key"))
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

struct World {
    directory: tempfile::TempDir,
    devnet: Devnet,
    patient: Account,
    doctor: Account,
}

impl World {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let (patient, doctor) = (Account::new(0x11), Account::new(0x22));
        let mut config = Config::new(directory.path().join("devnet"));
        config.block_ms = 200;
        let ten = Amount::from_dhl("10").expect("an amount");
        config.fund = vec![(patient.address(), ten), (doctor.address(), ten)];
        let devnet = Devnet::start(config).await.expect("a devnet");
        Self {
            directory,
            devnet,
            patient,
            doctor,
        }
    }

    fn chain(&self, profile: &str) -> Chain {
        let network = self.devnet.network_file.clone();
        let comet = transports(&network.rpc);
        self.chain_over(profile, comet)
    }

    fn chain_over(&self, profile: &str, comet: Vec<Arc<dyn Transport>>) -> Chain {
        let network: NetworkFile = self.devnet.network_file.clone();
        let endpoints = Endpoints {
            comet,
            evm: transports(&network.evm),
            witnesses: transports(&network.witnesses),
        };
        let store =
            RedbHeaderStore::open(&self.directory.path().join(profile)).expect("a header store");
        Chain::new(network, endpoints, Arc::new(store), Arc::new(SystemClock))
            .expect("a network file")
    }
}

fn transports(urls: &[String]) -> Vec<Arc<dyn Transport>> {
    urls.iter()
        .map(|url| Arc::new(HttpTransport::new(url).expect("an address")) as Arc<dyn Transport>)
        .collect()
}

async fn done(chain: &Chain, account: &Account, request: TxRequest) -> ProvenReceipt {
    let (_, verdict) = chain
        .submit(&request, account, PATIENCE)
        .await
        .expect("a verdict");
    let TxVerdict::Proven(receipt) = verdict else {
        panic!("not proven: {verdict:?}");
    };
    *receipt
}

async fn call(
    chain: &Chain,
    account: &Account,
    contract: Contract,
    call: impl SolCall,
) -> ProvenReceipt {
    let address = contract.address(chain.network()).expect("an address");
    let receipt = done(
        chain,
        account,
        TxRequest::call(account.address(), address, &call),
    )
    .await;
    assert_eq!(
        receipt.status,
        TxStatus::Ok,
        "{}: {:?}",
        receipt.vm_error,
        receipt.revert()
    );
    receipt
}

#[tokio::test]
async fn coins_move_and_it_is_proven() {
    let world = World::start().await;
    let chain = world.chain("headers");
    let head = chain.sync().await.expect("a head");
    assert_eq!(
        head.witnesses_total,
        world.devnet.network_file.witnesses.len()
    );

    let (from, to) = (world.patient.address(), Address::repeat_byte(0x77));
    let before = chain.balance(from, At::Latest).await.expect("a balance");
    assert!(before.standing.is_proven());
    assert_eq!(before.value, Amount::from_dhl("10").expect("an amount"));
    assert_eq!(
        chain
            .balance(to, At::Latest)
            .await
            .expect("an absence")
            .value,
        Amount::ZERO
    );
    assert_eq!(
        chain
            .code_hash(to, At::Latest)
            .await
            .expect("an absence")
            .value,
        None
    );

    let one = Amount::from_dhl("1").expect("an amount");
    let receipt = done(&chain, &world.patient, TxRequest::transfer(from, to, one)).await;
    assert_eq!(
        (receipt.status, receipt.gas_used, receipt.value),
        (TxStatus::Ok, 21_000, one.0)
    );
    let at = At::AtLeast(receipt.height);
    let arrived = chain.balance(to, at).await.expect("a balance");
    assert_eq!(arrived.value, one);
    assert!(matches!(arrived.standing, Standing::Proven { height } if height >= receipt.height));
    let left = chain.balance(from, at).await.expect("a balance").value;
    let fee = before.value.0 - one.0 - left.0;
    assert!(
        fee > U256::ZERO && fee <= receipt.max_fee().0,
        "fee {fee}, at most {}",
        receipt.max_fee()
    );
    assert_eq!(chain.nonce(from, at).await.expect("a nonce").value, 1);
    // The next one follows at once.
    let second = done(&chain, &world.patient, TxRequest::transfer(from, to, one)).await;
    assert_eq!(second.nonce, 1);

    let status = chain.status().await;
    assert!(status.standing.is_proven() && status.synced, "{status:?}");
    // What was trusted outlives the process; an older header is still to be had.
    let trusted = status.trusted_height.expect("a height");
    drop(chain);
    let again = world.chain("headers");
    assert!(again.sync().await.expect("a head").height >= trusted);
    let block = again.block(receipt.height).await.expect("a block");
    assert!(block.txs.iter().any(|tx| tx.tx == receipt.tx));
}

#[tokio::test]
async fn a_grant_lives_is_used_and_ends_with_every_step_proven() {
    let world = World::start().await;
    let (chain, doctors) = (world.chain("patient"), world.chain("doctor"));
    let (owner, grantee) = (world.patient.address(), world.doctor.address());

    let keys = vec![7u8; 1216];
    let published = Identity::publishCall {
        publicKeys: keys.clone().into(),
    };
    let receipt = call(&chain, &world.doctor, Contract::Identity, published).await;
    let read = chain
        .published_keys(grantee, At::AtLeast(receipt.height))
        .await
        .expect("keys");
    assert_eq!(read.value, Some(keys));

    let (id, commitment) = (
        RecordId(B256::repeat_byte(1)),
        Commitment(B256::repeat_byte(2)),
    );
    let add = RecordIndex::addCall {
        id: id.0,
        commitment: commitment.0,
        root: B256::repeat_byte(3),
        issuer: Address::ZERO,
        quality: 0,
        issuerSignature: Bytes::new(),
    };
    let added = call(&chain, &world.patient, Contract::RecordIndex, add).await;
    let at = At::AtLeast(added.height);
    let record = chain
        .record(id, at)
        .await
        .expect("a record")
        .value
        .expect("indexed");
    assert_eq!(
        (record.owner, record.commitment, record.issuer),
        (owner, commitment, None)
    );
    assert_eq!(record.added_at, added.time);
    let records = chain
        .history::<RecordAdded>(owner, &Prefix::default(), at)
        .await
        .expect("a history");
    assert_eq!(
        (records.verdict, records.entries.len()),
        (HistoryVerdict::Complete, 1)
    );
    assert_eq!(records.entries[0].id, id);

    let template = keccak256("treatment");
    let admitted = chain
        .template(template, At::Latest)
        .await
        .expect("a template")
        .value
        .expect("of genesis");
    assert_eq!(
        admitted.named("treatment").admits(&Asked {
            purpose: Purpose::TREAT,
            window_s: 600,
            threshold: 0,
            mode: Mode::Live,
            actions: None,
            onward: false,
        }),
        Ok(())
    );

    let salt = B256::repeat_byte(4);
    let terms = GrantTerms {
        owner,
        salt,
        grantee,
        recordIds: vec![id.0],
        templateId: template,
        purpose: Purpose::TREAT.index(),
        mode: Mode::Live.index(),
        actions: 1,
        onward: false,
        notAfter: added.time.plus(86_400).0,
        threshold: 0,
        approvers: vec![],
        consentHash: B256::repeat_byte(5),
        note: Bytes::from_static(b"sealed to the doctor"),
    };
    let grant = Consent::grantCall { terms };
    let granted = call(&chain, &world.patient, Contract::Consent, grant).await;
    let consent = Contract::Consent
        .address(chain.network())
        .expect("an address");
    let event = granted
        .event::<Consent::Granted>(consent)
        .expect("an event");
    let grant_id = GrantId(event.id);
    let at = At::AtLeast(granted.height);
    let view = doctors
        .grant(grant_id, at)
        .await
        .expect("a grant")
        .value
        .expect("given");
    assert_eq!(
        (view.owner, view.grantee, view.by, view.purpose),
        (owner, grantee, owner, Purpose::TREAT)
    );
    assert_eq!(
        (view.records.as_slice(), view.actions),
        (&[id][..], Actions(1))
    );
    assert_eq!(view.state(granted.time), GrantState::Active);
    let received = doctors
        .history::<GrantReceived>(grantee, &Prefix::default(), at)
        .await
        .expect("a history");
    assert_eq!(received.entries[0].note, b"sealed to the doctor");
    let given = chain
        .history::<GrantGiven>(owner, &Prefix::default(), at)
        .await
        .expect("a history");
    assert_eq!(
        (given.verdict, given.entries[0].id),
        (HistoryVerdict::Complete, grant_id)
    );

    let access = Consent::recordAccessCall {
        id: grant_id.0,
        recordId: id.0,
        action: Action::View.index(),
    };
    let opened = call(&doctors, &world.doctor, Contract::Consent, access.clone()).await;
    let log = chain
        .history::<Accessed>(owner, &Prefix::default(), At::AtLeast(opened.height))
        .await
        .expect("a log");
    assert_eq!(
        (log.verdict, log.entries.len()),
        (HistoryVerdict::Complete, 1)
    );
    assert_eq!(
        (log.entries[0].by, log.entries[0].time, log.entries[0].id),
        (grantee, opened.time, grant_id)
    );
    assert_eq!(
        (log.entries[0].object, log.entries[0].action()),
        (id.0, Some(Action::View))
    );

    let revoked = call(
        &chain,
        &world.patient,
        Contract::Consent,
        Consent::revokeCall { id: grant_id.0 },
    )
    .await;
    let view = doctors
        .grant(grant_id, At::AtLeast(revoked.height))
        .await
        .expect("a grant")
        .value
        .expect("given");
    assert_eq!(view.state(Timestamp(0)), GrantState::Revoked);
    let mut again = TxRequest::call(grantee, consent, &access);
    match doctors.prepare(&again).await {
        Err(PrepareError::WouldRevert(revert)) => assert_eq!(revert.name, "GrantRevoked"),
        other => panic!("{other:?}"),
    }
    again.gas_limit = Some(300_000);
    let refused = done(&doctors, &world.doctor, again).await;
    assert_eq!(refused.status, TxStatus::Reverted);
    assert_eq!(refused.revert().expect("a reason").name, "GrantRevoked");
    let after = At::AtLeast(refused.height);
    let log = chain
        .history::<Accessed>(owner, &log.prefix, after)
        .await
        .expect("a log");
    assert_eq!(
        (log.verdict, log.entries.len(), log.prefix.point.length),
        (HistoryVerdict::Complete, 0, 1)
    );
}

/// The devnet behind a node that alters its answers.
struct Liar {
    honest: Arc<dyn Transport>,
    lie: fn(&mut String),
}

#[async_trait::async_trait]
impl Transport for Liar {
    fn endpoint(&self) -> &str {
        "liar"
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let mut answer = String::from_utf8(self.honest.post(body, most).await?).expect("text");
        (self.lie)(&mut answer);
        Ok(answer.into_bytes())
    }
}

#[tokio::test]
async fn a_lying_node_is_not_believed() {
    let world = World::start().await;
    type Lie = fn(&mut String);
    let lies: [(&str, Lie); 3] = [
        ("value", |a| {
            *a = a.replace("\"value\":\"MTAw", "\"value\":\"OTAw")
        }),
        ("app hash", |a| {
            *a = a
                .replace("\"app_hash\":\"", "\"app_hash\":\"00")
                .replace("00\",\"last_results", "\",\"last_results")
        }),
        ("cut off", |a| a.truncate(a.len() / 2)),
    ];
    for (n, (what, lie)) in lies.into_iter().enumerate() {
        let honest = transports(&world.devnet.network_file.rpc).remove(0);
        let liar: Arc<dyn Transport> = Arc::new(Liar { honest, lie });
        let chain = world.chain_over(&format!("lied-to-{n}"), vec![liar]);
        let read = chain.balance(world.patient.address(), At::Latest).await;
        let reason = read.expect_err(what).reason();
        assert_eq!(reason, UnprovenReason::NodeUntrusted, "{what}");
    }
}

#[tokio::test]
async fn a_devnet_that_is_gone_is_unreachable_and_nothing_else() {
    let world = World::start().await;
    let chain = world.chain("headers");
    let head = chain.sync().await.expect("a head");
    let network = world.devnet.network_file.clone();
    world.devnet.shutdown().await;
    let gone = chain.sync().await.expect_err("nobody there");
    assert!(matches!(gone, SyncError::Unreachable(_)), "{gone:?}");
    let status = chain.status().await;
    assert_eq!(
        status.standing,
        Standing::Unproven {
            reason: UnprovenReason::NetworkUnreachable
        }
    );
    assert_eq!(status.trusted_height, Some(head.height));
    assert!(head.height >= Height(network.trust.height));
}
