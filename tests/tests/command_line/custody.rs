//! Films of an offline patient: custodians release the key, and not without a trace.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use dhc_adapters::ipfs::{BlockFiles, IpfsNode, NodeConfig};
use dhc_app::ports::{PeerChannel, Responder};
use dhc_chain::At;
use dhc_content::{
    custody::{Dealt, LetterContext, deal, seal_letter},
    oakley::{AccessEntry, Authorisation, Presented, Refusal, Responder as Machine, Scope, Step},
    rand_core::UnwrapErr,
};
use dhc_domain::{Address, B256, Timestamp};
use getrandom::SysRng;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    altered_asker::{Account, Asker, root, with_known_words},
    films::{contents, small_study},
    people::{Network, Person, network, text},
    process::Service,
    storage::{add_kubo, with_kubo, with_study},
};

/// As `--custodian` takes it.
fn named(person: &Person, app: &Service) -> String {
    format!("{}@{}", person.address, text(&app.ready, "peer"))
}

/// Access under the sensitive template, with these custodians.
fn entrust(owner: &Person, study: &str, to: &Person, custodians: &[String], m: &str) -> String {
    let mut terms = vec![
        "--mode",
        "custody",
        "--template",
        "sensitive",
        "--shares",
        m,
    ];
    for custodian in custodians {
        terms.extend(["--custodian", custodian]);
    }
    owner.grant(study, to, &terms)
}

fn openings_of(owner: &Person, grant: &str) -> usize {
    let openings = owner.openings(&[]);
    openings.iter().filter(|e| e["grant"] == *grant).count()
}

#[test]
fn custodians_open_an_offline_patients_films_and_not_without_a_trace() {
    let Some(network) = network() else { return };
    let [patient, doctor] = [(); 2].map(|()| Person::settled(&network));
    let custodians = [(); 3].map(|()| Person::settled(&network));
    let folder = small_study(patient.path("study"), 3);
    let study = patient.import_one(&folder);

    // The first custodian is the institution that has the films.
    let kept = patient.grant(&study, &custodians[0], &[]);
    let app = patient.app();
    custodians[0].run(["fetch", &kept]);
    drop(app);

    let mut apps: Vec<Option<Service>> = custodians.iter().map(|c| Some(c.app())).collect();
    let address =
        |i: usize, app: &Option<Service>| named(&custodians[i], app.as_ref().expect("an app"));
    let holders: Vec<String> = (0..3).map(|i| address(i, &apps[i])).collect();
    let given = entrust(&patient, &study, &doctor, &holders, "2");

    let out = doctor.path("films");
    let fetched = doctor.run(["fetch", &given, "--out", out.to_str().unwrap()]);
    assert_eq!(contents(&out), contents(&folder));
    let released = fetched["holders"].as_array().expect("holders");
    assert_eq!(released.len(), 2, "{fetched}");
    assert_eq!(openings_of(&patient, &given), 1);

    // One of three is gone: two release.
    apps[2] = None;
    doctor.run(["fetch", &given]);
    assert_eq!(openings_of(&patient, &given), 2);

    // One alone does not; the entry stands, and serves when another is back.
    apps[1] = None;
    let refused = doctor.refused(["fetch", &given]);
    assert_eq!(refused.code, "too_few_shares", "{}", refused.message);
    assert!(
        refused.message.starts_with("1 of 2 shares"),
        "{}",
        refused.message
    );
    for gone in &custodians[1..] {
        let (is, said) = (refused.message.contains(&gone.address), &refused.message);
        assert!(is, "{} is not named: {said}", gone.address);
    }
    assert_eq!(openings_of(&patient, &given), 3);
    apps[1] = Some(custodians[1].app());
    doctor.run(["fetch", &given]);
    assert_eq!(openings_of(&patient, &given), 3);

    patient.run(["consent", "revoke", &given]);
    assert_eq!(doctor.code(["fetch", &given]), "grant_revoked");
    assert_eq!(openings_of(&patient, &given), 3);
}

