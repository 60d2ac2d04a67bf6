//! A person without any DHL: an institution's app carries in and pays for what they sign, within
//! its terms.

use serde_json::Value;

use crate::{
    films::{contents, small_study},
    people::{Network, Person, grant, network, text},
    process::{Service, kill_when, program, until},
};

impl Person {
    /// This person's app, paying for others on these terms.
    pub fn sponsoring(&self, budget: &str, per_person: &str) -> Service {
        let terms = [
            "app",
            "--sponsor",
            "--budget",
            budget,
            "--per-person",
            per_person,
        ];
        Service::start(self.command(terms))
    }

    /// Without a coin, and with somebody who pays.
    pub fn sponsored(network: &Network, sponsors: &[&str]) -> Self {
        let person = Self::new(network);
        for sponsor in sponsors {
            person.run(["sponsor", "add", sponsor]);
        }
        person
    }
}

pub fn peer(app: &Service) -> String {
    text(&app.ready, "peer")
}

fn by(done: &Value, sponsor: &Person) {
    assert_eq!(text(done, "sponsored_by"), sponsor.address, "{done}");
}

#[test]
fn a_person_without_a_coin_does_the_whole_main_job() {
    if program().is_none() {
        return;
    }
    let network = Network::with_days_of(8);
    let (hospital, doctor) = (Person::settled(&network), Person::settled(&network));
    let certify = ["devnet", "certify", &hospital.address, "--name", "Clinic"];
    hospital.run(certify);
    let alma = Person::new(&network);
    let folder = small_study(alma.path("study"), 3);
    let seal = alma.path("seal.json");
    let (study, seal) = (folder.to_str().unwrap(), seal.to_str().unwrap());
    hospital.run(["issue", study, "--to", &alma.address, "--out", seal]);

    let refused = alma.refused(["identity", "publish"]);
    assert_eq!(refused.code, "insufficient_funds");
    assert!(refused.hint.contains("sponsor"), "{refused:?}");

    let app = hospital.sponsoring("5", "50/day");
    alma.run(["sponsor", "add", &peer(&app)]);
    let published = alma.run(["identity", "publish"]);
    by(&published, &hospital);
    let imported = alma.run(["import", study, "--issuer-seal", seal]);
    let record = &imported["studies"][0];
    by(record, &hospital);
    assert_eq!(record["standing"]["state"], "proven", "{record}");
    let id = text(record, "id");
    let given = alma.run(grant(&id, &doctor, &[]));
    by(&given, &hospital);
    let given = text(&given, "grant");

    {
        let _answers = alma.app();
        let out = doctor.path("films");
        doctor.run(["fetch", &given, "--out", out.to_str().unwrap()]);
        assert_eq!(contents(&out), contents(&folder));
    }
    let openings = alma.openings(&[]);
    assert_eq!(openings.len(), 1);
    assert_eq!(text(&openings[0], "by"), doctor.address);

    by(&alma.run(["consent", "revoke", &given]), &hospital);
    assert_eq!(doctor.code(["fetch", &given]), "grant_revoked");
    assert_eq!(alma.code(["consent", "revoke", &given]), "grant_revoked");

    by(&alma.run(["contribute", &id]), &hospital);
    assert_eq!(alma.code(["contribute", &id]), "already_contributed");
    until("the day's end", || {
        let earnings = alma.run(["earnings"]);
        (earnings["claimable"] != "0").then_some(())
    });
    assert_eq!((network.nonce(&alma.address), alma.balance()), (0, 0));
    by(&alma.run(["earnings", "claim"]), &hospital);
    let earned = alma.balance();
    assert!(earned > 0);
    assert_eq!(alma.code(["earnings", "claim"]), "nothing_to_claim");

    // From here on it pays for itself.
    alma.run(["send", "--to", &doctor.address, "--amount", "0.01"]);
    assert_eq!(network.nonce(&alma.address), 1);
    let activity = alma.run(["activity"]);
    let entries = activity["entries"].as_array().expect("entries").iter();
    let kinds: Vec<_> = entries.map(|e| text(e, "kind")).collect();
    let done = [
        "sent",
        "reward",
        "contribution",
        "revocation",
        "grant",
        "record",
        "identity",
    ];
    assert_eq!(kinds, done);
    let list = alma.run(["sponsor", "list"]);
    assert_eq!(list["sponsors"][0]["reliable"], true, "{list}");
}

