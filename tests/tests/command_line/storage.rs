//! Ciphertext on this device, at pinning services and in files: each state known apart, and a
//! study that outlives its device.

use std::{fs, path::PathBuf};

use dhc_tests::kubo::Kubo;
use serde_json::{Value, json};

use crate::{
    films::{contents, files, small_study},
    people::{Network, Person, network, text},
    pinning::Service,
    process::program,
};

/// A network and a Kubo; `None` where one of them is left out.
pub fn with_kubo() -> Option<(std::sync::Arc<Network>, Kubo)> {
    program()?;
    let kubo = Kubo::start()?;
    Some((network()?, kubo))
}

/// Somebody with a study of three films: its id, its root, its folder.
pub fn with_study(network: &Network) -> (Person, String, String, PathBuf) {
    let person = Person::settled(network);
    let folder = small_study(person.path("study"), 3);
    let (id, cid) = import(&person, &folder);
    (person, id, cid, folder)
}

fn import(person: &Person, folder: &std::path::Path) -> (String, String) {
    let imported = person.import(folder);
    let study = &imported["studies"][0];
    (text(study, "id"), text(study, "cid"))
}

pub fn add_kubo(person: &Person, kubo: &Kubo) -> Value {
    person.run(["storage", "pin", "add", "clinic", &kubo.rpc(), "--kubo"])
}

fn status(person: &Person, more: &[&str]) -> Value {
    let status = person.run(["storage", "status"].iter().chain(more));
    status["objects"][0].clone()
}

fn blocks(person: &Person) -> Vec<PathBuf> {
    files(&person.home().join("blocks"))
}

#[test]
fn here_pinned_and_retrievable_are_known_apart() {
    let Some((network, mut kubo)) = with_kubo() else {
        return;
    };
    let (quin, id, cid, _) = with_study(&network);
    let first = status(&quin, &[]);
    assert_eq!(first["here"]["whole"], true, "{first}");
    assert_eq!(first["here"]["scrubbed"], Value::Null);
    assert_eq!(first["pinned_at"], 0);
    assert_eq!(first["retrievable"], Value::Null);

    let added = add_kubo(&quin, &kubo);
    assert_eq!(added["services"][0]["pinned"], 1, "{added}");
    assert!(kubo.has_pinned(&cid));
    let pinned = status(&quin, &[&id]);
    assert_eq!(pinned["pinned_at"], 1);
    assert_eq!(
        pinned["retrievable"],
        Value::Null,
        "nobody has asked for it"
    );
    assert_eq!(
        pinned["here"]["scrubbed"],
        Value::Null,
        "nobody has read it"
    );
    let checked = status(&quin, &[&cid, "--check"]);
    assert!(checked["retrievable"].is_string(), "{checked}");
    assert_eq!(checked["pins"][0]["probe"]["code"], Value::Null);

    // Not pinned any more, but still handed out: the service has not collected it yet.
    kubo.run(&["pin", "rm", &cid]);
    let released = status(&quin, &["--check"]);
    assert_eq!(released["pinned_at"], 0, "{released}");
    assert!(released["retrievable"].is_string(), "{released}");

    // Gone: what it said last is still said, with the reason why it is not newer.
    quin.run(["storage", "pin", "sync"]);
    kubo.stop();
    let gone = status(&quin, &["--check"]);
    assert_eq!(gone["pins"][0]["status"], "pinned", "{gone}");
    assert_eq!(gone["pins"][0]["code"], "pin_unreachable");
    assert_eq!(gone["pins"][0]["probe"]["code"], "content_unavailable");
    assert_eq!(gone["retrievable"], Value::Null);
    assert_eq!(gone["here"]["whole"], true);
    // It does not hinder an import either.
    let other = small_study(quin.path("other"), 2);
    fs::remove_file(other.join("0.dcm")).unwrap();
    let (other, other_cid) = import(&quin, &other);

    // At its next start the app asks for what is missing.
    kubo.go_on();
    quin.run(["storage", "pin", "remove", "clinic"]);
    add_kubo(&quin, &kubo);
    assert!(kubo.has_pinned(&other_cid), "{other}");
    kubo.run(&["pin", "rm", &cid]);
    let _app = quin.app();
    crate::process::until("the pin", || kubo.has_pinned(&cid).then_some(()));
}