/// The grant is active when enough have approved; each of them releases for themselves.
#[test]
fn an_approver_who_holds_a_share_releases_after_approving_only() {
    let Some(network) = network() else { return };
    let [patient, doctor, first, second] = [(); 4].map(|()| Person::settled(&network));
    let study = patient.import_one(&small_study(patient.path("study"), 2));
    let live = patient.grant(&study, &doctor, &[]);
    let app = patient.app();
    doctor.run(["fetch", &live]);
    drop(app);

    let holders = [&first, &second].map(|holder| named(holder, &holder.app()));
    let terms = [
        "--approver",
        &first.address,
        "--approver",
        &second.address,
        "--threshold",
        "1",
        "--mode",
        "custody",
        "--custodian",
        &holders[0],
        "--custodian",
        &holders[1],
        "--shares",
        "2",
    ];
    let given = patient.grant(&study, &doctor, &terms);
    assert_eq!(doctor.code(["fetch", &given]), "grant_unapproved");
    assert_eq!(openings_of(&patient, &given), 0);

    first.run(["consent", "approve", &given]);
    let (_first, waiting) = (first.app(), second.app());
    let refused = doctor.refused(["fetch", &given]);
    assert_eq!(refused.code, "grant_unapproved", "{}", refused.message);
    let (said, hesitant) = (&refused.message, &second.address);
    assert!(said.contains(hesitant), "{hesitant} is not named: {said}");

    drop(waiting);
    second.run(["consent", "approve", &given]);
    let _second = second.app();
    doctor.run(["fetch", &given]);
    assert_eq!(openings_of(&patient, &given), 1);
}

/// Nobody's app has the films but the patient's, which is off: a real Kubo keeps the ciphertext,
/// real apps of custodians release the key.
#[test]
fn an_offline_patients_films_come_from_a_kubo_when_custodians_release_them() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let (patient, study, cid, folder) = with_study(&network);
    add_kubo(&patient, &kubo);
    assert!(kubo.has_pinned(&cid));
    let [doctor, late] = [(); 2].map(|()| Person::settled(&network));
    let custodians = [(); 3].map(|()| Person::settled(&network));
    let apps = custodians.each_ref().map(Person::app);
    let holders: Vec<String> = custodians
        .iter()
        .zip(&apps)
        .map(|(c, a)| named(c, a))
        .collect();
    let [given, later] = [&doctor, &late].map(|to| entrust(&patient, &study, to, &holders, "2"));

    let out = doctor.path("films");
    let fetched = doctor.run(["fetch", &given, "--out", out.to_str().unwrap()]);
    assert_eq!(contents(&out), contents(&folder));
    let released = fetched["holders"].as_array().expect("holders");
    assert_eq!(released.len(), 2, "{fetched}");

    // The patient comes back and sees it, all of it.
    let audit = patient.run(["consent", "audit"]);
    assert_eq!(audit["complete"], true, "{audit}");
    let entries = audit["entries"].as_array().expect("entries");
    assert_eq!(entries.len(), 1, "{audit}");
    assert_eq!(text(&entries[0], "by"), doctor.address);
    assert_eq!(text(&entries[0], "mode"), "custody");

    // The films came from the Kubo: without it there is leave, and nothing to read.
    drop(kubo);
    assert_eq!(late.code(["fetch", &later]), "content_unavailable");
    patient.run(["consent", "revoke", &later]);
    assert_eq!(late.code(["fetch", &later]), "grant_revoked");
    assert_eq!(openings_of(&patient, &later), 1);
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(since.as_secs())
}

/// A holder that answers whoever asks, with a share of something else.
struct Liar {
    machine: Mutex<Machine>,
    account: Account,
}

#[async_trait]
impl Responder for Liar {
    async fn respond(&self, peer: &str, message: Vec<u8>) -> Option<Vec<u8>> {
        let (mut machine, mut rng) = (self.machine.lock().unwrap(), UnwrapErr(SysRng));
        let now = now();
        match machine
            .handle(peer.as_bytes(), &message, now, &mut rng)
            .ok()?
        {
            Step::Send(answer) => Some(answer),
            Step::Authorise(initiation) => {
                let allowed = Authorisation::Allowed;
                let (initiation, account) = (*initiation, &self.account);
                let reply = machine.authorise(initiation, allowed, account, now, &mut rng);
                reply.ok()
            }
            Step::ReleaseShare(release) => {
                let dealing = &release.presented().dealing;
                let others = deal(dealing.threshold(), dealing.holders(), 1, &mut rng).ok()?;
                let index = usize::from(release.presented().index);
                Some(release.release(&others.shares[index - 1][0]))
            }
            Step::Release(_) => None,
        }
    }
}

