//! What an import takes of its input, and what it refuses.

mod support;

use std::io::Read;
use std::path::PathBuf;

use dhc_imaging::{Opener, RefusalCode, ScanError};
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use support::{Image, folder, read, refused, zip};

#[test]
fn slices_come_in_the_order_of_their_places_not_of_names_or_numbers() {
    let files: Vec<_> = [("c", 1, 5.0), ("a", 2, -5.0), ("b", 3, 0.0)]
        .map(|(name, number, z)| {
            (
                name,
                Image::new()
                    .slice(&format!("1.9.{number}"), number, z)
                    .file(),
            )
        })
        .into();
    let dir = folder(
        &files
            .iter()
            .map(|(n, b)| (*n, b.as_slice()))
            .collect::<Vec<_>>(),
    );
    let found = read(dir.path()).unwrap();
    let study = &found.studies[0].study;
    assert_eq!(
        (study.uid.as_str(), study.date.as_deref()),
        ("1.2.3.1", Some("2026-11-22"))
    );
    assert_eq!(study.modalities, ["CT"]);
    assert_eq!(study.patient.name.as_deref(), Some("Doe^Jane"));
    let order: Vec<_> = study
        .instances()
        .map(|i| i.sop_instance_uid.as_str())
        .collect();
    assert_eq!(order, ["1.9.2", "1.9.3", "1.9.1"]);
    assert_eq!(study.key_instance().unwrap().sop_instance_uid, "1.9.3");
}

#[test]
fn several_images_at_one_place_come_by_number() {
    let at = |n: i32, z: f64| Image::new().slice(&format!("1.9.{n}"), n, z).file();
    let dir = folder(&[("1", &at(3, 0.0)), ("2", &at(2, 9.0)), ("3", &at(1, 0.0))]);
    let found = read(dir.path()).unwrap();
    let order: Vec<_> = found.studies[0]
        .study
        .instances()
        .filter_map(|i| i.number)
        .collect();
    assert_eq!(order, [1, 2, 3]);
}

#[test]
fn the_bytes_come_back_as_they_were() {
    let (one, two) = (
        Image::new().slice("1.9.1", 1, 0.0).file(),
        Image::new().slice("1.9.2", 2, 1.0).file(),
    );
    let archive = zip(&[("x/one.dcm", &one), ("two", &two)]);
    let dir = folder(&[("in.zip", &archive)]);
    let found = read(dir.path().join("in.zip")).unwrap();
    let mut opener = Opener::new();
    for (uid, bytes) in [("1.9.1", &one), ("1.9.2", &two)] {
        let mut back = Vec::new();
        opener
            .open(&found.studies[0].files[uid])
            .unwrap()
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == *bytes);
        let instance = found.studies[0]
            .study
            .instances()
            .find(|i| i.sop_instance_uid == uid);
        assert_eq!(instance.unwrap().bytes, bytes.len() as u64);
    }
}

#[test]
fn every_file_is_taken_or_a_duplicate_or_skipped_with_its_reason() {
    let image = Image::new().file();
    let cut = &image[..image.len() - 4];
    let dir = folder(&[
        ("a/1", &image),
        ("a/2", &image),
        ("b/picture.dcm", b"\x89PNG\r\n\x1a\n0000000000000000"),
        ("b/empty", b""),
        (
            "b/notes.txt",
            &b"Patient came in with a cough and a heavy folder. ".repeat(9),
        ),
        ("cut.dcm", cut),
    ]);
    let found = read(dir.path()).unwrap();
    assert_eq!(found.studies[0].study.instance_count(), 1);
    assert!(found.duplicates[0].identical && found.duplicates.len() == 1);
    let codes: Vec<_> = found.skipped.iter().map(|s| s.code).collect();
    use RefusalCode::{DicomDamaged, NotDicom};
    assert_eq!(codes, [NotDicom, NotDicom, NotDicom, DicomDamaged]);
}

#[test]
fn an_instance_with_other_content_is_a_duplicate_that_says_so() {
    let mut other = Image::new();
    other.text(tags::STUDY_DESCRIPTION, VR::LO, "changed");
    let dir = folder(&[("1", &Image::new().file()), ("2", &other.file())]);
    assert!(!read(dir.path()).unwrap().duplicates[0].identical);
}

#[test]
fn an_input_without_an_instance_is_refused_with_the_reason() {
    assert_eq!(refused(folder(&[]).path()), RefusalCode::NotDicom);
    let png = folder(&[("x.dcm", b"\x89PNG\r\n\x1a\n0000")]);
    assert_eq!(refused(png.path().join("x.dcm")), RefusalCode::NotDicom);
    let missing = read("/nonexistent/study").unwrap_err();
    assert!(matches!(missing, ScanError::Io { .. }) && missing.code().is_none());
}