#[test]
fn a_person_without_a_coin_appoints_asks_answers_and_declines() {
    let Some(network) = network() else { return };
    let clinic = Person::settled(&network);
    let app = clinic.sponsoring("5", "50");
    let [nora, odd] = [0; 2].map(|_| {
        let person = Person::sponsored(&network, &[&peer(&app)]);
        person.run(["identity", "publish"]);
        person
    });
    let kim = Person::new(&network);
    let study = nora.import_one(&small_study(nora.path("study"), 2));

    let appoint = ["consent", "proxy", "appoint", &kim.address, "--may"];
    let appointed = nora.run([&appoint[..], &["revoke", "--until", "30d"]].concat());
    by(&appointed, &clinic);
    // Another appointment is signed over the next version.
    by(
        &nora.run([&appoint[..], &["answer", "--until", "9d"]].concat()),
        &clinic,
    );
    let proxies = nora.run(["consent", "proxies"]);
    assert_eq!(
        proxies["proxies"][0]["powers"],
        serde_json::json!(["answer"])
    );

    let ask = |words: &str| {
        let asked = ["consent", "request", "--owner", &nora.address];
        let terms = ["--purpose", "TREAT", "--for", "3d", "--text", words];
        let asked = odd.run(asked.iter().chain(&terms));
        by(&asked, &clinic);
        text(&asked, "request")
    };
    let [one, other, third] = ["the head", "the knee", "the hand"].map(ask);
    let answered = nora.run(["consent", "answer", &one, "--study", &study]);
    by(&answered, &clinic);
    by(&nora.run(["consent", "decline", &other]), &clinic);
    by(&odd.run(["consent", "withdraw", &third]), &clinic);
    by(
        &nora.run(["consent", "proxy", "dismiss", &kim.address]),
        &clinic,
    );

    let list = odd.run(["consent", "requests", "--asked"]);
    let list = list["requests"].as_array().expect("requests").iter();
    let states: Vec<_> = list.map(|r| text(r, "state")).collect();
    assert_eq!(states, ["withdrawn", "declined", "answered"]);
    assert_eq!(odd.state(&text(&answered, "grant")), "active");
    assert_eq!(
        nora.run(["consent", "proxies"])["proxies"][0]["state"],
        "dismissed"
    );
    for person in [&nora, &odd] {
        assert_eq!((network.nonce(&person.address), person.balance()), (0, 0));
    }
    let kinds = |person: &Person| -> Vec<String> {
        let activity = person.run(["activity"]);
        let entries = activity["entries"].as_array().expect("entries").iter();
        entries.map(|e| text(e, "kind")).collect()
    };
    for kind in ["appointment", "answer", "decline", "dismissal"] {
        assert!(kinds(&nora).iter().any(|k| k == kind), "{kind}");
    }
    for kind in ["request", "withdrawal"] {
        assert!(kinds(&odd).iter().any(|k| k == kind), "{kind}");
    }
}

/// What the contract words on chain and what the approver's app signs are the same text, or the
/// errand would be worth nothing.
#[test]
fn a_person_without_a_coin_approves_what_they_were_shown() {
    let Some(network) = network() else { return };
    let clinic = Person::settled(&network);
    let app = clinic.sponsoring("5", "50");
    let (ida, doctor) = (Person::settled(&network), Person::settled(&network));
    let [first, second] = [0; 2].map(|_| Person::sponsored(&network, &[&peer(&app)]));
    let study = ida.import_one(&small_study(ida.path("study"), 2));
    let terms = [
        "--purpose",
        "HRESCH",
        "--threshold",
        "2",
        "--action",
        "view",
    ];
    let board = ["--approver", &first.address, "--approver", &second.address];
    let given = ida.grant(&study, &doctor, &[&terms[..], &board].concat());

    for person in [&first, &second] {
        let approved = person.run(["consent", "approve", &given]);
        by(&approved, &clinic);
        let shown = &approved["terms"];
        assert_eq!(text(shown, "from"), ida.address);
        assert_eq!(text(shown, "to"), doctor.address);
        assert_eq!(shown["studies"], serde_json::json!([study]));
        assert_eq!(text(shown, "purpose"), "HRESCH");
        assert_eq!(text(shown, "template"), "research");
        assert_eq!(shown["actions"], serde_json::json!(["view"]));
        assert_eq!(
            (text(shown, "mode"), &shown["round"]),
            ("live".into(), &1.into())
        );
        assert_eq!((network.nonce(&person.address), person.balance()), (0, 0));
    }
    assert_eq!(doctor.state(&given), "active");
}

