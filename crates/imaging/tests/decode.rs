//! Stored values of small images whose values are known.

mod support;

use std::io::Cursor;

use dhc_imaging::{DecodeError, DicomFile, RefusalCode, RenderParams, decode_frame};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use proptest::prelude::*;
use support::{BIG_ENDIAN, Image};

fn values(image: &Image, frame: u32) -> Vec<f64> {
    decode_frame(&image.file(), frame)
        .unwrap()
        .samples()
        .collect()
}

fn code(image: &Image, frame: u32) -> Option<RefusalCode> {
    decode_frame(&image.file(), frame).unwrap_err().code()
}

#[test]
fn sixteen_bit_values_are_the_same_in_either_byte_order() {
    let words: Vec<u16> = (0..12).map(|i| i * 5000).collect();
    let expected: Vec<_> = words.iter().map(|w| f64::from(*w)).collect();
    for syntax in [
        support::EXPLICIT,
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        BIG_ENDIAN,
    ] {
        let mut image = Image::new();
        image.words(&words).transfer_syntax = syntax.into();
        assert_eq!(values(&image, 0), expected, "{syntax}");
    }
}

#[test]
fn a_deflated_data_set_is_read() {
    let mut image = Image::new();
    image.transfer_syntax = uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.into();
    assert_eq!(
        values(&image, 0),
        (0..12).map(f64::from).collect::<Vec<_>>()
    );
}

#[test]
fn bytes_in_big_endian_words_are_put_back() {
    let mut image = Image::new();
    image
        .bits(8, 8, false)
        .words(&[0x0201, 0x0403, 0x0605, 0x0807, 0x0a09, 0x0c0b]);
    image.transfer_syntax = BIG_ENDIAN.into();
    assert_eq!(
        values(&image, 0),
        (1..=12).map(f64::from).collect::<Vec<_>>()
    );
}

#[test]
fn words_in_big_endian_may_reach_into_the_next_frame() {
    let mut image = Image::new();
    image.size(1, 3).frames(2).bits(8, 8, false);
    image.words(&[0x0201, 0x0403, 0x0605]);
    image.transfer_syntax = BIG_ENDIAN.into();
    assert_eq!(values(&image, 0), [1.0, 2.0, 3.0]);
    assert_eq!(values(&image, 1), [4.0, 5.0, 6.0]);
}

#[test]
fn a_data_set_in_implicit_vr_is_read_whatever_the_meta_says() {
    let mut image = Image::new();
    image.transfer_syntax = uids::IMPLICIT_VR_LITTLE_ENDIAN.into();
    let mut file = image.file();
    // The syntax's UID and its padding, by one that is as long: Explicit, "…1.2.1" and no NUL.
    let at = file
        .windows(18)
        .position(|w| w == b"1.2.840.10008.1.2\0")
        .unwrap();
    file.splice(at..at + 18, *b"1.2.840.10008.1.2.1\0");
    for length in [at - 2, 140] {
        let wide = u16::from_le_bytes([file[length], file[length + 1]]) + 2;
        file[length..length + 2].copy_from_slice(&wide.to_le_bytes());
    }
    let frame = decode_frame(&file, 0).unwrap();
    assert_eq!(frame.transfer_syntax, "1.2.840.10008.1.2.1");
    assert!(frame.samples().eq((0..12).map(f64::from)));
}

#[test]
fn signed_values_of_twelve_bits_keep_their_sign() {
    let mut image = Image::new();
    image
        .size(1, 4)
        .bits(16, 12, true)
        .words(&[0x0fff, 0x0800, 0x07ff, 0xf001]);
    assert_eq!(values(&image, 0), [-1.0, -2048.0, 2047.0, 1.0]);
}

