//! Holders of the coin decide on templates, from locking to a grant under what was decided.

use std::fs;

use serde_json::{Value, json};

use crate::{
    films::small_study,
    people::{Network, Person, grant, text},
    process::{program, until},
};

/// A day of the network, seconds: voting takes five, and a command on a busy machine a few seconds.
const DAY_S: u64 = 5;

fn proposal(person: &Person, id: &str) -> Value {
    let list = person.run(["governance", "list"]);
    assert_eq!(list["standing"]["state"], "proven", "{list}");
    let proposals = list["proposals"].as_array().expect("proposals");
    let found = proposals.iter().find(|p| p["proposal"] == id);
    found.unwrap_or_else(|| panic!("{list}")).clone()
}

fn until_it_is(person: &Person, id: &str, state: &str) {
    until(state, || {
        (proposal(person, id)["state"] == state).then_some(())
    });
}

#[test]
fn holders_add_a_template_and_retire_another() {
    if program().is_none() {
        return;
    }
    let network = Network::with_days_of(DAY_S);
    let (mia, noa) = (Person::settled(&network), Person::settled(&network));
    let study = mia.import_one(&small_study(mia.path("study"), 2));
    let holder = Person::new(&network);
    holder.run(["devnet", "fund", &holder.address, "150000000"]);
    let locked = holder.run(["governance", "lock", "--amount", "120000000"]);
    assert_eq!(locked["locked"], format!("120000000{}", "0".repeat(18)));

    let file = holder.path("template.json");
    let template = json!({"name": "night-shift", "purposes": ["TREAT"], "max_window_s": 3600,
        "actions": ["view"]});
    fs::write(&file, template.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let add = ["governance", "propose", "--add-template", file];
    let retire = ["governance", "propose", "--retire", "second-opinion"];
    assert_eq!(noa.code(retire), "proposal_refused", "nothing is locked");
    let adding = text(&holder.run(add), "proposal");
    let retiring = text(&holder.run(retire), "proposal");
    assert_eq!(holder.code(add), "proposal_refused", "it was proposed");

    let shown = proposal(&noa, &adding);
    assert_eq!(shown["acts"][0]["kind"], "add_template", "{shown}");
    assert_eq!(shown["acts"][0]["name"], "night-shift");
    assert_eq!(shown["acts"][0]["max_window_s"], 3600);
    let shown = proposal(&noa, &retiring);
    assert_eq!(shown["acts"][0]["kind"], "retire_template", "{shown}");
    assert_eq!(shown["acts"][0]["name"], "second-opinion");

    until_it_is(&holder, &retiring, "active");
    let vote = |id: &str| ["governance", "vote", id, "--support", "for"].map(str::to_owned);
    holder.run(vote(&adding));
    holder.run(vote(&retiring));
    assert_eq!(holder.code(vote(&adding)), "proposal_refused", "once");
    let counted = proposal(&holder, &adding);
    assert_eq!(counted["for"], locked["locked"], "{counted}");
    assert_eq!(counted["voted"], true);

    until_it_is(&holder, &retiring, "succeeded");
    assert_eq!(
        holder.code(["governance", "execute", &adding]),
        "proposal_refused"
    );
    // Anybody may.
    noa.run(["governance", "queue", &retiring]);
    noa.run(["governance", "queue", &adding]);
    assert_eq!(proposal(&noa, &adding)["ready"], false);
    assert_eq!(
        noa.code(["governance", "execute", &adding]),
        "proposal_refused",
        "before its time"
    );
    let night = ["--template", "night-shift", "--until", "600s"];
    let opinion = ["--template", "second-opinion", "--until", "600s"];
    assert_eq!(mia.code(grant(&study, &noa, &night)), "template_refused");
    let kept = mia.grant(&study, &noa, &opinion);

    until("the end of the timelock", || {
        (proposal(&noa, &adding)["ready"] == true).then_some(())
    });
    noa.run(["governance", "execute", &adding]);
    noa.run(["governance", "execute", &retiring]);
    assert_eq!(proposal(&noa, &adding)["state"], "executed");

    let given = mia.grant(&study, &noa, &night);
    assert_eq!(mia.state(&given), "active");
    assert_eq!(mia.code(grant(&study, &noa, &opinion)), "template_refused");
    // What was given before stands, and its owner still ends it.
    assert_eq!(mia.state(&kept), "active");
    mia.run(["consent", "revoke", &kept]);

    let freed = holder.run(["governance", "unlock", "--amount", "120000000"]);
    assert_eq!(freed["locked"], "0");
}
