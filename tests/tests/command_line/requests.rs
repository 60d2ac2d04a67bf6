//! A doctor asks, a patient answers.

use serde_json::Value;

use crate::{
    films::{contents, small_study},
    people::{Network, Person, network, text},
    process::{kill_when, until},
};

const WHY: &str = "The head MRI of last spring, for Thursday's consultation.";

/// `consent request`, for treatment and a week unless `more` says otherwise.
fn request<'a>(owner: &'a Person, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["consent", "request", "--owner", &owner.address];
    for (name, value) in [("--purpose", "TREAT"), ("--for", "7d"), ("--text", WHY)] {
        if !more.contains(&name) {
            args.extend([name, value]);
        }
    }
    args.extend(more);
    args
}

fn ask(doctor: &Person, owner: &Person, more: &[&str]) -> String {
    let asked = doctor.run(request(owner, more));
    assert_eq!(asked["standing"]["state"], "proven", "{asked}");
    text(&asked, "request")
}

/// This person's requests, which are all there are, newest first.
fn requests(person: &Person, more: &[&str]) -> Vec<Value> {
    let list = person.run(["consent", "requests"].iter().chain(more));
    assert_eq!(list["complete"], true, "{list}");
    assert_eq!(list["standing"]["state"], "proven", "{list}");
    list["requests"].as_array().expect("requests").clone()
}