/// Wherever a file is cut, the import notices.
#[test]
fn a_truncated_file_is_damaged_at_every_length() {
    let mut compressed = Image::new();
    compressed
        .bits(8, 8, false)
        .fragments("1.2.840.10008.1.2.5", vec![vec![7; 70]]);
    for file in [Image::new().file(), compressed.file()] {
        let dir = folder(&[("whole", &file)]);
        assert!(read(dir.path()).is_ok());
        for length in (140..file.len()).rev() {
            let dir = folder(&[("cut", &file[..length])]);
            assert_eq!(refused(dir.path()), RefusalCode::DicomDamaged, "{length}");
        }
    }
}

/// PS3.5, 6.2.2: a sequence whose representation got lost is in implicit VR inside.
#[test]
fn a_sequence_of_unknown_representation_is_stepped_over() {
    let element =
        |tag: [u8; 4], value: &[u8]| [&tag, &(value.len() as u32).to_le_bytes(), value].concat();
    let open = |tag: [u8; 4]| [tag, [0xff; 4]].concat();
    let end = |tag: [u8; 4]| element(tag, b"");
    const ITEM: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];
    const ITEM_END: [u8; 4] = [0xfe, 0xff, 0x0d, 0xe0];
    const SEQUENCE_END: [u8; 4] = [0xfe, 0xff, 0xdd, 0xe0];
    let referenced = element([0x08, 0x00, 0x50, 0x11], b"1.2.840.10008.5.1.4.1.1.2\0");
    let inner = [
        open([0x08, 0x00, 0x15, 0x11]),
        element(ITEM, &referenced),
        end(SEQUENCE_END),
    ]
    .concat();
    let sequence = [
        b"\x29\x00\x10\x10UN\0\0\xff\xff\xff\xff".to_vec(),
        open(ITEM),
        inner,
        end(ITEM_END),
        end(SEQUENCE_END),
    ]
    .concat();
    let mut file = Image::new().file();
    let pixel_data = file
        .windows(4)
        .rposition(|w| w == [0xe0, 0x7f, 0x10, 0x00])
        .unwrap();
    file.splice(pixel_data..pixel_data, sequence);
    let dir = folder(&[("x", &file)]);
    assert_eq!(
        read(dir.path()).unwrap().studies[0].study.instance_count(),
        1
    );
    let frame = dhc_imaging::decode_frame(&file, 0).unwrap();
    assert!(frame.samples().eq((0..12).map(f64::from)));
}

#[test]
fn pixel_data_that_its_frames_do_not_fit_in_is_damaged() {
    let mut lying = Image::new();
    lying.size(400, 400);
    let mut missing = Image::new();
    missing.without(tags::PIXEL_DATA);
    let mut few = Image::new();
    few.bits(8, 8, false)
        .frames(3)
        .fragments("1.2.840.10008.1.2.5", vec![vec![7; 70]]);
    for image in [lying, missing, few] {
        let dir = folder(&[("x", &image.file())]);
        assert_eq!(refused(dir.path()), RefusalCode::DicomDamaged);
    }
}

#[test]
fn files_without_preamble_and_meta_are_recognised() {
    let whole = Image::new().file();
    // Preamble and magic are 132 bytes; the meta group's length stands in its first element.
    let meta = u32::from_le_bytes(*whole[140..].first_chunk().unwrap()) as usize;
    let dir = folder(&[
        ("no-preamble", &whole[132..]),
        ("no-meta", &whole[144 + meta..]),
    ]);
    let found = read(dir.path()).unwrap();
    assert_eq!(
        (
            found.studies.len(),
            found.duplicates.len(),
            found.skipped.len()
        ),
        (1, 1, 0)
    );
}