/// An app of the liar's, with the account of these words.
struct LyingApp {
    node: IpfsNode,
    runtime: Runtime,
    _folder: TempDir,
}

impl LyingApp {
    fn start(network: &Network, person: &Person, words: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file: dhc_domain::NetworkFile =
            serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
        let scope = Scope {
            chain_id: file.evm_chain_id,
            consent: file.contracts["Consent"],
        };
        let account = person.address.parse().unwrap();
        let machine = Machine::new(scope, account, now(), &mut UnwrapErr(SysRng));
        let liar = Liar {
            machine: Mutex::new(machine),
            account: Account::of(words),
        };
        let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
        let node = IpfsNode::new(folder.path(), blocks, NodeConfig::default());
        let runtime = Runtime::new().unwrap();
        runtime.block_on(node.answer_with(Some(Arc::new(liar))));
        Self {
            node,
            runtime,
            _folder: folder,
        }
    }

    fn address(&self) -> String {
        let here = self.runtime.block_on(self.node.here()).unwrap();
        let address = here.addresses.first().expect("an address");
        if address.contains("/p2p/") {
            address.clone()
        } else {
            format!("{address}/p2p/{}", here.peer)
        }
    }
}

#[test]
fn a_lying_custodian_is_named_and_not_believed() {
    let Some(network) = network() else { return };
    let [patient, doctor, honest] = [(); 3].map(|()| Person::settled(&network));
    let (liar, words) = with_known_words(&network);
    let study = patient.import_one(&small_study(patient.path("study"), 2));
    let app = honest.app();
    let lying = LyingApp::start(&network, &liar, &words);
    let holders = [
        named(&honest, &app),
        format!("{}@{}", liar.address, lying.address()),
    ];
    let given = entrust(&patient, &study, &doctor, &holders, "2");
    let refused = doctor.refused(["fetch", &given]);
    assert_eq!(refused.code, "share_refused", "{}", refused.message);
    assert!(
        refused.message.contains(&liar.address),
        "{}",
        refused.message
    );
    assert!(
        !refused.message.contains(&honest.address),
        "{}",
        refused.message
    );
}

#[test]
fn what_cannot_be_entrusted_is_said_before_anything_is_signed() {
    let Some(network) = network() else { return };
    let [patient, doctor, one] = [(); 3].map(|()| Person::settled(&network));
    let unknown = Person::new(&network);
    let study = patient.import_one(&small_study(patient.path("study"), 2));
    let peer = "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    let at = |address: &str| format!("{address}@{peer}");
    let two = [at(&one.address), at(&unknown.address)];
    let terms = |mode: &str, m: &str, custodians: &[String]| {
        let mut terms = vec!["consent".to_owned(), "grant".to_owned()];
        let fixed = [
            "--study",
            &study,
            "--to",
            &doctor.address,
            "--purpose",
            "TREAT",
        ];
        terms.extend(fixed.map(str::to_owned));
        terms.extend(["--until", "7d", "--mode", mode, "--shares", m].map(str::to_owned));
        let named = custodians
            .iter()
            .flat_map(|c| ["--custodian".to_owned(), c.clone()]);
        terms.extend(named);
        terms
    };
    // Published no keys.
    assert_eq!(patient.code(terms("custody", "2", &two)), "no_identity");
    for (mode, m, custodians) in [
        ("custody", "0", &two[..]),
        ("custody", "3", &two),
        ("custody", "1", &two[..1]),
        ("custody", "2", &[two[0].clone(), two[0].clone()]),
        ("custody", "2", &[two[0].clone(), at(&doctor.address)]),
        ("custody", "2", &[two[0].clone(), at(&patient.address)]),
        ("custody", "2", &[two[0].clone(), one.address.clone()]),
        ("live", "2", &two),
    ] {
        let said = patient.code(terms(mode, m, custodians));
        assert_eq!(said, "misuse", "{mode} {m} {custodians:?}");
    }
    // A sensitive template takes nothing else.
    let mut live = terms("live", "0", &[]);
    live.extend(["--template".to_owned(), "sensitive".to_owned()]);
    assert_eq!(patient.code(live), "template_refused");
    assert_eq!(
        network.sent(&patient.address),
        network.nonce(&patient.address)
    );
}

