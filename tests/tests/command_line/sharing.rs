//! Opening what was given: while its owner answers and while not, by others, after the end.

use crate::{
    films::{bundled, contents, files, slices, small_study},
    people::{Person, network, text},
    process::kill_when,
};

#[test]
fn every_opening_needs_a_grant_and_is_in_the_owners_log() {
    let Some(network) = network() else { return };
    let (quin, rosa) = (Person::settled(&network), Person::settled(&network));
    let folder = small_study(quin.path("study"), 3);
    let study = quin.import_one(&folder);
    let other = small_study(quin.path("other"), 4);
    std::fs::remove_file(other.join("0.dcm")).unwrap();
    let other = quin.import_one(&other);
    let live = quin.grant(&study, &rosa, &[]);
    let sealed = quin.grant(&other, &rosa, &["--mode", "sealed"]);
    let unknown = format!("0x{}", "5a".repeat(32));
    let out = rosa.path("films");
    let fetch = |grant| ["fetch", grant, "--out", out.to_str().unwrap()];

    // Nobody answers: the opening is entered, and nothing is opened.
    assert_eq!(rosa.code(fetch(&live)), "owner_offline");
    assert!(files(&out).is_empty());
    let openings = quin.openings(&[]);
    assert_eq!(openings.len(), 1);
    assert_eq!(
        text(&openings[0], "by").to_lowercase(),
        rosa.address.to_lowercase()
    );
    assert_eq!(openings[0]["purpose"], "TREAT");
    assert_eq!(openings[0]["grant"], *live);

    {
        // What was cut off goes on with its entry, once the owner answers.
        let _app = quin.app();
        let fetched = rosa.run(fetch(&live));
        assert_eq!(fetched["instances"], 3);
        assert_eq!(fetched["accessed"]["height"], openings[0]["height"]);
        assert_eq!(contents(&out), contents(&folder));
        rosa.run(["fetch", &sealed]);

        // A stranger, and a grant that nobody gave.
        let sam = Person::settled(&network);
        assert_eq!(sam.code(fetch(&live)), "not_grantee");
        assert_eq!(rosa.code(fetch(&unknown)), "grant_unknown");
        assert_eq!(rosa.code(["consent", "revoke", &live]), "grant_unknown");
        assert_eq!(rosa.code(fetch("0x12")), "misuse");
    }

    // The sealed grant needs no answer of the owner's; it is entered all the same.
    let again = rosa.path("sealed");
    rosa.run(["fetch", &sealed, "--out", again.to_str().unwrap()]);
    assert_eq!(contents(&again).len(), 3);
    assert_eq!(rosa.code(fetch(&live)), "owner_offline");
    let openings = quin.openings(&[]);
    assert_eq!(openings.len(), 4);
    let modes: Vec<_> = openings.iter().rev().map(|e| text(e, "mode")).collect();
    assert_eq!(modes, ["live", "sealed", "sealed", "live"]);
    let of_one = quin.openings(&["--study", &other]);
    assert_eq!(of_one.len(), 2);
    assert!(of_one.iter().all(|e| e["object"] == *other));

    quin.run(["consent", "revoke", &live]);
    assert_eq!(quin.code(["consent", "revoke", &live]), "grant_revoked");
    assert_eq!(rosa.state(&live), "revoked");
    let _app = quin.app();
    assert_eq!(rosa.code(fetch(&live)), "grant_revoked");
}

#[test]
fn a_fetch_that_was_killed_goes_on_with_its_opening() {
    let Some(network) = network() else { return };
    let (tom, una) = (Person::settled(&network), Person::settled(&network));
    let study = tom.import_one(&bundled());
    let given = tom.grant(&study, &una, &[]);
    let app = tom.app();
    let out = una.path("films");
    let fetch = ["fetch", &given, "--out", out.to_str().unwrap()];
    kill_when(una.command(fetch), || files(&out).len() > 3);
    let fetched = una.run(fetch);
    drop(app);
    let count = fetched["instances"].as_u64().unwrap() as usize;
    let mut originals = slices(count);
    originals.sort();
    assert!(
        contents(&out) == originals,
        "the files are not the originals"
    );
    assert!(
        files(&out)
            .iter()
            .all(|f| f.extension().is_some_and(|e| e == "dcm"))
    );
    assert_eq!(tom.openings(&[]).len(), 1);
}
