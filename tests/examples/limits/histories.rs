//! What a patient with a long history fetches to see it, complete and proven: the first time, and
//! after a few new entries.

use std::{collections::BTreeSet, time::Instant};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolValue,
};
use anyhow::{Context, Result, ensure};
use dhc_chain::{
    At, Chain, HistoryVerdict, Prefix, SolCall,
    contracts::{Consent, Contract, GrantTerms, RecordIndex},
    history::{Accessed, GrantGiven},
};
use dhc_domain::{Action, GrantId, Mode, NetworkFile, Purpose, Timestamp};
use serde_json::{Value, json};

use crate::{
    accounts::{Account, Act},
    network::{Bare, Tally, newcomer},
};

/// Each gets as many grants as the others, and opens once in every block.
const DOCTORS: u64 = 10;
/// Grants of one block: fewer than a pool takes of one sender.
const GRANTS_AT_ONCE: u64 = 60;
/// Bytes of a note in the live mode, as `content::note` seals it.
const NOTE: usize = 1_714;
const LATER: u64 = 10;
const RECORD: B256 = B256::repeat_byte(1);
const WEEK_S: u64 = 7 * 86_400;

/// Makes so many grants and openings, then looks at them as a new device would, and once more
/// after ten more of each.
pub async fn measure(network: &NetworkFile, grants: u64, openings: u64) -> Result<Value> {
    let mut clinic = Clinic::open(network).await?;
    clinic.grant(grants).await?;
    clinic.open_records(openings).await?;
    let mut device = Device::new(network, clinic.patient.address())?;
    let first = device.look().await?;
    ensure!(
        device.grants.len() as u64 == grants,
        "not every grant is shown"
    );
    clinic.grant(LATER).await?;
    clinic.open_records(LATER).await?;
    let later = device.look().await?;
    Ok(json!({
        "grants": grants, "openings": openings, "new": LATER,
        "openings_a_block": DOCTORS,
        "first": first, "later": later,
    }))
}

/// A patient with one record, and doctors, each with the nonce that is next.
struct Clinic<'a> {
    network: &'a NetworkFile,
    node: Bare,
    patient: Account,
    patients_nonce: u64,
    doctors: Vec<(Account, u64)>,
    granted: u64,
    not_after: Timestamp,
}

impl<'a> Clinic<'a> {
    async fn open(network: &'a NetworkFile) -> Result<Self> {
        let node = Bare::new(network.evm.first().context("an Ethereum endpoint")?)?;
        let latest = node.ask("eth_getBlockByNumber", json!(["latest", false]));
        let latest = latest.await?["timestamp"].clone();
        let now: U256 = serde_json::from_value(latest)?;
        let mut clinic = Self {
            network,
            node,
            patient: Account::number(0),
            patients_nonce: 0,
            doctors: (1..=DOCTORS).map(|i| (Account::number(i), 0)).collect(),
            granted: 0,
            not_after: Timestamp(now.to::<u64>() + WEEK_S),
        };
        let add = RecordIndex::addCall {
            id: RECORD,
            commitment: B256::repeat_byte(2),
            root: B256::repeat_byte(3),
            issuer: Address::ZERO,
            quality: 0,
            issuerSignature: Bytes::new(),
        };
        clinic
            .by_patient(Contract::RecordIndex, 500_000, &add)
            .await?;
        clinic.settled().await?;
        Ok(clinic)
    }

    async fn grant(&mut self, count: u64) -> Result<()> {
        for number in 0..count {
            let call = self.grant_call(self.granted);
            self.by_patient(Contract::Consent, 600_000, &call).await?;
            self.granted += 1;
            if number % GRANTS_AT_ONCE == GRANTS_AT_ONCE - 1 {
                self.settled().await?;
            }
        }
        self.settled().await
    }

    fn grant_call(&self, number: u64) -> Consent::grantCall {
        let doctor = &self.doctors[(number % DOCTORS) as usize].0;
        let salt = salt(number);
        // Nobody reads it here; its length is what counts.
        let note = keccak256(salt).repeat(NOTE.div_ceil(32));
        let terms = GrantTerms {
            owner: self.patient.address(),
            salt,
            grantee: doctor.address(),
            recordIds: vec![RECORD],
            templateId: keccak256("treatment"),
            purpose: Purpose::TREAT.index(),
            mode: Mode::Live.index(),
            actions: 1 << Action::View.index(),
            onward: false,
            notAfter: self.not_after.0,
            threshold: 0,
            approvers: vec![],
            consentHash: B256::repeat_byte(5),
            note: note[..NOTE].to_vec().into(),
        };
        Consent::grantCall { terms }
    }

