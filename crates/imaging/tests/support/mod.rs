//! Small DICOM files, made for the tests.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{Cursor, Write};
use std::path::Path;

use dhc_imaging::{DicomFile, Limits, OpenError, RefusalCode, Scan, ScanError, scan};
use dicom_core::value::PixelFragmentSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use tempfile::TempDir;

pub const EXPLICIT: &str = uids::EXPLICIT_VR_LITTLE_ENDIAN;
pub const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// A data set under construction: a 4 × 3 CT slice of 16 bits unless changed.
#[derive(Clone)]
pub struct Image {
    pub data: InMemDicomObject,
    pub transfer_syntax: String,
}

impl Image {
    pub fn new() -> Self {
        let mut image = Self {
            data: InMemDicomObject::new_empty(),
            transfer_syntax: EXPLICIT.to_owned(),
        };
        image
            .text(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE)
            .text(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4.1")
            .text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3.1")
            .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.2")
            .text(tags::MODALITY, VR::CS, "CT")
            .text(tags::PATIENT_NAME, VR::PN, "Doe^Jane")
            .text(tags::STUDY_DATE, VR::DA, "20261122")
            .size(3, 4)
            .bits(16, 16, false)
            .samples(1, "MONOCHROME2")
            .pixels(&(0..12u16).flat_map(u16::to_le_bytes).collect::<Vec<_>>());
        image
    }

    pub fn text(&mut self, tag: Tag, vr: VR, value: &str) -> &mut Self {
        self.data.put_str(tag, vr, value);
        self
    }

    pub fn short(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.data
            .put_element(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        self
    }

    pub fn shorts(&mut self, tag: Tag, vr: VR, values: &[u16]) -> &mut Self {
        self.data.put_element(DataElement::new(
            tag,
            vr,
            PrimitiveValue::U16(values.into()),
        ));
        self
    }

    pub fn without(&mut self, tag: Tag) -> &mut Self {
        self.data.remove_element(tag);
        self
    }

    pub fn size(&mut self, rows: u16, columns: u16) -> &mut Self {
        self.short(tags::ROWS, rows).short(tags::COLUMNS, columns)
    }

    pub fn bits(&mut self, allocated: u16, stored: u16, signed: bool) -> &mut Self {
        self.short(tags::BITS_ALLOCATED, allocated)
            .short(tags::BITS_STORED, stored)
            .short(tags::HIGH_BIT, stored - 1)
            .short(tags::PIXEL_REPRESENTATION, signed.into())
    }

    pub fn samples(&mut self, n: u16, photometric: &str) -> &mut Self {
        self.short(tags::SAMPLES_PER_PIXEL, n).text(
            tags::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            photometric,
        )
    }

    pub fn frames(&mut self, n: u32) -> &mut Self {
        self.text(tags::NUMBER_OF_FRAMES, VR::IS, &n.to_string())
    }

    /// Native pixel data, as bytes.
    pub fn pixels(&mut self, bytes: &[u8]) -> &mut Self {
        let value = PrimitiveValue::U8(bytes.into());
        self.data
            .put_element(DataElement::new(tags::PIXEL_DATA, VR::OB, value));
        self
    }

    /// Native pixel data, as 16-bit words.
    pub fn words(&mut self, words: &[u16]) -> &mut Self {
        self.shorts(tags::PIXEL_DATA, VR::OW, words)
    }

    pub fn fragments(&mut self, transfer_syntax: &str, fragments: Vec<Vec<u8>>) -> &mut Self {
        self.transfer_syntax = transfer_syntax.to_owned();
        let even = |mut f: Vec<u8>| {
            f.resize(f.len().next_multiple_of(2), 0);
            f
        };
        let fragments: Vec<_> = fragments.into_iter().map(even).collect();
        self.data.put_element(DataElement::new(
            tags::PIXEL_DATA,
            VR::OB,
            PixelFragmentSequence::new_fragments(fragments),
        ));
        self
    }

    pub fn slice(&mut self, uid: &str, number: i32, z: f64) -> &mut Self {
        self.text(tags::SOP_INSTANCE_UID, VR::UI, uid)
            .text(tags::INSTANCE_NUMBER, VR::IS, &number.to_string())
            .text(tags::IMAGE_POSITION_PATIENT, VR::DS, &format!("0\\0\\{z}"))
            .text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0")
    }

    pub fn file(&self) -> Vec<u8> {
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(self.transfer_syntax.as_str())
            .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
            .media_storage_sop_instance_uid("1.2.3.4.1");
        let object = self.data.clone().with_meta(meta).expect("meta");
        let mut bytes = Vec::new();
        object.write_all(&mut bytes).expect("write");
        bytes
    }

    pub fn open(&self) -> Result<DicomFile<Cursor<Vec<u8>>>, OpenError> {
        DicomFile::open(Cursor::new(self.file()))
    }
}

/// A zip archive of the files.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        writer.start_file(*name, options).expect("entry");
        writer.write_all(bytes).expect("bytes");
    }
    writer.finish().expect("archive").into_inner()
}

pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

pub fn read(path: impl AsRef<Path>) -> Result<Scan, ScanError> {
    scan(&[path.as_ref().to_owned()], &Limits::default(), &mut |_| {})
}

pub fn refused(path: impl AsRef<Path>) -> RefusalCode {
    read(path).expect_err("refused").code().expect("a code")
}
