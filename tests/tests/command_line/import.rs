//! Import: what is refused, what is skipped, what was there before, and what was killed.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    films::{self, PNG, archive, archive_with_link, files, slices, small_study},
    people::{Person, network, text},
    process::kill_when,
};

fn import(path: &Path) -> [&OsStr; 2] {
    [OsStr::new("import"), path.as_os_str()]
}

#[test]
fn what_is_no_study_is_refused_with_its_reason_and_leaves_nothing() {
    let Some(network) = network() else { return };
    let jan = Person::settled(&network);
    let nonce = network.nonce(&jan.address);
    let film = slices(1).remove(0);
    let put = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = jan.path(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let zeros = vec![0; 32 << 20];
    let empty = jan.path("empty");
    fs::create_dir(&empty).unwrap();
    for (path, code) in [
        (put("picture.dcm", PNG), "not_dicom"),
        (put("letter.txt", b"Dear doctor,\n"), "not_dicom"),
        (put("nothing.dcm", b""), "not_dicom"),
        (put("cut.dcm", &film[..film.len() / 2]), "dicom_damaged"),
        (put("stub.dcm", &film[..200]), "dicom_damaged"),
        (empty, "not_dicom"),
        (jan.path("absent.dcm"), "file_unreadable"),
        (
            put(
                "out.zip",
                &archive(&[("a.dcm", &film), ("../b.dcm", &film)]),
            ),
            "archive_refused",
        ),
        (
            put("link.zip", &archive_with_link(&film)),
            "archive_refused",
        ),
        (
            put("bomb.zip", &archive(&[("a.dcm", &film), ("b.dcm", &zeros)])),
            "archive_refused",
        ),
        (
            put("cut.zip", &archive(&[("a.dcm", &film)])[..5000]),
            "archive_refused",
        ),
    ] {
        assert_eq!(jan.code(import(&path)), code, "{}", path.display());
    }
    assert!(!jan.path("b.dcm").exists());
    let records = jan.run(["records"]);
    assert_eq!(records["records"].as_array().map(Vec::len), Some(0));
    assert_eq!(files(&jan.home().join("blocks")), Vec::<PathBuf>::new());
    assert_eq!(network.nonce(&jan.address), nonce);
}

#[test]
fn sound_films_among_others_are_imported_once() {
    let Some(network) = network() else { return };
    let kim = Person::settled(&network);
    let folder = small_study(kim.path("mixed"), 3);
    let film = slices(4).remove(3);
    fs::write(folder.join("letter.txt"), "Dear doctor,\n").unwrap();
    fs::write(folder.join("cut.dcm"), &film[..film.len() / 2]).unwrap();

    let imported = kim.import(&folder);
    let study = &imported["studies"][0];
    assert_eq!(study["instances"], 3, "{imported}");
    assert_eq!(
        study["indexed"]["height"].as_u64().map(|h| h > 0),
        Some(true)
    );
    let mut skipped: Vec<_> = imported["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            let path = text(s, "path");
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            (name, text(s, "code"))
        })
        .collect();
    skipped.sort();
    let expected = [("cut.dcm", "dicom_damaged"), ("letter.txt", "not_dicom")];
    assert_eq!(skipped, expected.map(|(p, c)| (p.to_owned(), c.to_owned())));

    // The same study again: nothing new, and nothing to pay for.
    let nonce = network.nonce(&kim.address);
    let again = kim.import(&folder);
    assert_eq!(
        again["studies"].as_array().map(Vec::len),
        Some(0),
        "{again}"
    );
    let duplicates = again["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 3);
    assert!(duplicates.iter().all(|d| d["id"] == study["id"]));
    assert_eq!(network.nonce(&kim.address), nonce);
    let records = kim.run(["records"]);
    assert_eq!(records["records"].as_array().map(Vec::len), Some(1));
    let shown = kim.run(["records", "show", &text(study, "id")]);
    assert_eq!(shown["standing"]["state"], "proven");
    let unknown = format!("0x{}", "5a".repeat(32));
    assert_eq!(kim.code(["records", "show", &unknown]), "record_unknown");
    assert_eq!(kim.code(["records", "show", "0x00"]), "misuse");

    // Nobody vouches for it.
    let contribute = ["contribute", &text(study, "id")];
    assert_eq!(kim.code(contribute), "seal_refused");
}

#[test]
fn an_import_that_was_killed_goes_on_and_leaves_nothing_double() {
    let Some(network) = network() else { return };
    let lea = Person::settled(&network);
    let nonce = network.nonce(&lea.address);
    let study = films::bundled();
    let blocks = lea.home().join("blocks");
    let stored = || {
        files(&blocks)
            .iter()
            .filter_map(|f| fs::metadata(f).ok())
            .map(|m| m.len())
            .sum::<u64>()
    };

    // In the middle of sealing, and then with its transaction in a block but not yet proven.
    kill_when(lea.command(import(&study)), || files(&blocks).len() > 4);
    kill_when(lea.command(import(&study)), || {
        network.nonce(&lea.address) > nonce
    });
    let imported = lea.import(&study);
    assert_eq!(
        imported["studies"].as_array().map(Vec::len),
        Some(1),
        "{imported}"
    );
    assert_eq!(network.nonce(&lea.address), nonce + 1);
    let records = lea.run(["records"]);
    let records = records["records"].as_array().unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["standing"]["state"], "proven");

    // What the first run had stored is gone: the ciphertext is hardly longer than the study.
    let bytes = records[0]["bytes"].as_u64().unwrap();
    let stored = stored();
    assert!(
        stored >= bytes && stored < bytes + bytes / 20,
        "{stored} for {bytes}"
    );
}
