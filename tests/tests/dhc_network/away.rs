//! An app that was away for longer than it may trust, on either network.

use std::{fs, path::PathBuf, time::SystemTime};

use dhc_domain::Timestamp;
use dhc_tests::real::{Real, in_turn, until};
use serde_json::{Value, json};

use crate::{embedded::Embedded, people::Person};

/// Long enough for a few commands on a busy machine.
const PERIOD_S: u64 = 12;

/// The same network, trusted for a short time.
fn short(network_file: PathBuf) -> PathBuf {
    let text = fs::read_to_string(&network_file).unwrap();
    let mut network: Value = serde_json::from_str(&text).unwrap();
    network["trust"]["period_s"] = PERIOD_S.into();
    let short = network_file.with_file_name("short.json");
    fs::write(&short, network.to_string()).unwrap();
    short
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

/// Says that trust has lapsed, keeps what it had, shows a hash to compare, and goes on from it.
fn says_so_and_begins_anew(network_file: PathBuf) {
    let mut person = Person::new(network_file.clone());
    person.run(&["contact", "save", &person.address, "Myself"]);
    let (_, height) = person.balance();
    person.go_by(short(network_file));
    let lapses = person.run(&["node", "status"])["anchor"]["lapses"].clone();
    let lapses: Timestamp = lapses.as_str().expect("a time").parse().expect("a time");
    until("the end of trust", || (now() > lapses.0).then_some(()));

    let said = person.ask(&["balance", &person.address]).unwrap_err();
    assert_eq!(said["code"], "trust_expired", "{said}");
    let hint = said["hint"].as_str().expect("a hint");
    assert!(hint.contains("dhc node checkpoint"), "{hint}");
    let status = person.run(&["node", "status"]);
    let unproven = json!({"state": "unproven", "reason": "trust_expired"});
    assert_eq!(status["standing"], unproven, "{status}");
    assert_eq!(
        (&status["anchor"]["lapsed"], &status["anchor"]["origin"]),
        (&json!(true), &json!("network"))
    );
    // Headers, and what the person keeps, are still there.
    assert!(
        status["trusted_height"].as_u64() >= Some(height),
        "{status}"
    );
    let contacts = person.run(&["contact", "list"]);
    assert!(contacts.to_string().contains("Myself"), "{contacts}");

    let shown = person.run(&["node", "checkpoint"]);
    assert_eq!(shown["needed"], true, "{shown}");
    assert_ne!(shown["shown_by"], json!([]), "{shown}");
    assert_eq!(shown["contradicted_by"], json!([]), "{shown}");
    let height = shown["height"].to_string();
    let trust = |hash: &str| person.ask(&["node", "trust", "--height", &height, "--hash", hash]);
    let refused = trust(&"00".repeat(32)).unwrap_err();
    assert_eq!(refused["code"], "node_untrusted", "{refused}");
    let hash = shown["hash"].as_str().expect("a hash");
    let trusted = trust(hash).unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(trusted["standing"]["state"], "proven", "{trusted}");
    assert_eq!(trusted["anchor"]["origin"], "person", "{trusted}");
    assert_eq!(person.balance().0, "0");
}

#[test]
fn away_from_the_embedded_network_for_too_long() {
    let _turn = in_turn();
    let Some(embedded) = Embedded::start() else {
        return;
    };
    says_so_and_begins_anew(embedded.network_file());
}

#[test]
#[ignore = "long: four validators"]
fn away_from_the_real_network_for_too_long() {
    let _turn = in_turn();
    let Some(real) = Real::start(4, 86_400) else {
        return;
    };
    says_so_and_begins_anew(real.network_file());
}