#[test]
fn a_study_survives_the_loss_of_its_device() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let mut quin = Person::without_vault(&network);
    let made = quin.run(["vault", "create", "--show-words"]);
    quin.address = text(&made["accounts"][0], "address");
    let quin = quin.settles();
    let rosa = Person::settled(&network);
    add_kubo(&quin, &kubo);
    let folder = small_study(quin.path("study"), 3);
    let (id, cid) = import(&quin, &folder);
    let originals = contents(&folder);
    let words = text(&made, "words");
    drop(quin);

    let mut heir = Person::without_vault(&network);
    fs::write(heir.path("words"), &words).unwrap();
    let words = heir.path("words");
    let restored = heir.run(["vault", "restore", "--words-file", words.to_str().unwrap()]);
    heir.address = text(&restored["accounts"][0], "address");
    // Without anybody who has the blocks it says what it did not find.
    let nothing = heir.run(["records", "restore"]);
    assert_eq!(
        nothing["failed"][0]["code"], "content_unavailable",
        "{nothing}"
    );
    assert_eq!(nothing["failed"][0]["id"], *id);

    add_kubo(&heir, &kubo);
    let found = heir.run(["records", "restore"]);
    assert_eq!(found["restored"][0]["id"], *id, "{found}");
    assert_eq!(found["restored"][0]["standing"]["state"], "proven");
    assert_eq!(found["failed"], json!([]));
    assert_eq!(heir.run(["records", "restore"])["known"], 1);
    assert_eq!(status(&heir, &[])["pinned_at"], 1);

    // It opens: whoever gets access from the new device reads the very bytes.
    let grant = heir.grant(&id, &rosa, &["--mode", "sealed"]);
    let out = rosa.path("films");
    rosa.run(["fetch", &grant, "--out", out.to_str().unwrap()]);
    assert_eq!(contents(&out), originals);
    // Importing the same study again is no new record.
    let again = small_study(heir.path("again"), 3);
    assert_eq!(heir.import(&again)["duplicates"][0]["id"], *id);

    // Somebody else's words open nothing of it, although the service hands it to them too.
    let sam = Person::settled(&network);
    add_kubo(&sam, &kubo);
    let none = sam.run(["records", "restore"]);
    assert_eq!((&none["restored"], &none["known"]), (&json!([]), &json!(0)));
    assert!(kubo.has_pinned(&cid));
}

#[test]
fn a_sealed_access_is_opened_while_its_owner_is_offline_from_who_keeps_it() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let (quin, id, _, folder) = with_study(&network);
    let rosa = Person::settled(&network);
    let before = quin.grant(&id, &rosa, &["--mode", "sealed"]);
    let out = rosa.path("films");
    let fetch = |grant| ["fetch", grant, "--out", out.to_str().unwrap()];
    // Nobody keeps it yet, and its owner's app does not run.
    assert_eq!(rosa.code(fetch(&before)), "content_unavailable");
    assert!(files(&out).is_empty());

    add_kubo(&quin, &kubo);
    let after = quin.grant(&id, &rosa, &["--mode", "sealed"]);
    rosa.run(fetch(&after));
    assert_eq!(contents(&out), contents(&folder));
    // What came by the grant is listed, and forgotten when it is said.
    let held = status(&rosa, &[]);
    assert_eq!(held["grant"], *after, "{held}");
    rosa.run(["storage", "forget", &id]);
    assert!(blocks(&rosa).is_empty());
}

#[test]
fn a_scrub_finds_what_the_disk_has_lost_and_repairs_it_from_a_service() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let (quin, _, _, _) = with_study(&network);
    let sound = quin.run(["storage", "verify"]);
    assert_eq!(sound["whole"], true, "{sound}");
    assert!(status(&quin, &[])["here"]["scrubbed"].is_string());
    add_kubo(&quin, &kubo);
    let of_length = |wanted: &dyn Fn(u64) -> bool| {
        let mut found = blocks(&quin).into_iter();
        let found = found.find(|f| wanted(fs::metadata(f).unwrap().len()));
        found.unwrap()
    };
    // A frame, and the header with its box.
    let (damaged, lost) = (of_length(&|n| n > 100_000), of_length(&|n| n == 235));
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[1000] ^= 1;
    fs::write(&damaged, &bytes).unwrap();
    fs::remove_file(&lost).unwrap();

    let found = quin.run(["storage", "verify"]);
    assert_eq!(found["whole"], false, "{found}");
    assert_eq!(found["damaged"], 1);
    assert_eq!(found["missing"], 1);
    let here = &status(&quin, &[])["here"];
    assert_eq!((&here["damaged"], &here["missing"]), (&json!(1), &json!(1)));
    let repaired = quin.run(["storage", "verify", "--repair"]);
    assert_eq!(repaired["repaired"], 2, "{repaired}");
    assert_eq!(quin.run(["storage", "verify"])["whole"], true);
    // Without its root nothing of it is found; with a service all of it is again.
    for file in blocks(&quin) {
        fs::remove_file(file).unwrap();
    }
    let lost = &status(&quin, &[])["here"];
    assert_eq!((&lost["blocks"], &lost["of"]), (&json!(0), &Value::Null));
    let repaired = quin.run(["storage", "verify", "--repair"]);
    assert_eq!(repaired["whole"], true, "{repaired}");
    assert_eq!(repaired["repaired"], repaired["missing"]);
}

