//! The terms of a grant: templates, approvals, the end of its window.

use crate::{
    films::{contents, small_study},
    people::{Person, grant, network},
    process::until,
};

#[test]
fn a_grant_keeps_to_a_template_and_to_its_window() {
    let Some(network) = network() else { return };
    let (mia, noa) = (Person::settled(&network), Person::settled(&network));
    let study = mia.import_one(&small_study(mia.path("study"), 2));

    let opinion = ["--template", "second-opinion", "--purpose", "TREAT"];
    for terms in [
        &[&opinion[..], &["--until", "15d"]].concat()[..],
        &["--template", "no-such-template"],
        &["--template", "treatment", "--purpose", "HRESCH"],
        &[
            "--template",
            "payment",
            "--purpose",
            "HPAYMT",
            "--mode",
            "sealed",
        ],
        &["--purpose", "HRESCH"],
        &["--template", "research-contribution", "--purpose", "HRESCH"],
    ] {
        assert_eq!(
            mia.code(grant(&study, &noa, terms)),
            "template_refused",
            "{terms:?}"
        );
    }
    for terms in [
        &["--purpose", "CURIOSITY"][..],
        &["--until", "tomorrow"],
        &["--until", "2020-01-01T00:00:00Z"],
        &["--threshold", "1"],
    ] {
        assert_eq!(mia.code(grant(&study, &noa, terms)), "misuse", "{terms:?}");
    }
    let unknown = format!("0x{}", "5a".repeat(32));
    assert_eq!(mia.code(grant(&unknown, &noa, &[])), "record_unknown");
    let stranger = Person::new(&network);
    assert_eq!(mia.code(grant(&study, &stranger, &[])), "no_identity");

    let allowed = mia.grant(&study, &noa, &[&opinion[..], &["--until", "14d"]].concat());
    assert_eq!(mia.state(&allowed), "active");

    let short = mia.grant(&study, &noa, &["--until", "15s"]);
    until("the end of the window", || {
        (noa.state(&short) == "expired").then_some(())
    });
    assert_eq!(noa.code(["fetch", &short]), "grant_expired");
    assert_eq!(mia.state(&short), "expired");
    assert!(mia.openings(&[]).is_empty());
}

#[test]
fn research_waits_for_both_approvals() {
    let Some(network) = network() else { return };
    let (oda, pia) = (Person::settled(&network), Person::settled(&network));
    let (first, second) = (Person::new(&network), Person::new(&network));
    for person in [&first, &second] {
        oda.run(["send", "--to", &person.address, "--amount", "1"]);
    }
    let folder = small_study(oda.path("study"), 2);
    let study = oda.import_one(&folder);
    let board = ["--approver", &first.address, "--approver", &second.address];
    let terms = [&["--purpose", "HRESCH", "--threshold", "2"], &board[..]].concat();
    let given = oda.grant(&study, &pia, &terms);
    assert_eq!(oda.state(&given), "awaiting_approval");

    let _app = oda.app();
    let out = pia.path("films");
    let fetch = ["fetch", &given, "--out", out.to_str().unwrap()];
    assert_eq!(pia.code(fetch), "grant_unapproved");
    assert_eq!(pia.code(["consent", "approve", &given]), "not_approver");
    first.run(["consent", "approve", &given]);
    assert_eq!(first.code(["consent", "approve", &given]), "not_approver");
    assert_eq!(pia.code(fetch), "grant_unapproved");
    assert!(!out.exists());
    second.run(["consent", "approve", &given]);
    assert_eq!(pia.state(&given), "active");
    pia.run(fetch);
    assert_eq!(contents(&out), contents(&folder));
}
