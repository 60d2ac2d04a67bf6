//! `synthetic_study FOLDER MEGABYTES [sparse]`: writes a study of one series of CT slices with noise
//! for pixels, so that nothing about it compresses; or with a hole in each file for pixels, so that
//! it takes next to no disk. For measurements; there is no patient.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

const ROWS: u16 = 512;
const COLUMNS: u16 = 512;
/// Bytes of one slice's pixels: 16 bits each.
const SLICE: usize = ROWS as usize * COLUMNS as usize * 2;
/// UUID-derived root (DICOM PS3.5 section B.2), drawn once for this program.
const ROOT: &str = "2.25.302715428846021735211903462019";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, megabytes, sparse) = match arguments.as_slice() {
        [_, folder, megabytes] => (folder, megabytes, false),
        [_, folder, megabytes, kind] if kind == "sparse" => (folder, megabytes, true),
        _ => return Err("synthetic_study FOLDER MEGABYTES [sparse]".into()),
    };
    let slices = megabytes.parse::<usize>()? * 1_000_000 / SLICE;
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for number in 1..=slices {
        let file = folder.join(format!("{number:05}.dcm"));
        if sparse {
            write_slice(&file, number, None)?;
            append_hole(&file)?;
        } else {
            let pixels = (0..SLICE / 2).map(|_| noise.next()).collect();
            write_slice(&file, number, Some(pixels))?;
        }
    }
    println!("{slices} slices");
    Ok(())
}

fn write_slice(file: &Path, number: usize, pixels: Option<Vec<u16>>) -> Result<(), Box<dyn Error>> {
    let instance = format!("{ROOT}.1.1.{number}");
    let mut slice = InMemDicomObject::new_empty();
    let mut text = |tag, vr, value: &str| {
        slice.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
    };
    text(tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE);
    text(tags::SOP_INSTANCE_UID, VR::UI, &instance);
    text(tags::STUDY_INSTANCE_UID, VR::UI, &format!("{ROOT}.1"));
    text(tags::SERIES_INSTANCE_UID, VR::UI, &format!("{ROOT}.1.1"));
    text(tags::STUDY_DATE, VR::DA, "20260105");
    text(tags::STUDY_TIME, VR::TM, "120000");
    text(tags::MODALITY, VR::CS, "CT");
    text(tags::PATIENT_NAME, VR::PN, "Synthetic^Study");
    text(tags::PATIENT_ID, VR::LO, "SYNTHETIC");
    text(tags::STUDY_DESCRIPTION, VR::LO, "Synthetic study");
    text(tags::SERIES_NUMBER, VR::IS, "1");
    text(tags::INSTANCE_NUMBER, VR::IS, &number.to_string());
    text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    text(
        tags::IMAGE_POSITION_PATIENT,
        VR::DS,
        &format!("0\\0\\{number}"),
    );
    text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0");
    text(tags::PIXEL_SPACING, VR::DS, "0.7\\0.7");
    text(tags::RESCALE_INTERCEPT, VR::DS, "-1024");
    text(tags::RESCALE_SLOPE, VR::DS, "1");
    text(tags::WINDOW_CENTER, VR::DS, "40");
    text(tags::WINDOW_WIDTH, VR::DS, "400");
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, ROWS),
        (tags::COLUMNS, COLUMNS),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 16),
        (tags::HIGH_BIT, 15),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        slice.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    if let Some(pixels) = pixels {
        slice.put(DataElement::new(
            tags::PIXEL_DATA,
            VR::OW,
            PrimitiveValue::U16(pixels.into()),
        ));
    }
    slice
        .with_meta(
            FileMetaTableBuilder::new()
                .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
                .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
                .media_storage_sop_instance_uid(&instance),
        )?
        .write_to_file(file)?;
    Ok(())
}

/// Pixel Data of zeros that the disk does not hold: the last element, in Explicit VR Little Endian
/// (DICOM PS3.5 section 7.1.2).
fn append_hole(file: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = fs::OpenOptions::new().append(true).open(file)?;
    file.write_all(b"\xe0\x7f\x10\x00OW\x00\x00")?;
    file.write_all(&(SLICE as u32).to_le_bytes())?;
    let end = file.metadata()?.len() + SLICE as u64;
    file.set_len(end)?;
    Ok(())
}

/// Xorshift64 (Marsaglia 2003): the same noise each time, and nothing depends on its quality.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u16 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 48) as u16
    }
}
