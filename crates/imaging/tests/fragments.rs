//! Which bytes make a frame: offset tables, cuts, and frames that are compressed one by one.

mod support;

use std::io::{Cursor, Write};

use dhc_imaging::{DicomFile, RefusalCode, decode_frame};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use support::Image;

fn values(image: &Image, frame: u32) -> Vec<f64> {
    let frame = decode_frame(&image.file(), frame).unwrap();
    frame.samples().collect()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// One RLE frame of 8 bits, all of one value: `count` pixels, at most 128.
fn rle(value: u8, count: u8) -> Vec<u8> {
    let mut fragment = vec![0; 64];
    fragment[0] = 1;
    fragment[4] = 64;
    fragment.extend([0u8.wrapping_sub(count - 1), value]);
    fragment
}

#[test]
fn frames_may_be_deflated_one_by_one() {
    let mut image = Image::new();
    image.size(1, 2).bits(8, 8, false).frames(2).fragments(
        uids::DEFLATED_IMAGE_FRAME_COMPRESSION,
        vec![deflated(&[1, 2]), deflated(&[3, 4])],
    );
    assert_eq!(values(&image, 0), [1.0, 2.0]);
    assert_eq!(values(&image, 1), [3.0, 4.0]);
    // Bits begin anew with each frame.
    image.size(1, 3).bits(1, 1, false).fragments(
        uids::DEFLATED_IMAGE_FRAME_COMPRESSION,
        vec![deflated(&[0b001]), deflated(&[0b110])],
    );
    assert_eq!(values(&image, 0), [1.0, 0.0, 0.0]);
    assert_eq!(values(&image, 1), [0.0, 1.0, 1.0]);
    // Planes are put together.
    let mut colour = Image::new();
    colour
        .size(1, 2)
        .bits(8, 8, false)
        .samples(3, "RGB")
        .short(tags::PLANAR_CONFIGURATION, 1);
    colour.fragments(
        uids::DEFLATED_IMAGE_FRAME_COMPRESSION,
        vec![deflated(&[1, 2, 3, 4, 5, 6])],
    );
    assert_eq!(values(&colour, 0), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
}

#[test]
fn a_deflated_frame_inflates_to_its_size_and_no_further() {
    let mut image = Image::new();
    image.size(1, 2).bits(8, 8, false);
    for bad in [deflated(&[1]), vec![0xff; 8], vec![0x03, 0x00]] {
        image.fragments(uids::DEFLATED_IMAGE_FRAME_COMPRESSION, vec![bad]);
        let refused = decode_frame(&image.file(), 0).unwrap_err();
        assert_eq!(refused.code(), Some(RefusalCode::DicomDamaged));
    }
    // A hundred megabytes of nothing: only what the frame needs is made.
    image.fragments(
        uids::DEFLATED_IMAGE_FRAME_COMPRESSION,
        vec![deflated(&vec![0; 100 << 20])],
    );
    assert_eq!(values(&image, 0), [0.0, 0.0]);
}

#[test]
fn the_frames_before_a_cut_are_shown() {
    let mut image = Image::new();
    image
        .size(1, 4)
        .bits(8, 8, false)
        .frames(3)
        .fragments(uids::RLE_LOSSLESS, vec![rle(7, 4), rle(8, 4), rle(9, 4)]);
    let file = image.file();
    // Each fragment has 66 bytes and a header of 8; the delimiter ends the file.
    let third = file.len() - 8 - 74;
    for (left, whole) in [
        (file.len() - 3, 3),
        (file.len() - 8, 3),
        (third + 70, 2),
        (third + 5, 2),
        (third, 2),
        (third - 1, 1),
    ] {
        let cut = &file[..left];
        let mut opened = DicomFile::open(Cursor::new(cut)).unwrap();
        for frame in 0..3 {
            let decoded = opened.stored_frame(frame);
            assert_eq!(decoded.is_ok(), frame < whole, "{frame} of {left} bytes");
            if let Err(refused) = decoded {
                assert_eq!(refused.code(), Some(RefusalCode::DicomDamaged));
            }
        }
    }
}

/// PS3.3 C.7.6.3.1.8: frames of several fragments, by offsets of 64 bits.
#[test]
fn an_extended_offset_table_finds_frames_of_several_fragments() {
    let cut = |frame: Vec<u8>| [frame[..64].to_vec(), frame[64..].to_vec()];
    let stream = |value: u8| {
        let mut file = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 100)
            .encode(&[value; 64], 8, 8, image::ExtendedColorType::L8)
            .unwrap();
        file.resize(file.len().next_multiple_of(2), 0);
        file
    };
    let frames = [stream(40), stream(90), stream(200)];
    let mut offset = 0;
    let mut table = Vec::new();
    for frame in &frames {
        table.extend(u64::to_le_bytes(offset));
        // Two items for each frame.
        offset += frame.len() as u64 + 16;
    }
    let mut image = Image::new();
    image.size(8, 8).bits(8, 8, false).frames(3).fragments(
        uids::JPEG_BASELINE8_BIT,
        frames.into_iter().flat_map(cut).collect(),
    );
    let mut with = |table: Vec<u8>| {
        image.data.put_element(DataElement::new(
            tags::EXTENDED_OFFSET_TABLE,
            VR::OV,
            PrimitiveValue::U8(table.into()),
        ));
        [40.0, 90.0, 200.0].map(|expected| {
            let frame = [40.0, 90.0, 200.0].iter().position(|v| *v == expected);
            decode_frame(&image.file(), frame.unwrap() as u32)
                .map(|f| f.samples().all(|v| (v - expected).abs() <= 1.0))
        })
    };
    assert!(with(table.clone()).into_iter().all(|f| f.unwrap()));
    // Offsets that lead nowhere, or beyond every number.
    for lie in [1, 1 << 40, u64::MAX] {
        table[8..16].copy_from_slice(&lie.to_le_bytes());
        let [_, second, _] = with(table.clone());
        assert_eq!(
            second.unwrap_err().code(),
            Some(RefusalCode::DicomDamaged),
            "{lie}"
        );
    }
}

/// T.81, annex H: 8 x 8, one code for «no difference», so that all is the first prediction.
#[test]
fn a_lossless_frame_may_number_tables_that_it_does_not_have() {
    let stream = |table: u8| {
        let mut stream = vec![
            0xff, 0xd8, 0xff, 0xc3, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, table, 0xff, 0xc4, 0, 20, 0,
            1,
        ];
        stream.extend([0; 16]);
        stream.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0]);
        stream.extend([0; 8]);
        stream.extend([0xff, 0xd9]);
        stream
    };
    let mut image = Image::new();
    image.size(8, 8).bits(8, 8, false);
    for table in [0, 1, 3, 200] {
        image.fragments(uids::JPEG_LOSSLESS, vec![stream(table)]);
        assert_eq!(values(&image, 0), [128.0; 64], "{table}");
    }
}