/// A DICOMDIR whose records refer to the files, each by its components.
fn dicomdir(files: &[&[&str]]) -> Vec<u8> {
    let records: Vec<_> = files
        .iter()
        .map(|parts| {
            let id = PrimitiveValue::Strs(parts.iter().map(|p| p.to_string()).collect());
            let element = DataElement::new(tags::REFERENCED_FILE_ID, VR::CS, id);
            InMemDicomObject::from_element_iter([element])
        })
        .collect();
    let sequence = DataSetSequence::new(records, Length::UNDEFINED);
    let mut index = Image::new();
    index.data = InMemDicomObject::from_element_iter([DataElement::new(
        tags::DIRECTORY_RECORD_SEQUENCE,
        VR::SQ,
        sequence,
    )]);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(support::EXPLICIT)
        .media_storage_sop_class_uid(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
        .media_storage_sop_instance_uid("1.2.3.9");
    let mut bytes = Vec::new();
    index
        .data
        .with_meta(meta)
        .unwrap()
        .write_all(&mut bytes)
        .unwrap();
    bytes
}

#[test]
fn a_dicomdir_names_the_files_and_leads_nowhere_else() {
    let index = dicomdir(&[&["IMAGES", "IM1"], &["IMAGES", "GONE"], &["..", "SECRET"]]);
    let dir = folder(&[
        ("disc/DICOMDIR", &index),
        ("disc/images/im1", &Image::new().file()),
        (
            "disc/images/unlisted",
            &Image::new().slice("1.9.7", 7, 0.0).file(),
        ),
        ("SECRET", &Image::new().slice("1.9.8", 8, 0.0).file()),
    ]);
    let named = read(dir.path().join("disc/DICOMDIR")).unwrap();
    let uids: Vec<_> = named.studies[0]
        .study
        .instances()
        .map(|i| i.sop_instance_uid.as_str())
        .collect();
    assert_eq!(uids, ["1.2.3.4.1"]);
    assert_eq!(named.skipped.len(), 2);
    // In a folder it is one file among others.
    let whole = read(dir.path().join("disc")).unwrap();
    assert_eq!(whole.studies[0].study.instance_count(), 2);
    assert_eq!(whole.skipped[0].code, RefusalCode::NotDicom);
}

/// What manifests hold from now on.
#[test]
fn a_summary_is_written_as_manifests_have_it() {
    let mut image = Image::new();
    image.slice("1.9.1", 1, 2.5);
    image
        .text(tags::WINDOW_CENTER, VR::DS, "40")
        .text(tags::WINDOW_WIDTH, VR::DS, "80");
    let dir = folder(&[("x", &image.file())]);
    let mut study = read(dir.path()).unwrap().studies.remove(0).study;
    let instance = &mut study.series[0].instances[0];
    (instance.bytes, instance.sha256) = (512, [0xab; 32]);
    let expected = serde_json::json!({
        "uid": "1.2.3.1", "date": "2026-11-22", "time": null, "description": null,
        "accession_number": null, "institution": null, "modalities": ["CT"],
        "patient": {"name": "Doe^Jane", "id": null, "birth_date": null, "sex": null},
        "series": [{
            "uid": "1.2.3.2", "number": null, "modality": "CT", "description": null,
            "body_part": null,
            "instances": [{
                "sop_instance_uid": "1.9.1",
                "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
                "number": 1,
                "transfer_syntax": "1.2.840.10008.1.2.1",
                "image": {
                    "rows": 3, "columns": 4, "frames": 1, "samples_per_pixel": 1,
                    "bits_allocated": 16, "photometric": "MONOCHROME2",
                    "position": [0.0, 0.0, 2.5],
                    "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                    "pixel_spacing": null,
                    "windows": [{
                        "center": 40.0, "width": 80.0, "function": "linear", "explanation": null
                    }],
                },
                "bytes": 512,
                "sha256": "ab".repeat(32),
            }],
        }],
    });
    assert_eq!(serde_json::to_value(&study).unwrap(), expected);
}

#[test]
fn a_summary_survives_the_manifest() {
    let dir = folder(&[("x", &Image::new().slice("1.9.1", 1, 2.5).file())]);
    let study = read(dir.path()).unwrap().studies.remove(0).study;
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(
        serde_json::from_str::<dhc_imaging::Study>(&json).unwrap(),
        study
    );
}

#[test]
fn the_demo_study_is_one_series_in_order() {
    let demo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo/study.zip");
    let found = read(demo).unwrap();
    assert_eq!(
        (
            found.studies.len(),
            found.skipped.len(),
            found.duplicates.len()
        ),
        (1, 0, 0)
    );
    let study = &found.studies[0].study;
    assert_eq!((study.series.len(), study.instance_count()), (1, 141));
    let z: Vec<_> = study
        .instances()
        .map(|i| i.image.as_ref().unwrap().position.unwrap()[2])
        .collect();
    assert!(z.is_sorted());
}

mod garbled {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        /// A directory that somebody wrote in bad faith is read or refused; it neither panics nor
        /// runs on.
        #[test]
        fn a_garbled_dicomdir_is_read_or_refused(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
        ) {
            let mut index = dicomdir(&[&["IMAGES", "IM1"], &["..", "SECRET"]]);
            for (at, byte) in changes {
                let at = 132 + at.index(index.len() - 132);
                index[at] = byte;
            }
            let dir = folder(&[("DICOMDIR", &index), ("SECRET", b"secret")]);
            if let Ok(found) = read(dir.path().join("DICOMDIR")) {
                prop_assert_eq!(found.studies.len(), 0);
            }
        }
    }
}