#[test]
fn a_request_is_read_answered_and_opened() {
    let Some(network) = network() else { return };
    let (ada, ben) = (Person::settled(&network), Person::settled(&network));
    let folder = small_study(ada.path("study"), 3);
    let study = ada.import_one(&folder);
    let id = ask(&ben, &ada, &["--action", "view", "--action", "export"]);

    for (person, direction) in [(&ada, "--received"), (&ben, "--asked")] {
        let list = requests(person, &[direction]);
        assert_eq!(list.len(), 1, "{list:?}");
        assert_eq!(list[0]["request"], *id);
        assert_eq!(list[0]["from"], *ben.address);
        assert_eq!(list[0]["to"], *ada.address);
        assert_eq!(list[0]["text"], WHY);
        assert_eq!(list[0]["purpose"], "TREAT");
        assert_eq!(list[0]["template"], "treatment");
        assert_eq!(list[0]["window_s"], 7 * 86_400);
        assert_eq!(list[0]["state"], "open");
        assert_eq!(list[0]["grant"], Value::Null);
    }
    assert!(requests(&ben, &["--received"]).is_empty());

    // Less may be given than was asked, and not more.
    let answer = ["consent", "answer", &id, "--study", &study];
    let with = |more: &[&'static str]| [&answer[..], more].concat();
    assert_eq!(ada.code(with(&["--until", "8d"])), "misuse");
    assert_eq!(ada.code(with(&["--action", "annotate"])), "misuse");
    assert_eq!(ben.code(answer), "request_unknown");
    let answered = ada.run(with(&["--until", "1d"]));
    let grant = text(&answered, "grant");
    assert_eq!(answered["standing"]["state"], "proven", "{answered}");
    for person in [&ada, &ben] {
        let list = requests(person, &[]);
        assert_eq!(list[0]["state"], "answered");
        assert_eq!(list[0]["grant"], *grant);
    }
    assert_eq!(ada.code(answer), "request_closed");
    assert_eq!(ada.code(["consent", "decline", &id]), "request_closed");
    assert_eq!(ben.code(["consent", "withdraw", &id]), "request_closed");

    let _app = ada.app();
    let out = ben.path("films");
    ben.run(["fetch", &grant, "--out", out.to_str().unwrap()]);
    assert_eq!(contents(&out), contents(&folder));
}

#[test]
fn a_request_is_declined_or_withdrawn_by_whose_it_is() {
    let Some(network) = network() else { return };
    let (cal, dot) = (Person::settled(&network), Person::settled(&network));
    let (declined, withdrawn) = (ask(&dot, &cal, &[]), ask(&dot, &cal, &["--for", "1d"]));
    assert_eq!(
        dot.code(["consent", "decline", &declined]),
        "request_unknown"
    );
    assert_eq!(
        cal.code(["consent", "withdraw", &withdrawn]),
        "request_unknown"
    );
    cal.run(["consent", "decline", &declined]);
    dot.run(["consent", "withdraw", &withdrawn]);
    let states: Vec<_> = requests(&cal, &[])
        .iter()
        .map(|r| (text(r, "request"), text(r, "state")))
        .collect();
    assert!(states.contains(&(declined.clone(), "declined".to_owned())));
    assert!(states.contains(&(withdrawn.clone(), "withdrawn".to_owned())));
    assert_eq!(
        cal.code(["consent", "decline", &declined]),
        "request_closed"
    );
    assert_eq!(
        dot.code(["consent", "withdraw", &withdrawn]),
        "request_closed"
    );
    let unknown = format!("0x{}", "5a".repeat(32));
    assert_eq!(
        cal.code(["consent", "decline", &unknown]),
        "request_unknown"
    );
}

#[test]
fn a_stranger_does_not_flood_a_patient() {
    let Some(network) = network() else { return };
    let (eve, fay) = (Person::settled(&network), Person::settled(&network));
    let asked: Vec<String> = ["1d", "2d", "3d"]
        .iter()
        .map(|window| ask(&fay, &eve, &["--for", window]))
        .collect();
    assert_eq!(
        fay.code(request(&eve, &["--for", "4d"])),
        "too_many_requests"
    );
    eve.run(["consent", "decline", &asked[0]]);
    ask(&fay, &eve, &["--for", "4d"]);
    assert_eq!(requests(&eve, &[]).len(), 4);

    // Who has published no keys cannot be sealed to, and does not ask.
    let gus = Person::new(&network);
    fay.run(["send", "--to", &gus.address, "--amount", "1"]);
    assert_eq!(gus.code(request(&eve, &[])), "no_identity");
    assert_eq!(fay.code(request(&gus, &[])), "no_identity");
    for more in [
        &["--for", "91d", "--template", "treatment"][..],
        &["--purpose", "HMARKT"],
        &["--template", "no-such-template"],
    ] {
        assert_eq!(
            fay.code(request(&eve, more)),
            "template_refused",
            "{more:?}"
        );
    }
    let long = "x".repeat(831);
    for more in [
        &["--for", "2099-01-01T00:00:00Z"][..],
        &["--text", " "],
        &["--text", &long],
    ] {
        assert_eq!(fay.code(request(&eve, more)), "misuse", "{more:?}");
    }
}

/// Kills the command when it has handed over a transaction after `done` others of the account, and
/// waits for that to be in a block.
fn killed_after(network: &Network, person: &Person, command: &[&str], done: u64) {
    kill_when(person.command(command), || {
        network.sent(&person.address) > done
    });
    until("the block", || {
        (network.nonce(&person.address) > done).then_some(())
    });
}

#[test]
fn an_answer_that_was_killed_gives_once_and_is_linked() {
    let Some(network) = network() else { return };
    let (hal, ivy) = (Person::settled(&network), Person::settled(&network));
    let study = hal.import_one(&small_study(hal.path("study"), 2));

    let nonce = network.nonce(&ivy.address);
    killed_after(&network, &ivy, &request(&hal, &[]), nonce);
    let id = ask(&ivy, &hal, &[]);
    assert_eq!(requests(&ivy, &[]).len(), 1);

    // Killed with the grant on its way, and then with the link.
    let answer = ["consent", "answer", &id, "--study", &study];
    let nonce = network.nonce(&hal.address);
    killed_after(&network, &hal, &answer, nonce);
    killed_after(&network, &hal, &answer, nonce + 1);
    let answered = hal.run(answer);
    assert_eq!(network.nonce(&hal.address), nonce + 2);
    let given = hal.run(["consent", "list", "--given"]);
    assert_eq!(given["grants"].as_array().map(Vec::len), Some(1), "{given}");
    assert_eq!(requests(&ivy, &[])[0]["grant"], answered["grant"]);
}
