//! What a grant may say beyond one study for one week: several studies, chosen actions, a longer
//! end, an emergency, somebody further.

use crate::{
    films::{contents, files, small_study},
    people::{Person, grant, network, text},
};

#[test]
fn one_grant_opens_several_studies_and_each_opening_says_which() {
    let Some(network) = network() else { return };
    let (ada, ben) = (Person::settled(&network), Person::settled(&network));
    let folders = [
        small_study(ada.path("first"), 2),
        small_study(ada.path("second"), 3),
    ];
    let [first, second] = folders.each_ref().map(|folder| ada.import_one(folder));
    let other = small_study(ada.path("other"), 4);
    let other = ada.import_one(&other);
    let given = ada.grant(&first, &ben, &["--study", &second]);
    let listed = ben.run(["consent", "list", "--received"]);
    let shown = listed["grants"]
        .as_array()
        .expect("grants")
        .iter()
        .find(|g| g["grant"] == *given)
        .expect("the grant");
    assert_eq!(shown["study"], *first);
    assert_eq!(shown["studies"], serde_json::json!([first, second]));

    let app = ada.app();
    let out = ben.path("films");
    let fetch = |study| {
        let out = out.to_str().unwrap();
        ["fetch", &given, "--study", study, "--out", out]
    };
    let fetched = ben.run(fetch(&second));
    assert_eq!(fetched["study"], *second);
    assert_eq!(contents(&out), contents(&folders[1]));
    let again = ben.path("again");
    ben.run([
        "fetch",
        &given,
        "--study",
        &first,
        "--out",
        again.to_str().unwrap(),
    ]);
    assert_eq!(contents(&again), contents(&folders[0]));
    assert_eq!(ben.code(fetch(&other)), "record_unknown");
    drop(app);

    let openings = ada.openings(&[]);
    let objects: Vec<_> = openings.iter().rev().map(|e| text(e, "object")).collect();
    assert_eq!(objects, [second.clone(), first]);
    assert!(openings.iter().all(|e| e["action"] == "export"));
    assert_eq!(ada.openings(&["--study", &second]).len(), 1);
}

#[test]
fn who_may_only_look_cannot_take_the_files() {
    let Some(network) = network() else { return };
    let (cyd, dov) = (Person::settled(&network), Person::settled(&network));
    let study = cyd.import_one(&small_study(cyd.path("study"), 2));
    let given = cyd.grant(&study, &dov, &["--action", "view"]);
    let out = dov.path("films");
    let take = ["fetch", &given, "--out", out.to_str().unwrap()];
    assert_eq!(dov.code(take), "action_refused");
    assert!(files(&out).is_empty());
    assert!(cyd.openings(&[]).is_empty(), "nothing was opened");
    let app = cyd.app();
    dov.run(["fetch", &given]);
    drop(app);
    let openings = cyd.openings(&[]);
    assert_eq!(openings.len(), 1);
    assert_eq!(openings[0]["action"], "view");
}

#[test]
fn a_grant_is_renewed_by_its_owner_within_its_template() {
    let Some(network) = network() else { return };
    let (eli, fay) = (Person::settled(&network), Person::settled(&network));
    let study = eli.import_one(&small_study(eli.path("study"), 2));
    let given = eli.grant(&study, &fay, &[]);
    let end = |person: &Person| {
        let list = person.run(["consent", "list"]);
        let grants = list["grants"].as_array().expect("grants");
        let found = grants.iter().find(|g| g["grant"] == *given);
        text(found.expect("the grant"), "not_after")
    };
    let before = end(&fay);
    assert_eq!(
        eli.code(["consent", "renew", &given, "--until", "91d"]),
        "template_refused"
    );
    assert_eq!(
        fay.code(["consent", "renew", &given, "--until", "30d"]),
        "grant_unknown"
    );
    eli.run(["consent", "renew", &given, "--until", "30d"]);
    assert!(end(&fay) > before);
    assert_eq!(fay.state(&given), "active");
    eli.run(["consent", "revoke", &given]);
    assert_eq!(
        eli.code(["consent", "renew", &given, "--until", "60d"]),
        "grant_revoked"
    );
}

#[test]
fn a_renewal_is_approved_anew() {
    let Some(network) = network() else { return };
    let (gus, hal) = (Person::settled(&network), Person::settled(&network));
    let board = Person::new(&network);
    gus.run(["send", "--to", &board.address, "--amount", "1"]);
    let study = gus.import_one(&small_study(gus.path("study"), 2));
    let given = gus.grant(&study, &hal, &["--approver", &board.address]);
    board.run(["consent", "approve", &given]);
    assert_eq!(gus.state(&given), "active");
    gus.run(["consent", "renew", &given, "--until", "20d"]);
    assert_eq!(gus.state(&given), "awaiting_approval");
    assert_eq!(hal.code(["fetch", &given]), "grant_unapproved");
    board.run(["consent", "approve", &given]);
    assert_eq!(gus.state(&given), "active");
}

