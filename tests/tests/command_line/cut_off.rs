//! Acts on the chain that were killed, and the same command again: it goes on, and the act is done
//! once. Each is killed when it first writes anything, and then when it has handed its transaction
//! to the network; a block takes that before the command is given again.

use serde_json::Value;

use crate::{
    films::small_study,
    people::{Network, Person, grant, network, text},
    process::{kill_when, program, until},
};

/// Kills the command at both moments and gives it again; answers what it says then. The account has
/// one transaction more.
fn killed_twice_and_given_again(network: &Network, person: &Person, command: &[&str]) -> Value {
    let (nonce, before) = (network.nonce(&person.address), person.written());
    kill_when(person.command(command), || person.written() != before);
    kill_when(person.command(command), || {
        network.sent(&person.address) > nonce
    });
    until("the block", || {
        (network.nonce(&person.address) > nonce).then_some(())
    });
    let answer = person.run(command);
    assert_eq!(network.nonce(&person.address), nonce + 1, "{command:?}");
    answer
}

fn grants(person: &Person) -> Vec<Value> {
    let list = person.run(["consent", "list"]);
    assert_eq!(list["complete"], true, "{list}");
    list["grants"].as_array().expect("grants").clone()
}

#[test]
fn a_grant_that_was_killed_is_given_approved_and_revoked_once() {
    let Some(network) = network() else { return };
    let (xan, yves) = (Person::settled(&network), Person::settled(&network));
    let approvers = [Person::new(&network), Person::new(&network)];
    for person in &approvers {
        xan.run(["send", "--to", &person.address, "--amount", "1"]);
    }
    let study = xan.import_one(&small_study(xan.path("study"), 2));
    let mut terms = vec!["--purpose", "HRESCH", "--threshold", "2"];
    for person in &approvers {
        terms.extend(["--approver", &person.address]);
    }

    let given = killed_twice_and_given_again(&network, &xan, &grant(&study, &yves, &terms));
    assert_eq!(given["standing"]["state"], "proven", "{given}");
    let id = text(&given, "grant");
    for side in [&xan, &yves] {
        let grants = grants(side);
        assert_eq!(grants.len(), 1, "{grants:?}");
        assert_eq!(grants[0]["grant"], *id);
    }

    for person in &approvers {
        killed_twice_and_given_again(&network, person, &["consent", "approve", &id]);
    }
    assert_eq!(grants(&xan)[0]["approvals"], 2);
    assert_eq!(xan.state(&id), "active");

    killed_twice_and_given_again(&network, &xan, &["consent", "revoke", &id]);
    assert_eq!(xan.state(&id), "revoked");

    // Done is done: the same words again are a grant of its own.
    let again = text(&xan.run(grant(&study, &yves, &terms)), "grant");
    assert_ne!(again, id);
    assert_eq!(grants(&xan).len(), 2);
}

#[test]
fn a_contribution_and_a_claim_that_were_killed_are_made_once() {
    if program().is_none() {
        return;
    }
    let network = Network::with_days_of(8);
    let (hospital, zoe) = (Person::settled(&network), Person::settled(&network));
    let certify = ["devnet", "certify", &hospital.address, "--name", "Clinic"];
    hospital.run(certify);
    let folder = small_study(zoe.path("study"), 3);
    let (folder, seal) = (folder.to_str().unwrap(), zoe.path("seal.json"));
    let seal = seal.to_str().unwrap();
    hospital.run(["issue", folder, "--to", &zoe.address, "--out", seal]);
    let imported = zoe.run(["import", folder, "--issuer-seal", seal]);
    let id = text(&imported["studies"][0], "id");

    let done = killed_twice_and_given_again(&network, &zoe, &["contribute", &id]);
    assert_eq!(zoe.code(["contribute", &id]), "already_contributed");
    assert_eq!(zoe.run(["records"])["records"][0]["contributed"], true);
    let day = |earnings: &Value| {
        let days = earnings["days"].as_array().expect("days");
        let found = days.iter().find(|d| d["day"] == done["day"]);
        found.unwrap_or_else(|| panic!("{earnings}")).clone()
    };
    let settled = until("the day's end", || {
        let day = day(&zoe.run(["earnings"]));
        (day["state"] == "settled").then_some(day)
    });
    assert_eq!(settled["weight"], done["weight"]);
    assert_eq!(settled["total_weight"], done["weight"]);

    let before = zoe.balance();
    let claimed = killed_twice_and_given_again(&network, &zoe, &["earnings", "claim"]);
    assert_eq!(day(&claimed)["state"], "claimed", "{claimed}");
    assert_eq!(zoe.code(["earnings", "claim"]), "nothing_to_claim");
    let reward: u128 = text(&settled, "reward").parse().unwrap();
    let earned = zoe.balance() - before;
    // Less the one fee.
    assert!(
        earned < reward && earned > reward - reward / 1_000_000,
        "{earned} of {reward}"
    );
}
