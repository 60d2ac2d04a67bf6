//! Somebody acts for somebody else, as far and as long as they let them.

use serde_json::Value;

use crate::{
    films::small_study,
    people::{Person, network, text},
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