#[test]
fn nothing_exceeds_the_quota_and_nothing_is_removed_to_make_room() {
    let Some(network) = network() else { return };
    let person = Person::settled(&network);
    let folder = small_study(person.path("study"), 3);
    person.run(["storage", "quota", "100000"]);
    let nonce = network.nonce(&person.address);
    let refused = person.refused([std::ffi::OsStr::new("import"), folder.as_os_str()]);
    assert_eq!(refused.code, "over_quota");
    assert!(refused.hint.contains("quota"), "{refused:?}");
    assert!(blocks(&person).is_empty());
    assert_eq!(network.nonce(&person.address), nonce);

    person.run(["storage", "quota", "10000000"]);
    let (id, _) = import(&person, &folder);
    let held = blocks(&person).len();
    // A lower quota removes nothing, and refuses what comes.
    person.run(["storage", "quota", "1"]);
    assert_eq!(blocks(&person).len(), held);
    let other = small_study(person.path("other"), 4);
    fs::remove_file(other.join("0.dcm")).unwrap();
    let refused = person.refused([std::ffi::OsStr::new("import"), other.as_os_str()]);
    assert_eq!(refused.code, "over_quota");

    // Somebody who is given access meets their own quota.
    let rosa = Person::settled(&network);
    rosa.run(["storage", "quota", "100000"]);
    let grant = person.grant(&id, &rosa, &["--mode", "sealed"]);
    let app = person.app();
    assert_eq!(rosa.code(["fetch", &grant]), "over_quota");
    drop(app);

    // Removed only when it is said, and said twice where it may be the only copy.
    assert_eq!(person.code(["storage", "forget", &id]), "last_copy");
    assert_eq!(blocks(&person).len(), held);
    let gone = person.run(["storage", "forget", &id, "--last-copy"]);
    assert!(gone["warning"].is_string(), "{gone}");
    assert!(blocks(&person).is_empty());
    assert_eq!(person.run(["records"])["records"][0]["id"], *id);
}

#[test]
fn objects_leave_and_come_back_in_files_that_kubo_reads_and_writes() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let (quin, id, cid, _) = with_study(&network);
    let car = quin.path("object.car");
    let written = quin.run(["storage", "export", &id, "--out", car.to_str().unwrap()]);
    assert_eq!(written["roots"], json!([cid]));
    kubo.run(&["dag", "import", car.to_str().unwrap()]);
    assert!(kubo.has_pinned(&cid));
    let theirs = kubo.run(&["dag", "export", &cid]);
    let file = quin.path("kubos.car");
    fs::write(&file, &theirs).unwrap();

    let take = |file: &PathBuf| {
        [
            "storage".to_owned(),
            "import".to_owned(),
            file.to_str().unwrap().to_owned(),
        ]
    };
    let rosa = Person::new(&network);
    let taken = rosa.run(take(&file));
    assert_eq!(
        (&taken["roots"], &taken["blocks"]),
        (&json!([cid]), &written["blocks"])
    );
    assert_eq!(status(&rosa, &[])["here"]["whole"], true);
    assert_eq!(rosa.run(["storage", "verify"])["whole"], true);
    // Taken in twice it is there once; forgotten, it is gone.
    rosa.run(take(&car));
    assert_eq!(rosa.code(["storage", "forget", &cid]), "last_copy");
    rosa.run(["storage", "forget", &cid, "--last-copy"]);
    assert!(blocks(&rosa).is_empty());

    // What lies, ends early, or brings along what is not the object's is refused and leaves nothing.
    let middle = theirs.len() / 2;
    let mut lying = theirs.clone();
    lying[middle] ^= 1;
    let smuggled = [&theirs[..], &stranger()].concat();
    for (name, bytes) in [
        ("lying", &lying[..]),
        ("cut", &theirs[..middle]),
        ("smuggled", &smuggled),
        ("no-car", b"not a CAR file"),
        ("empty", b""),
    ] {
        let file = quin.path(name);
        fs::write(&file, bytes).unwrap();
        assert_eq!(rosa.code(take(&file)), "content_corrupt", "{name}");
        assert!(blocks(&rosa).is_empty(), "{name}");
    }
    // A part of what is here already stays when a file that repeats it is refused.
    let before = blocks(&quin).len();
    assert_eq!(quin.code(take(&quin.path("lying"))), "content_corrupt");
    assert_eq!(blocks(&quin).len(), before);
}

