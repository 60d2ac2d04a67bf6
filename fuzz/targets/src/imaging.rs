//! Films of whoever gave the disc: files, codestreams in them, folders and archives.

use std::io::{Cursor, Read, Write};

use dhc_imaging::{DicomFile, Limits, Opener, RenderParams, scan};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR, value::PixelFragmentSequence};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

/// Frames of one file that are decoded.
const FRAMES: u32 = 3;

/// A DICOM file, opened, decoded and drawn as the viewer does.
pub fn dicom_file(bytes: &[u8]) {
    let Ok(mut file) = DicomFile::open(Cursor::new(bytes)) else {
        return;
    };
    let _ = (file.modality(), file.sop_instance_uid());
    for frame in 0..file.frames().min(FRAMES) {
        if let Ok(stored) = file.stored_frame(frame) {
            let samples = stored.data.len() / stored.sample_bytes();
            assert_eq!(stored.samples().count(), samples, "samples are left over");
        }
        let _ = file.display_frame(frame);
        let _ = file.render(frame, &RenderParams::default());
    }
    assert!(
        file.stored_frame(file.frames()).is_err(),
        "a frame past the last"
    );
}

/// The compressions of an image that carry a parser of their own.
pub const SYNTAXES: [&str; 7] = [
    uids::JPEG_BASELINE8_BIT,
    uids::JPEG_EXTENDED12_BIT,
    uids::JPEG_LOSSLESS_SV1,
    uids::JPEGLS_LOSSLESS,
    uids::JPEG2000_LOSSLESS,
    uids::HTJ2K_LOSSLESS,
    uids::RLE_LOSSLESS,
];

/// What a codestream stands in: which of [`SYNTAXES`]; 1 for colour, 2 for sixteen bits, 4 for
/// signed samples; rows and columns.
pub const FRAME_OF: usize = 4;

/// One fragment of a small image that is well-formed otherwise, after [`FRAME_OF`] bytes.
pub fn dicom_codestream(bytes: &[u8]) {
    let Some((&[syntax, kind, rows, columns], codestream)) = bytes.split_first_chunk::<FRAME_OF>()
    else {
        return;
    };
    let syntax = SYNTAXES[usize::from(syntax) % SYNTAXES.len()];
    dicom_file(&around(
        codestream,
        syntax,
        kind,
        rows.into(),
        columns.into(),
    ));
}

fn around(codestream: &[u8], syntax: &str, kind: u8, rows: u16, columns: u16) -> Vec<u8> {
    const FAIL: &str = "an image is written";
    let mut data = InMemDicomObject::new_empty();
    let mut text = |tag: Tag, vr, value: &str| drop(data.put_str(tag, vr, value));
    text(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE);
    text(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3");
    let (samples, photometric) = if kind & 1 == 0 {
        (1, "MONOCHROME2")
    } else {
        (3, "RGB")
    };
    text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric);
    let bits = if kind & 2 == 0 { 8 } else { 16 };
    let mut short = |tag: Tag, value: u16| {
        let value = PrimitiveValue::from(value);
        drop(data.put_element(DataElement::new(tag, VR::US, value)));
    };
    short(tags::ROWS, rows);
    short(tags::COLUMNS, columns);
    short(tags::SAMPLES_PER_PIXEL, samples);
    short(tags::PLANAR_CONFIGURATION, 0);
    short(tags::BITS_ALLOCATED, bits);
    short(tags::BITS_STORED, bits);
    short(tags::HIGH_BIT, bits - 1);
    short(tags::PIXEL_REPRESENTATION, u16::from(kind & 4 != 0));
    let mut fragment = codestream.to_vec();
    fragment.resize(fragment.len().next_multiple_of(2), 0);
    let pixels = PixelFragmentSequence::new_fragments(vec![fragment]);
    data.put_element(DataElement::new(tags::PIXEL_DATA, VR::OB, pixels));
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax)
        .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("1.2.3");
    let mut file = Vec::new();
    let object = data.with_meta(meta).expect(FAIL);
    object.write_all(&mut file).expect(FAIL);
    file
}

/// What an import is pointed at: a file, an archive, the index of a medium.
pub fn dicom_scan(bytes: &[u8]) {
    const FAIL: &str = "a temporary file is written";
    let mut input = tempfile::NamedTempFile::new().expect(FAIL);
    input.write_all(bytes).expect(FAIL);
    input.flush().expect(FAIL);
    let limits = Limits {
        archive_bytes: 1 << 26,
        ..Limits::default()
    };
    let Ok(found) = scan(&[input.path().to_owned()], &limits, &mut |_| {}) else {
        return;
    };
    let mut opener = Opener::new();
    for study in &found.studies {
        for instance in study.study.instances() {
            let at = &study.files[&instance.sop_instance_uid];
            let mut reader = opener.open(at).expect("what was scanned is there");
            let mut again = Vec::new();
            reader
                .read_to_end(&mut again)
                .expect("what was scanned is read");
            assert_eq!(again.len() as u64, instance.bytes, "it is read otherwise");
        }
    }
}
