//! Somebody acts for somebody else, as far and as long as they let them.

use serde_json::Value;

use crate::{
    films::{contents, small_study},
    people::{Person, grant, network, text},
};

fn proxies(person: &Person) -> Value {
    let list = person.run(["consent", "proxies"]);
    assert_eq!(list["complete"], true, "{list}");
    list
}

#[test]
fn a_proxy_does_what_was_named_until_dismissed() {
    let Some(network) = network() else { return };
    let (jan, kim) = (Person::settled(&network), Person::settled(&network));
    let doctor = Person::settled(&network);
    let study = jan.import_one(&small_study(jan.path("study"), 2));
    let (first, second) = (
        jan.grant(&study, &doctor, &[]),
        jan.grant(&study, &doctor, &["--until", "3d"]),
    );
    let revoke = |grant| ["consent", "revoke", grant];
    assert_eq!(kim.code(revoke(&first)), "grant_unknown");

    let appoint = |powers| {
        [
            "consent",
            "proxy",
            "appoint",
            &kim.address,
            "--may",
            powers,
            "--until",
            "30d",
        ]
    };
    jan.run(appoint("answer"));
    assert_eq!(kim.code(revoke(&first)), "proxy_refused");
    let appointed = jan.run(appoint("revoke,answer"));
    assert_eq!(appointed["standing"]["state"], "proven", "{appointed}");
    let (mine, theirs) = (proxies(&jan), proxies(&kim));
    for (list, other) in [
        (&mine["proxies"], &kim.address),
        (&theirs["wards"], &jan.address),
    ] {
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
        assert_eq!(list[0]["address"], **other);
        assert_eq!(list[0]["powers"], serde_json::json!(["revoke", "answer"]));
        assert_eq!(list[0]["state"], "active");
    }
    assert_eq!(mine["wards"], serde_json::json!([]));

    kim.run(revoke(&first));
    assert_eq!(jan.state(&first), "revoked");
    assert_eq!(doctor.state(&first), "revoked");
    let later = ["consent", "renew", &second, "--until", "9d"];
    assert_eq!(kim.code(later), "proxy_refused");

    let ask = |window| {
        let command = ["consent", "request", "--owner", &jan.address];
        let terms = ["--purpose", "TREAT", "--for", window, "--text", "the film"];
        text(&doctor.run(command.iter().chain(&terms)), "request")
    };
    let (one, other) = (ask("1d"), ask("2d"));
    kim.run(["consent", "decline", &one]);

    let dismiss = ["consent", "proxy", "dismiss", &kim.address];
    jan.run(dismiss);
    assert_eq!(kim.code(revoke(&second)), "proxy_refused");
    assert_eq!(kim.code(["consent", "decline", &other]), "proxy_refused");
    assert_eq!(jan.code(dismiss), "proxy_unknown");
    assert_eq!(proxies(&jan)["proxies"][0]["state"], "dismissed");
    assert_eq!(proxies(&kim)["wards"][0]["powers"], serde_json::json!([]));
    assert_eq!(jan.state(&second), "active");
}

#[test]
fn a_proxy_gives_renews_and_ends_access_to_what_they_were_shown() {
    let Some(network) = network() else { return };
    let [ora, pia, doctor] = [0; 3].map(|_| Person::settled(&network));
    let folder = small_study(ora.path("study"), 3);
    let study = ora.import_one(&folder);
    let unseen = ora.import_one(&small_study(ora.path("unseen"), 1));
    ora.grant(
        &study,
        &pia,
        &["--template", "family", "--purpose", "FAMRQT"],
    );
    let on_behalf = ["--for", ora.address.as_str()];
    let give = grant(&study, &doctor, &on_behalf);
    assert_eq!(pia.code(&give), "proxy_refused");
    let appoint = ["consent", "proxy", "appoint", &pia.address, "--may"];
    ora.run([&appoint[..], &["revoke,renew,answer", "--until", "30d"]].concat());
    assert_eq!(pia.code(&give), "proxy_refused");
    ora.run(
        [
            &appoint[..],
            &["grant,revoke,renew,answer", "--until", "30d"],
        ]
        .concat(),
    );

    // A key is not a proxy's to hand on, and what she was not shown she cannot pass on.
    let sealed = [&on_behalf[..], &["--mode", "sealed"]].concat();
    assert_eq!(pia.code(grant(&study, &doctor, &sealed)), "proxy_refused");
    assert_eq!(
        pia.code(grant(&unseen, &doctor, &on_behalf)),
        "record_unknown"
    );
    assert_eq!(pia.code(grant(&study, &ora, &on_behalf)), "misuse");

    let given = pia.run(&give);
    assert_eq!(given["standing"]["state"], "proven", "{given}");
    let given = text(&given, "grant");
    let as_seen_by = |person: &Person| {
        let list = person.run(["consent", "list"]);
        let grants = list["grants"].as_array().expect("grants").clone();
        let found = grants.into_iter().find(|g| g["grant"] == *given);
        found.unwrap_or_else(|| panic!("{list}"))
    };
    for person in [&ora, &doctor] {
        let seen = as_seen_by(person);
        assert_eq!(seen["from"], *ora.address);
        assert_eq!(seen["by"], *pia.address);
    }
    // The patient's app releases the key, on proof, as for any grant.
    let out = doctor.path("films");
    let fetch = ["fetch", &given, "--out", out.to_str().unwrap()];
    let app = ora.app();
    doctor.run(fetch);
    drop(app);
    assert_eq!(contents(&out), contents(&folder));
    assert_eq!(text(&ora.openings(&[])[0], "by"), doctor.address);

    let before = text(&as_seen_by(&doctor), "not_after");
    pia.run(["consent", "renew", &given, "--until", "20d"]);
    assert!(text(&as_seen_by(&doctor), "not_after") > before);
    pia.run(["consent", "revoke", &given]);
    assert_eq!(ora.state(&given), "revoked");
    assert_eq!(doctor.code(fetch), "grant_revoked");

    let ask = ["consent", "request", "--owner", &ora.address, "--for", "1d"];
    let asked = doctor.run([&ask[..], &["--purpose", "TREAT", "--text", "again"]].concat());
    let asked = text(&asked, "request");
    let answered = pia.run(["consent", "answer", &asked, "--study", &study]);
    assert_eq!(doctor.state(&text(&answered, "grant")), "active");

    ora.run(["consent", "proxy", "dismiss", &pia.address]);
    assert_eq!(pia.code(&give), "proxy_refused");
}

#[test]
fn an_appointment_that_makes_no_sense_is_refused() {
    let Some(network) = network() else { return };
    let lea = Person::settled(&network);
    let max = Person::new(&network);
    let appoint = |who, until| {
        let command = ["consent", "proxy", "appoint", who];
        [&command[..], &["--may", "revoke", "--until", until]].concat()
    };
    assert_eq!(lea.code(appoint(&lea.address, "30d")), "misuse");
    assert_eq!(
        lea.code(appoint(&max.address, "2020-01-01T00:00:00Z")),
        "misuse"
    );
    assert_eq!(lea.code(appoint("0x12", "30d")), "misuse");
}