#[test]
fn an_emergency_access_sleeps_until_it_is_broken_open_loudly() {
    let Some(network) = network() else { return };
    let (ivy, jon) = (Person::settled(&network), Person::settled(&network));
    let folder = small_study(ivy.path("study"), 2);
    let study = ivy.import_one(&folder);
    let usual = ivy.grant(&study, &jon, &[]);
    let emergency = ["--purpose", "ETREAT", "--template", "emergency"];
    let terms = [&emergency[..], &["--until", "300d"]].concat();
    // A note would hold the key while the glass is whole.
    let sealed = [&terms[..], &["--mode", "sealed"]].concat();
    assert_eq!(ivy.code(grant(&study, &jon, &sealed)), "template_refused");
    let prepared = ivy.grant(&study, &jon, &terms);
    assert_eq!(ivy.state(&prepared), "dormant");
    let out = jon.path("films");
    let fetch = ["fetch", &prepared, "--out", out.to_str().unwrap()];
    assert_eq!(jon.code(fetch), "grant_dormant");
    assert!(ivy.openings(&[]).is_empty());
    let stranger = Person::settled(&network);
    let glass = |grant| {
        [
            "consent",
            "break-glass",
            grant,
            "--reason",
            "found unconscious",
        ]
    };
    assert_eq!(stranger.code(glass(&prepared)), "not_grantee");
    // An access that was not prepared for it cannot be broken open.
    assert_eq!(jon.code(glass(&usual)), "misuse");

    let alarms = |more: &[&str]| {
        let told = ivy.run(["consent", "alarms"].iter().chain(more));
        assert_eq!(told["complete"], true, "{told}");
        told["alarms"].as_array().expect("alarms").clone()
    };
    assert!(alarms(&[]).is_empty());
    jon.run(glass(&prepared));
    assert_eq!(ivy.state(&prepared), "active");
    // Her app was closed: she is told when it opens, until she says that she has seen it.
    for _ in 0..2 {
        let told = alarms(&[]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["by"], *jon.address);
        assert_eq!(told[0]["grant"], *prepared);
    }
    let unknown = ["consent", "alarms", "--seen", "1"];
    assert_eq!(ivy.code(unknown), "misuse");
    assert!(alarms(&["--seen", "0"]).is_empty());
    assert!(alarms(&[]).is_empty());
    // Who broke it finds again what they wrote.
    let list = jon.run(["consent", "list", "--received"]);
    let received = list["grants"].as_array().expect("grants").iter();
    let mut broken = received.filter(|g| g["grant"] == *prepared);
    let broken = broken.next().expect("the grant");
    assert_eq!(broken["reason"]["text"], "found unconscious", "{broken}");
    let app = ivy.app();
    jon.run(fetch);
    drop(app);
    assert_eq!(contents(&out), contents(&folder));
    let log = ivy.openings(&[]);
    assert_eq!(log.len(), 2);
    assert_eq!(log[1]["action"], "glass");
    assert_eq!(log[1]["reason"], "found unconscious");
    assert_eq!(log[0]["action"], "export");

    ivy.run(["consent", "revoke", &prepared]);
    assert_eq!(jon.code(glass(&prepared)), "grant_revoked");
}

#[test]
fn what_may_be_passed_on_is_passed_on_within_its_bounds_and_ends_with_it() {
    let Some(network) = network() else { return };
    let [kim, lea, max] = [0; 3].map(|_| Person::settled(&network));
    let folder = small_study(kim.path("study"), 2);
    let study = kim.import_one(&folder);
    let opinion = ["--template", "second-opinion", "--purpose", "TREAT"];
    let kept = kim.grant(&study, &lea, &opinion);
    let share = |grant, until| {
        [
            "consent",
            "share",
            grant,
            "--to",
            &max.address,
            "--until",
            until,
        ]
    };
    assert_eq!(lea.code(share(&kept, "2d")), "onward_refused");

    let given = kim.grant(
        &study,
        &lea,
        &[&opinion[..], &["--onward", "--until", "8d"]].concat(),
    );
    assert_eq!(lea.code(share(&given, "9d")), "misuse");
    assert_eq!(max.code(share(&given, "2d")), "not_grantee");
    let passed = text(&lea.run(share(&given, "2d")), "grant");
    assert_eq!(max.state(&passed), "active");
    assert_eq!(kim.state(&passed), "active");

    let app = kim.app();
    let out = max.path("films");
    let fetch = ["fetch", &passed, "--out", out.to_str().unwrap()];
    max.run(fetch);
    drop(app);
    assert_eq!(contents(&out), contents(&folder));
    let openings = kim.openings(&[]);
    assert_eq!(openings.len(), 1);
    assert_eq!(
        text(&openings[0], "by").to_lowercase(),
        max.address.to_lowercase()
    );
    // Nobody passes it on once more.
    let further = [
        "consent",
        "share",
        &passed,
        "--to",
        &lea.address,
        "--until",
        "1d",
    ];
    assert_eq!(max.code(further), "onward_refused");

    kim.run(["consent", "revoke", &given]);
    assert_eq!(max.state(&passed), "revoked");
    assert_eq!(max.code(fetch), "grant_revoked");
}

#[test]
fn a_grant_takes_no_unknown_action_no_study_twice_and_no_more_than_sixteen() {
    let Some(network) = network() else { return };
    let (nia, oto) = (Person::settled(&network), Person::settled(&network));
    let study = nia.import_one(&small_study(nia.path("study"), 2));
    assert_eq!(
        nia.code(grant(&study, &oto, &["--action", "paint"])),
        "misuse"
    );
    assert_eq!(
        nia.code(grant(&study, &oto, &["--study", &study])),
        "misuse"
    );
    assert_eq!(
        nia.code(grant(
            &study,
            &oto,
            &["--template", "family", "--purpose", "FAMRQT", "--onward"]
        )),
        "template_refused"
    );
}
