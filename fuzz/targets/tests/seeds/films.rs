//! Small films: every way to keep pixels, each alone, and archives of them.

use std::io::{Cursor, Write};

use dhc_fuzz::imaging::SYNTAXES;
use dicom_dictionary_std::uids;
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

use super::{Seed, seed};

#[path = "../../../../crates/imaging/tests/support/mod.rs"]
mod support;

use support::{BIG_ENDIAN, Image};

fn jpeg(colour: bool) -> Vec<u8> {
    let (kind, samples) = if colour {
        (ExtendedColorType::Rgb8, 3)
    } else {
        (ExtendedColorType::L8, 1)
    };
    let pixels: Vec<u8> = (0..64 * samples).map(|i| (i * 5) as u8).collect();
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 60);
    encoder
        .encode(&pixels, 8, 8, kind)
        .expect("a JPEG is written");
    file
}

/// PS3.5 annex G: one segment, eight bits: sixty-four times the same.
fn rle() -> Vec<u8> {
    let mut fragment = vec![0; 64];
    fragment[0] = 1;
    fragment[4] = 64;
    fragment.extend([0xc1, 7]);
    fragment
}

/// The beginnings of codestreams of 8 × 8: enough for their readers to go on.
fn jpeg_2000() -> Vec<u8> {
    vec![
        0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 1, 1, 0xff, 0x52, 0, 12, 0, 0, 0, 1, 0,
        0, 4, 4, 0, 1, 0xff, 0x5c, 0, 4, 0x40, 0x40, 0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1,
        0xff, 0x93, 0x80, 0x80, 0xff, 0xd9,
    ]
}

fn jpeg_ls() -> Vec<u8> {
    vec![
        0xff, 0xd8, 0xff, 0xf7, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0,
        0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd9,
    ]
}

fn jpeg_lossless() -> Vec<u8> {
    vec![
        0xff, 0xd8, 0xff, 0xc3, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xc4, 0, 20, 0, 1, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0xff, 0xd9,
    ]
}

fn codestream(syntax: &str, kind: u8, codestream: &[u8]) -> Vec<u8> {
    let which = SYNTAXES
        .iter()
        .position(|s| *s == syntax)
        .expect("one of ours");
    [&[which as u8, kind, 8, 8][..], codestream].concat()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // The time of the day would make each archive another.
        let options =
            zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(bytes).expect("its bytes");
    }
    writer.finish().expect("an archive").into_inner()
}

pub fn seeds() -> Vec<Seed> {
    let native = Image::new();
    let mut big = Image::new();
    big.transfer_syntax = BIG_ENDIAN.into();
    let mut implicit = Image::new();
    implicit.transfer_syntax = uids::IMPLICIT_VR_LITTLE_ENDIAN.into();
    let mut deflated = Image::new();
    deflated.transfer_syntax = uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.into();
    let mut frames = Image::new();
    frames.size(8, 8).bits(8, 8, false).frames(2);
    frames.fragments(uids::JPEG_BASELINE8_BIT, vec![jpeg(false), jpeg(false)]);
    let mut planes = Image::new();
    planes.size(1, 2).bits(8, 8, false).samples(3, "RGB");
    planes
        .short(dicom_dictionary_std::tags::PLANAR_CONFIGURATION, 1)
        .pixels(&[1, 2, 3, 4, 5, 6]);
    let mut bits = Image::new();
    bits.size(1, 5)
        .bits(1, 1, false)
        .frames(3)
        .pixels(&[0b0010_0001, 0b0100_0010]);
    let mut slice = Image::new();
    slice.slice("1.2.3.4.9", 9, 2.5);
    let (one, nine) = (native.file(), slice.file());
    vec![
        seed("dicom_file", "big", big.file()),
        seed("dicom_file", "bits", bits.file()),
        seed("dicom_file", "deflated", deflated.file()),
        seed("dicom_file", "frames", frames.file()),
        seed("dicom_file", "implicit", implicit.file()),
        seed("dicom_file", "native", one.clone()),
        seed("dicom_file", "planes", planes.file()),
        seed(
            "dicom_scan",
            "archive",
            zip(&[("1.dcm", &one), ("a/9.dcm", &nine)]),
        ),
        seed("dicom_scan", "file", nine),
        seed(
            "dicom_codestream",
            "baseline",
            codestream(uids::JPEG_BASELINE8_BIT, 0, &jpeg(false)),
        ),
        seed(
            "dicom_codestream",
            "colour",
            codestream(uids::JPEG_BASELINE8_BIT, 1, &jpeg(true)),
        ),
        seed(
            "dicom_codestream",
            "jpeg-2000",
            codestream(uids::JPEG2000_LOSSLESS, 0, &jpeg_2000()),
        ),
        seed(
            "dicom_codestream",
            "jpeg-ls",
            codestream(uids::JPEGLS_LOSSLESS, 0, &jpeg_ls()),
        ),
        seed(
            "dicom_codestream",
            "lossless",
            codestream(uids::JPEG_LOSSLESS_SV1, 0, &jpeg_lossless()),
        ),
        seed(
            "dicom_codestream",
            "rle",
            codestream(uids::RLE_LOSSLESS, 0, &rle()),
        ),
    ]
}
