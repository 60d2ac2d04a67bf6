//! Archives from strangers.

mod support;

use std::io::{Cursor, Write};

use dhc_imaging::{Limits, RefusalCode, scan};
use proptest::prelude::*;
use support::{Image, folder, read, refused, zip};

fn refused_archive(files: &[(&str, &[u8])]) {
    let dir = folder(&[("in.zip", &zip(files))]);
    assert_eq!(
        refused(dir.path().join("in.zip")),
        RefusalCode::ArchiveRefused
    );
}

#[test]
fn archives_that_lead_out_of_their_folder_are_refused() {
    let image = Image::new().file();
    for name in [
        "../out.dcm",
        "a/../../out.dcm",
        "/etc/out.dcm",
        "..\\out.dcm",
        "C:\\out.dcm",
    ] {
        refused_archive(&[("good.dcm", &image), (name, &image)]);
    }
}

#[test]
fn archives_with_links_are_refused() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("good.dcm", options).unwrap();
    writer.write_all(&Image::new().file()).unwrap();
    writer
        .add_symlink("link.dcm", "/etc/passwd", options)
        .unwrap();
    let dir = folder(&[("in.zip", &writer.finish().unwrap().into_inner())]);
    assert_eq!(
        refused(dir.path().join("in.zip")),
        RefusalCode::ArchiveRefused
    );
}

#[test]
fn bombs_are_refused_unread() {
    let image = Image::new().file();
    refused_archive(&[("good.dcm", &image), ("zeros", &vec![0; 32 << 20])]);
    // Many entries that are none alone.
    let piece = vec![0; 4 << 20];
    let names: Vec<_> = (0..8).map(|i| format!("{i}")).collect();
    let files: Vec<_> = names
        .iter()
        .map(|n| (n.as_str(), piece.as_slice()))
        .collect();
    refused_archive(&files);
}

#[test]
fn an_archive_with_too_many_entries_is_refused() {
    let dir = folder(&[("in.zip", &zip(&[("a", b"1"), ("b", b"2"), ("c", b"3")]))]);
    let limits = Limits {
        archive_entries: 2,
        ..Limits::default()
    };
    let error = scan(&[dir.path().join("in.zip")], &limits, &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), Some(RefusalCode::ArchiveRefused));
}

#[test]
fn an_archive_within_an_archive_is_not_opened() {
    let image = Image::new().file();
    let inner = zip(&[("x.dcm", &image)]);
    refused_archive(&[("inner.zip", &inner)]);
    let dir = folder(&[("in.zip", &zip(&[("inner.zip", &inner), ("x.dcm", &image)]))]);
    let found = read(dir.path().join("in.zip")).unwrap();
    assert_eq!(found.skipped[0].code, RefusalCode::ArchiveRefused);
    assert_eq!(found.studies[0].study.instance_count(), 1);
}

#[test]
fn a_refused_archive_in_a_folder_does_not_hold_up_the_rest() {
    let image = Image::new().file();
    let bad = zip(&[("../x", &image)]);
    let dir = folder(&[
        ("bad.zip", &bad),
        ("broken.zip", b"PK\x03\x04oops"),
        ("x.dcm", &image),
    ]);
    let found = read(dir.path()).unwrap();
    let codes: Vec<_> = found.skipped.iter().map(|s| s.code).collect();
    assert_eq!(codes, [RefusalCode::ArchiveRefused; 2]);
    assert_eq!(found.studies[0].study.instance_count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens to an archive, it is read or refused.
    #[test]
    fn a_damaged_archive_is_never_more_than_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        truncate: bool,
    ) {
        let image = Image::new().file();
        let mut archive = zip(&[("a/x.dcm", &image), ("a/y.txt", b"not an image")]);
        for (at, value) in changes {
            let at = at.index(archive.len());
            archive[at] = value;
        }
        if truncate {
            archive.truncate(cut.index(archive.len()));
        }
        let dir = folder(&[("in.zip", &archive)]);
        if let Ok(found) = read(dir.path().join("in.zip")) {
            let read = found.studies.iter().map(|s| s.study.instance_count());
            prop_assert!(read.sum::<usize>() <= 1);
        }
    }
}
