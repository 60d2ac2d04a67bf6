//! The vault behind the commands, and the lock on a home.

use std::fs;

use crate::{
    people::{Person, network, text},
    process::{Service, answer, dhc, refusal},
};

#[test]
fn a_vault_opens_with_its_password_and_comes_back_from_its_words() {
    let Some(network) = network() else { return };
    let mut anna = Person::without_vault(&network);
    assert_eq!(anna.code(["vault", "accounts"]), "vault_missing");
    assert_eq!(
        anna.code(["vault", "create", "--words", "13", "--show-words"]),
        "misuse"
    );

    let made = anna.run(["vault", "create", "--words", "24", "--show-words"]);
    anna.address = text(&made["accounts"][0], "address");
    let words = text(&made, "words");
    assert_eq!(words.split_whitespace().count(), 24);
    assert_eq!(anna.run(["vault", "verify"])["ok"], true);

    // A second vault would be the end of the first.
    assert_eq!(anna.code(["vault", "create"]), "vault_exists");
    let accounts = anna.run(["vault", "accounts"]);
    assert_eq!(accounts["accounts"][0]["address"], *anna.address);

    fs::write(anna.password_file(), "another afternoon").unwrap();
    assert_eq!(anna.code(["vault", "accounts"]), "bad_password");
    assert_eq!(anna.code(["balance"]), "bad_password");

    // The words on another device, under another password.
    let device = Person::without_vault(&network);
    let file = device.path("words");
    let restore = ["vault", "restore", "--words-file", file.to_str().unwrap()];
    fs::write(&file, words.replacen(' ', " zoo ", 1)).unwrap();
    assert_eq!(device.code(restore), "misuse");
    fs::write(&file, &words).unwrap();
    let restored = device.run(restore);
    assert_eq!(restored["accounts"][0]["address"], *anna.address);
    assert!(restored.get("words").is_none());
}

#[test]
fn a_damaged_vault_is_told_from_a_wrong_password() {
    let Some(network) = network() else { return };
    let ben = Person::without_vault(&network);
    let made = ben.run(["vault", "create"]);
    assert!(made.get("words").is_none(), "words without --show-words");

    let file = ben.home().join("vault");
    let sound = fs::read(&file).unwrap();
    let _ = fs::remove_file(ben.home().join("vault.previous"));
    for at in [0, sound.len() / 2, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        fs::write(&file, damaged).unwrap();
        let refused = ben.refused(["vault", "accounts"]);
        assert_eq!(refused.code, "vault_damaged", "bit 0 of byte {at}");
        assert!(refused.hint.contains("words"), "{refused:?}");
    }
    fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    assert_eq!(ben.code(["vault", "verify"]), "vault_damaged");
    fs::write(&file, sound).unwrap();
    assert_eq!(ben.run(["vault", "verify"])["ok"], true);
}

#[test]
fn a_home_serves_one_command_at_a_time() {
    let Some(network) = network() else { return };
    let cleo = Person::new(&network);
    let app = cleo.app();
    let refused = cleo.refused(["balance"]);
    assert_eq!(refused.code, "home_busy");
    assert!(refused.hint.contains("dhc app"), "{refused:?}");
    // Killed, not ended: the lock goes with the process.
    drop(app);
    assert_eq!(cleo.balance(), 0);
    let served = Service::start(cleo.command(["app"]));
    assert!(text(&served.ready, "peer").contains("/p2p/"));
}

#[test]
fn misuse_of_the_command_line_has_its_code_too() {
    let Some(_) = crate::process::program() else {
        return;
    };
    for args in [
        &["no-such-command"][..],
        &["send", "--to"],
        &["consent", "grant"],
        &["vault", "create", "--words", "x"],
        &["fetch"],
    ] {
        assert_eq!(refusal(dhc(args)).code, "misuse", "{args:?}");
    }
    let mut help = dhc(["--help"]);
    assert!(help.output().unwrap().status.success());
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("film.dcm");
    fs::write(&png, crate::films::PNG).unwrap();
    let (png, out) = (png.to_str().unwrap(), folder.path().join("out"));
    let out = out.to_str().unwrap();
    let refused = refusal(dhc(["film", "decode", png, "--out", out]));
    assert_eq!(refused.code, "not_dicom");
    let film = folder.path().join("sound.dcm");
    fs::write(&film, &crate::films::slices(1)[0]).unwrap();
    let decoded = answer(dhc([
        "film",
        "decode",
        film.to_str().unwrap(),
        "--out",
        out,
    ]));
    let bytes = decoded["rows"].as_u64().unwrap() * decoded["columns"].as_u64().unwrap() * 2;
    assert_eq!(fs::metadata(out).unwrap().len(), bytes);
}