#[test]
fn a_sponsor_pays_no_more_than_its_terms_say_and_a_restart_forgets_nothing() {
    let Some(network) = network() else { return };
    let (clinic, other) = (Person::settled(&network), Person::settled(&network));
    let spent = |app: &Service| {
        let amount = |name| text(&app.ready["sponsor"], name).parse::<u128>().unwrap();
        amount("spent") + amount("reserved")
    };

    // Two acts of each person.
    let app = clinic.sponsoring("5", "2/day");
    assert_eq!(spent(&app), 0);
    let (bela, cleo) = (
        Person::sponsored(&network, &[&peer(&app)]),
        Person::sponsored(&network, &[&peer(&app)]),
    );
    bela.run(["identity", "publish"]);
    bela.import_one(&small_study(bela.path("one"), 1));
    let second = small_study(bela.path("two"), 2);
    let import = ["import", second.to_str().unwrap()];
    assert_eq!(bela.code(import), "sponsor_limit");
    cleo.run(["identity", "publish"]);
    drop(app);
    let app = clinic.sponsoring("5", "2/day");
    let before = spent(&app);
    assert!(before > 0);
    assert_eq!(bela.code(import), "sponsor_limit");
    let list = bela.run(["sponsor", "list"]);
    assert_eq!(list["sponsors"][0]["failed"], "sponsor_limit", "{list}");
    // Nothing was half done: with a larger share the same command goes on.
    drop(app);
    let app = clinic.sponsoring("5", "3/day");
    assert!(spent(&app) > 0);
    let imported = bela.run(import);
    by(&imported["studies"][0], &clinic);
    assert_eq!(
        bela.run(["records"])["records"].as_array().unwrap().len(),
        2
    );
    drop(app);

    // A budget for one act and a little.
    let app = other.sponsoring("0.0004", "9");
    let dora = Person::sponsored(&network, &[&peer(&app)]);
    dora.run(["identity", "publish"]);
    let folder = small_study(dora.path("one"), 1);
    let import = ["import", folder.to_str().unwrap()];
    assert_eq!(dora.code(import), "sponsor_budget");
    drop(app);
    let app = other.sponsoring("0.0004", "9");
    assert!(spent(&app) > 0 && spent(&app) <= 400_000_000_000_000);
    assert_eq!(dora.code(import), "sponsor_budget");
    drop(app);
    assert_eq!(dora.code(import), "sponsor_unreachable");
    let _app = other.sponsoring("1", "9");
    by(&dora.run(import)["studies"][0], &other);
}

#[test]
fn a_sponsor_that_knows_its_people_serves_nobody_else() {
    let Some(network) = network() else { return };
    let clinic = Person::settled(&network);
    let (known, unknown) = (Person::new(&network), Person::new(&network));
    clinic.run(["contact", "save", &known.address, "Known"]);
    let terms = [
        "app",
        "--sponsor",
        "--budget",
        "1",
        "--per-person",
        "9",
        "--contacts-only",
    ];
    let app = Service::start(clinic.command(terms));
    for person in [&known, &unknown] {
        person.run(["sponsor", "add", &peer(&app)]);
    }
    assert_eq!(unknown.code(["identity", "publish"]), "sponsor_stranger");
    by(&known.run(["identity", "publish"]), &clinic);
}

#[test]
fn an_act_whose_author_was_killed_is_carried_in_once() {
    let Some(network) = network() else { return };
    let (clinic, doctor) = (Person::settled(&network), Person::settled(&network));
    let app = clinic.sponsoring("5", "50");
    let emil = Person::sponsored(&network, &[&peer(&app)]);
    emil.run(["identity", "publish"]);
    let study = emil.import_one(&small_study(emil.path("study"), 2));
    let grant = grant(&study, &doctor, &[]);
    let sent = network.nonce(&clinic.address);

    // When it first writes anything, and when the sponsor has sent it.
    let before = emil.written();
    kill_when(emil.command(&grant), || emil.written() != before);
    kill_when(emil.command(&grant), || {
        network.sent(&clinic.address) > sent
    });
    let given = emil.run(&grant);
    by(&given, &clinic);
    assert_eq!(network.nonce(&clinic.address), sent + 1);
    let list = emil.run(["consent", "list"]);
    assert_eq!(
        list["grants"].as_array().expect("grants").len(),
        1,
        "{list}"
    );

    let id = text(&given, "grant");
    let revoke = ["consent", "revoke", &id];
    kill_when(emil.command(revoke), || {
        network.sent(&clinic.address) > sent + 1
    });
    until("the block", || {
        (network.nonce(&clinic.address) > sent + 1).then_some(())
    });
    by(&emil.run(revoke), &clinic);
    assert_eq!(emil.state(&id), "revoked");
    assert_eq!(network.nonce(&clinic.address), sent + 2);
}