    /// Each doctor opens once in a block, by the grants that they have in turn.
    async fn open_records(&mut self, count: u64) -> Result<()> {
        let contract = Contract::Consent.address(self.network)?;
        let rounds = self.granted / DOCTORS;
        for number in 0..count {
            let doctor = number % DOCTORS;
            let grant = doctor + number / DOCTORS % rounds * DOCTORS;
            let call = Consent::recordAccessCall {
                id: keccak256((self.patient.address(), salt(grant)).abi_encode()),
                recordId: RECORD,
                action: Action::View.index(),
            };
            let (account, nonce) = &mut self.doctors[doctor as usize];
            let act = act(contract, 300_000, &call);
            let raw = account.sign(self.network.evm_chain_id, *nonce, act);
            *nonce += 1;
            let before = self.node.height().await?;
            self.node.send(&raw).await?;
            if doctor == DOCTORS - 1 {
                self.node.past(before).await?;
            }
        }
        self.settled().await
    }

    async fn by_patient(&mut self, to: Contract, gas: u64, call: &impl SolCall) -> Result<()> {
        let act = act(to.address(self.network)?, gas, call);
        let raw = self
            .patient
            .sign(self.network.evm_chain_id, self.patients_nonce, act);
        self.node.send(&raw).await?;
        self.patients_nonce += 1;
        Ok(())
    }

    /// Waits until everything that was sent is in blocks, and one block more, which proves it.
    async fn settled(&self) -> Result<()> {
        let patient = std::iter::once((&self.patient, self.patients_nonce));
        let doctors = self
            .doctors
            .iter()
            .map(|(account, nonce)| (account, *nonce));
        let mut height = self.node.height().await?;
        for (account, nonce) in patient.chain(doctors) {
            let sent = json!([account.address(), "latest"]);
            while self
                .node
                .quantity("eth_getTransactionCount", sent.clone())
                .await?
                < nonce
            {
                height = self.node.past(height).await?;
            }
        }
        self.node.past(height).await.map(drop)
    }
}

fn act(to: Address, gas: u64, call: &impl SolCall) -> Act {
    Act {
        to,
        value: U256::ZERO,
        gas,
        input: call.abi_encode().into(),
    }
}

fn salt(number: u64) -> B256 {
    keccak256(number.to_be_bytes())
}

/// The patient's device: what it has verified is kept.
struct Device {
    chain: Chain,
    tally: Tally,
    patient: Address,
    given: Prefix,
    grants: Vec<GrantId>,
    log: Prefix,
}

impl Device {
    fn new(network: &NetworkFile, patient: Address) -> Result<Self> {
        let (chain, tally) = newcomer(network)?;
        Ok(Self {
            chain,
            tally,
            patient,
            given: Prefix::default(),
            grants: Vec::new(),
            log: Prefix::default(),
        })
    }

    /// Bytes of requests and answers, and the time, for the list of grants with their terms, and
    /// for the access log with the block of each entry.
    async fn look(&mut self) -> Result<Value> {
        self.chain.sync().await?;
        let headers = self.fetched(&["commit", "validators"]);
        let start = Instant::now();
        let page = self
            .chain
            .history::<GrantGiven>(self.patient, &self.given, At::Latest)
            .await?;
        ensure!(
            page.verdict == HistoryVerdict::Complete,
            "{:?}",
            page.verdict
        );
        self.given = page.prefix;
        self.grants
            .extend(page.entries.iter().map(|entry| entry.id));
        let completeness = self.fetched(&["abci_query"]);
        let entries = self.fetched(&["eth_getLogs"]);
        let terms = self.chain.grants(&self.grants, At::Latest).await?;
        ensure!(
            terms.value.iter().all(Option::is_some),
            "a grant without terms"
        );
        let grants = json!({
            "completeness": completeness,
            "entries": entries,
            "terms": self.fetched(&["abci_query"]),
            "s": start.elapsed().as_secs_f64(),
        });

        let start = Instant::now();
        let page = self
            .chain
            .history::<Accessed>(self.patient, &self.log, At::Latest)
            .await?;
        ensure!(
            page.verdict == HistoryVerdict::Complete,
            "{:?}",
            page.verdict
        );
        self.log = page.prefix;
        let completeness = self.fetched(&["abci_query"]);
        let entries = self.fetched(&["eth_getLogs"]);
        let listed = start.elapsed();
        // What other walks fetched is no part of these blocks.
        let walked = self.fetched(&["commit", "validators"]);
        let blocks: BTreeSet<_> = page.entries.iter().map(|entry| entry.height).collect();
        for height in &blocks {
            self.chain.block(*height).await?;
        }
        let log = json!({
            "new": page.entries.len(),
            "completeness": completeness,
            "entries": entries,
            "s": listed.as_secs_f64(),
            "blocks": blocks.len(),
            "block_bytes": self.fetched(&["block", "block_results", "commit", "validators"]),
            "blocks_s": (start.elapsed() - listed).as_secs_f64(),
        });
        Ok(json!({"headers": headers + walked, "grants": grants, "log": log}))
    }

    /// What was counted for these methods since they were asked about last.
    fn fetched(&self, methods: &[&str]) -> u64 {
        let mut tally = self
            .tally
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        methods
            .iter()
            .filter_map(|method| tally.remove(*method))
            .sum()
    }
}