#[test]
fn planes_become_pixels_and_subsampled_chroma_is_shared() {
    let mut image = Image::new();
    image
        .size(1, 2)
        .bits(8, 8, false)
        .samples(3, "RGB")
        .short(tags::PLANAR_CONFIGURATION, 1);
    image.pixels(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(values(&image, 0), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);

    image
        .samples(3, "YBR_FULL_422")
        .short(tags::PLANAR_CONFIGURATION, 0)
        .pixels(&[1, 2, 3, 4]);
    let frame = decode_frame(&image.file(), 0).unwrap();
    assert_eq!(
        (frame.photometric.as_str(), frame.data),
        ("YBR_FULL", vec![1, 3, 4, 2, 3, 4])
    );
}

#[test]
fn frames_of_single_bits_are_not_aligned_to_bytes() {
    let mut image = Image::new();
    image
        .size(1, 5)
        .bits(1, 1, false)
        .frames(3)
        .pixels(&[0b0010_0001, 0b0100_0010]);
    assert_eq!(values(&image, 0), [1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(values(&image, 1), [1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(values(&image, 2), [0.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn wide_and_float_samples_are_read() {
    let mut image = Image::new();
    image
        .size(1, 1)
        .bits(32, 32, false)
        .pixels(&0xdead_beef_u32.to_le_bytes());
    assert_eq!(values(&image, 0), [f64::from(0xdead_beef_u32)]);

    image
        .without(tags::PIXEL_DATA)
        .data
        .put_element(DataElement::new(
            tags::FLOAT_PIXEL_DATA,
            VR::OF,
            PrimitiveValue::from(-1.5f32),
        ));
    let frame = decode_frame(&image.file(), 0).unwrap();
    assert!(frame.float && frame.samples().eq([-1.5]));
}

/// PS3.5 annex G: 16-bit grey, two segments, high bytes first.
#[test]
fn rle_segments_are_the_bytes_of_samples() {
    let mut fragment = vec![0; 64];
    fragment[0] = 2;
    fragment[4..8].copy_from_slice(&64u32.to_le_bytes());
    fragment[8..12].copy_from_slice(&66u32.to_le_bytes());
    // Three times 1, then a literal 7 8 9.
    fragment.extend([0xfe, 1, 2, 7, 8, 9]);
    let mut image = Image::new();
    image
        .size(1, 3)
        .fragments(uids::RLE_LOSSLESS, vec![fragment.clone()]);
    assert_eq!(values(&image, 0), [263.0, 264.0, 265.0]);

    // A segment that lies outside, and a count that lies.
    for (at, value) in [(8, 4000u32), (4, 60), (0, 9)] {
        let mut bad = fragment.clone();
        bad[at..at + 4].copy_from_slice(&value.to_le_bytes());
        image.fragments(uids::RLE_LOSSLESS, vec![bad]);
        assert_eq!(code(&image, 0), Some(RefusalCode::DicomDamaged));
    }
}

fn jpeg(value: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let pixels = [value; 64];
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 100)
        .encode(&pixels, 8, 8, image::ExtendedColorType::L8)
        .unwrap();
    file
}

#[test]
fn a_frame_is_found_among_fragments_with_and_without_a_table() {
    let cut = |file: Vec<u8>| [file[..100].to_vec(), file[100..].to_vec()];
    let mut image = Image::new();
    image.size(8, 8).bits(8, 8, false).frames(2);
    // One fragment each; two each, told apart by their start markers.
    let whole = vec![jpeg(50), jpeg(200)];
    let pieces = [cut(jpeg(50)), cut(jpeg(200))].concat();
    for fragments in [whole, pieces] {
        image.fragments(uids::JPEG_BASELINE8_BIT, fragments);
        for (frame, expected) in [(0, 50.0), (1, 200.0)] {
            assert!(
                values(&image, frame)
                    .iter()
                    .all(|v| (v - expected).abs() <= 1.0)
            );
        }
    }
    assert!(matches!(
        decode_frame(&image.file(), 2),
        Err(DecodeError::NoSuchFrame {
            frame: 2,
            frames: 2
        })
    ));
}

#[test]
fn codestreams_of_other_dimensions_than_the_image_are_damaged() {
    let mut image = Image::new();
    image
        .size(8, 9)
        .bits(8, 8, false)
        .fragments(uids::JPEG_BASELINE8_BIT, vec![jpeg(1)]);
    assert_eq!(code(&image, 0), Some(RefusalCode::DicomDamaged));
    let siz = [
        0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 1, 1,
    ];
    image.fragments(uids::JPEG2000_LOSSLESS, vec![siz.to_vec()]);
    assert_eq!(code(&image, 0), Some(RefusalCode::DicomDamaged));
}

/// CharLS itself takes many seconds over these bytes.
#[test]
fn a_jpeg_ls_scan_that_ends_in_the_middle_is_damaged() {
    let stream = [
        0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0,
        0, 0, 0xdd, 0xd9,
    ];
    let mut image = Image::new();
    image
        .size(8, 8)
        .bits(8, 8, false)
        .fragments(uids::JPEGLS_LOSSLESS, vec![stream.to_vec()]);
    assert_eq!(code(&image, 0), Some(RefusalCode::DicomDamaged));
}

#[test]
fn an_unknown_compression_is_unsupported_not_damaged() {
    let mut image = Image::new();
    image.fragments(uids::MPEG2MPML, vec![vec![0, 0, 1, 0xb3]]);
    assert_eq!(
        code(&image, 0),
        Some(RefusalCode::UnsupportedTransferSyntax)
    );
}

#[test]
fn absurd_dimensions_are_refused_before_anything_is_allocated() {
    let mut image = Image::new();
    image.size(65535, 65535).frames(100_000).bits(16, 16, false);
    assert_eq!(code(&image, 0), Some(RefusalCode::DicomDamaged));
    image.size(20_000, 20_000);
    assert_eq!(code(&image, 99_999), Some(RefusalCode::DicomDamaged));
}

#[test]
fn a_report_is_no_image() {
    let mut report = Image::new();
    for tag in [tags::PIXEL_DATA, tags::ROWS, tags::COLUMNS] {
        report.without(tag);
    }
    let mut file = report.open().unwrap();
    assert_eq!(file.frames(), 0);
    assert!(matches!(file.stored_frame(0), Err(DecodeError::NotAnImage)));
}

fn samples() -> Vec<Vec<u8>> {
    let mut rle = Image::new();
    let mut fragment = vec![0; 64];
    fragment[0] = 2;
    fragment[4] = 64;
    fragment[8] = 66;
    fragment.extend([0xfe, 1, 2, 7, 8, 9]);
    rle.size(1, 3).fragments(uids::RLE_LOSSLESS, vec![fragment]);
    let mut baseline = Image::new();
    baseline.size(8, 8).bits(8, 8, false).frames(2);
    baseline.fragments(uids::JPEG_BASELINE8_BIT, vec![jpeg(50), jpeg(200)]);
    let mut big = Image::new();
    big.transfer_syntax = BIG_ENDIAN.into();
    vec![Image::new().file(), rle.file(), baseline.file(), big.file()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens to a file, it decodes or is refused.
    #[test]
    fn a_damaged_file_is_never_more_than_refused(
        which in 0usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        truncate: bool,
    ) {
        let mut file = samples().swap_remove(which);
        for (at, value) in changes {
            // Behind the preamble, where it matters.
            let at = 132 + at.index(file.len() - 132);
            file[at] = value;
        }
        if truncate {
            file.truncate(cut.index(file.len()));
        }
        if let Ok(mut opened) = DicomFile::open(Cursor::new(file)) {
            for frame in 0..opened.frames().min(3) {
                let _ = opened.stored_frame(frame);
                let _ = opened.display_frame(frame);
                let _ = opened.render(frame, &RenderParams::default());
            }
        }
    }
}