/// A section of a CAR file with a raw block that belongs to no object: "hello\n".
fn stranger() -> Vec<u8> {
    let cid: cid::Cid = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
        .parse()
        .unwrap();
    [&[42][..], &cid.to_bytes(), b"hello\n"].concat()
}

#[test]
fn a_service_of_the_pinning_api_keeps_what_it_is_given() {
    let Some((network, kubo)) = with_kubo() else {
        return;
    };
    let (quin, _, cid, _) = with_study(&network);
    let service = Service::start(kubo, "a token that nobody guesses");
    let token = quin.path("token");
    fs::write(&token, "wrong\n").unwrap();
    let token = token.to_str().unwrap();
    let url = service.url();
    let add = ["storage", "pin", "add", "far", &url, "--token-file", token];
    assert_eq!(quin.code(add), "pin_refused");
    fs::write(token, "a token that nobody guesses\n").unwrap();
    let added = quin.run(add);
    assert_eq!(added["services"][0]["pinned"], 1, "{added}");
    assert!(service.kubo().has_pinned(&cid));
    // It was told a root and where this node listens, and no word more.
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].as_object().unwrap().len(), 2, "{asked:?}");
    let checked = status(&quin, &["--check"]);
    assert_eq!(checked["pinned_at"], 1);
    assert!(checked["retrievable"].is_string(), "{checked}");

    // The token is nowhere in the home, and not in what is shown or logged.
    let home = files(&quin.home());
    let secret = b"a token that nobody guesses";
    for file in home {
        let bytes = fs::read(&file).unwrap();
        assert!(
            !bytes.windows(secret.len()).any(|w| w == secret),
            "{}",
            file.display()
        );
    }
    let said = quin
        .command(["-vvv", "storage", "status", "--check"])
        .output()
        .unwrap();
    let list = quin
        .command(["-vvv", "storage", "pin", "list"])
        .output()
        .unwrap();
    for said in [said.stdout, said.stderr, list.stdout, list.stderr] {
        assert!(!said.windows(secret.len()).any(|w| w == secret));
    }

    quin.run(["storage", "pin", "remove", "far", "--unpin"]);
    assert!(!service.kubo().has_pinned(&cid));
}

#[test]
fn a_token_never_goes_out_unencrypted() {
    let Some(network) = network() else { return };
    let person = Person::new(&network);
    let token = person.path("token");
    fs::write(&token, "secret").unwrap();
    let token = token.to_str().unwrap();
    let add = |url| ["storage", "pin", "add", "x", url, "--token-file", token];
    let refused = person.refused(add("http://192.0.2.1/psa"));
    assert_eq!(refused.code, "pin_refused");
    assert!(refused.message.contains("https"), "{refused:?}");
    assert_eq!(person.code(add("ftp://192.0.2.1/psa")), "pin_refused");
    assert_eq!(person.code(add("http://127.0.0.1:1")), "pin_unreachable");
    assert_eq!(
        person.run(["storage", "pin", "list"])["services"],
        json!([])
    );
}

#[test]
fn people_of_a_private_network_share_and_outsiders_get_nothing() {
    let Some(network) = network() else { return };
    let key = format!("/key/swarm/psk/1.0.0/\n/base16/\n{}\n", "5a".repeat(32));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("private.json");
    let mut described: Value = serde_json::from_slice(&fs::read(network.file()).unwrap()).unwrap();
    described["swarm_key"] = json!(key);
    fs::write(&file, described.to_string()).unwrap();

    let quin = Person::settled(&network).on(&file);
    let study = small_study(quin.path("study"), 3);
    let (id, _) = import(&quin, &study);
    let (rosa, sam) = (Person::settled(&network), Person::settled(&network));
    let rosa = rosa.on(&file);
    let (rosas, sams) = (quin.grant(&id, &rosa, &[]), quin.grant(&id, &sam, &[]));
    let _app = quin.app();
    let out = rosa.path("films");
    rosa.run(["fetch", &rosas, "--out", out.to_str().unwrap()]);
    assert_eq!(contents(&out), contents(&study));
    // The chain lets him in, the network of blocks does not.
    assert_eq!(sam.code(["fetch", &sams]), "owner_offline");

    // A home's own key goes before the network's; one that is none opens nothing.
    fs::write(sam.home().join("swarm.key"), &key).unwrap();
    sam.run(["fetch", &sams]);
    fs::write(sam.home().join("swarm.key"), "5a5a").unwrap();
    assert_eq!(sam.code(["records"]), "home_damaged");
}