/// A grantee's app that deals as its accomplice, the owner, would: letters of any making.
struct Forger<'a> {
    asker: &'a Asker,
    author: Account,
    author_address: Address,
    holder: Address,
    holders_keys: Vec<u8>,
}

impl Forger<'_> {
    /// A letter for this grant, in which the holder is the first of two.
    fn presented(&self, owner: Address, grantee: Address, grant: &str) -> Presented {
        let mut rng = UnwrapErr(SysRng);
        let Dealt {
            dealing, shares, ..
        } = deal(2, 2, 1, &mut rng).unwrap();
        let context = LetterContext {
            chain_id: self.asker.scope.chain_id,
            consent: self.asker.scope.consent,
            owner,
            by: self.author_address,
            holder: self.holder,
            grantee,
            grant: grant.parse().unwrap(),
            index: 1,
        };
        let keys = &self.holders_keys;
        let letter = seal_letter(&shares[0], &dealing, &context, keys, &self.author, &mut rng);
        Presented {
            holder: self.holder,
            owner,
            by: self.author_address,
            index: 1,
            place: 0,
            dealing,
            letter: letter.unwrap(),
        }
    }
}

#[test]
fn a_holder_refuses_what_an_honest_asker_would_not_ask() {
    let Some(network) = network() else { return };
    let (patient, patients_words) = with_known_words(&network);
    let (doctor, doctors_words) = with_known_words(&network);
    let [custodian, other] = [(); 2].map(|()| Person::settled(&network));
    let asker = Asker::new(&network, &doctors_words);
    let study = patient.import_one(&small_study(patient.path("study"), 1));
    let this = root(&patient, &study);
    let app = custodian.app();
    let others_app = other.app();
    let holders = [named(&custodian, &app), named(&other, &others_app)];
    let given = entrust(&patient, &study, &doctor, &holders, "2");
    let live = patient.grant(&study, &doctor, &[]);

    let [owner, grantee, holder] =
        [&patient, &doctor, &custodian].map(|p| p.address.parse::<Address>().unwrap());
    let keys = asker.chain.published_keys(holder, At::Latest);
    let holders_keys = asker.runtime.block_on(keys).unwrap().value.expect("keys");
    let forger = |words: &str, author_address| Forger {
        asker: &asker,
        author: Account::of(words),
        author_address,
        holder,
        holders_keys: holders_keys.clone(),
    };
    let by_owner = forger(&patients_words, owner);
    let ask_with = |presented: Presented, grant: &str, access| {
        let request = asker.request(&patient, grant, access, this);
        asker.ask_for_share(&app, request, presented, || ())
    };
    let ask = |grant: &str, access| {
        ask_with(by_owner.presented(owner, grantee, grant), grant, access).map(|_| ())
    };

    let invented = AccessEntry {
        seq: 0,
        entry: B256::repeat_byte(7),
    };
    assert_eq!(ask(&given, invented), Err(Refusal::AccessUnproven));
    let of_live = asker.enter(&live, &study);
    assert_eq!(ask(&given, of_live), Err(Refusal::AccessUnproven));
    // With the entry, and a letter by the grant's author, it is released.
    let entered = asker.enter(&given, &study);
    assert_eq!(ask(&given, entered), Ok(()));
    // A letter by whoever asks: the chain names another author.
    let own = forger(&doctors_words, grantee).presented(owner, grantee, &given);
    assert_eq!(
        ask_with(own, &given, entered).err(),
        Some(Refusal::LetterUnusable)
    );
    // A grant of another mode has no holders.
    assert_eq!(ask(&live, of_live), Err(Refusal::LetterUnusable));
    // The owner's app alone releases nothing of what is in custody.
    let owners_app = patient.app();
    let asked = asker.request(&patient, &given, entered, this);
    assert_eq!(
        asker.ask(&owners_app, asked),
        Err(Refusal::ContentUnavailable)
    );
    drop(owners_app);
    // Ended when the holder had already agreed; and afterwards.
    let request = asker.request(&patient, &given, entered, this);
    let presented = by_owner.presented(owner, grantee, &given);
    let late = asker.ask_for_share(&app, request, presented, || {
        patient.run(["consent", "revoke", &given]);
    });
    assert_eq!(late.err(), Some(Refusal::GrantRevoked));
    assert_eq!(ask(&given, entered), Err(Refusal::GrantRevoked));
}
