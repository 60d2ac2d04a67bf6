//! One file: is it a whole DICOM instance, and what does it say of itself.

use std::io::{self, Read};

use dicom_core::Tag;
use dicom_core::dictionary::UidDictionary;
use dicom_dictionary_std::{StandardSopClassDictionary, tags, uids};
use dicom_object::InMemDicomObject;
use sha2::{Digest, Sha256};

use crate::attributes::{date, integer, text, time, unsigned16};
use crate::dataset::{Contents, Extent, read_dataset};
use crate::file::image_info;
use crate::file_meta::{FileMeta, read_file_meta};
use crate::pixels::{NativeKind, Pixels};
use crate::refusal::OpenError;
use crate::study::{ImageInfo, Instance, Patient, Series, Study};
use crate::tape::Tape;

/// An instance with the study and the series it says it belongs to, both still empty.
pub(super) struct Found {
    pub(super) study: Study,
    pub(super) series: Series,
    pub(super) instance: Instance,
}

pub(super) enum Refusal {
    Open(OpenError),
    /// A zip file.
    Archive,
    /// A DICOMDIR.
    DirectoryIndex,
}

impl<E: Into<OpenError>> From<E> for Refusal {
    fn from(e: E) -> Self {
        Self::Open(e.into())
    }
}

/// The largest data set that a deflated file may inflate to.
const MOST_INFLATED: u64 = 1 << 36;

/// Reads `reader` to its end.
pub(super) fn inspect(reader: impl Read) -> Result<Found, Refusal> {
    let mut source = Digesting {
        inner: reader,
        sha256: Sha256::new(),
        bytes: 0,
    };
    let mut tape = Tape::new(&mut source);
    if super::archive::is_magic(tape.peek().map_err(read_error)?) {
        return Err(Refusal::Archive);
    }
    let meta = read_file_meta(&mut tape)?;
    if meta.sop_class_uid.as_deref() == Some(uids::MEDIA_STORAGE_DIRECTORY_STORAGE) {
        return Err(Refusal::DirectoryIndex);
    }
    let contents = if let dicom_encoding::Codec::Dataset(Some(adapter)) = meta.encoding().codec() {
        let inflated = adapter.adapt_reader(Box::new(tape)).take(MOST_INFLATED);
        read_dataset(Tape::new(inflated), meta.encoding(), Extent::Whole)?
    } else {
        read_dataset(tape, meta.encoding(), Extent::Whole)?
    };
    io::copy(&mut source, &mut io::sink()).map_err(read_error)?;
    let Digesting { sha256, bytes, .. } = source;
    Ok(summarise(
        &meta,
        &contents,
        bytes,
        sha256.finalize().into(),
    )?)
}

/// What a decompressor says of its data is damage, all else is the storage's failure.
fn read_error(e: io::Error) -> OpenError {
    match e.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            OpenError::Damaged(e.to_string())
        }
        _ => OpenError::Io(e),
    }
}

fn summarise(
    meta: &FileMeta,
    contents: &Contents,
    bytes: u64,
    sha256: [u8; 32],
) -> Result<Found, OpenError> {
    let data = &contents.attributes;
    let image = image_info(data, &contents.pixels);
    check_pixels(data, meta, &contents.pixels, image.as_ref())?;
    let number = |tag| integer(data, tag).and_then(|n| i32::try_from(n).ok());
    Ok(Found {
        study: Study {
            uid: uid(data, tags::STUDY_INSTANCE_UID, "study")?,
            date: date(data, tags::STUDY_DATE),
            time: time(data, tags::STUDY_TIME),
            description: text(data, tags::STUDY_DESCRIPTION),
            accession_number: text(data, tags::ACCESSION_NUMBER),
            institution: text(data, tags::INSTITUTION_NAME),
            modalities: Vec::new(),
            patient: Patient {
                name: text(data, tags::PATIENT_NAME),
                id: text(data, tags::PATIENT_ID),
                birth_date: date(data, tags::PATIENT_BIRTH_DATE),
                sex: text(data, tags::PATIENT_SEX),
            },
            series: Vec::new(),
        },
        series: Series {
            uid: uid(data, tags::SERIES_INSTANCE_UID, "series")?,
            number: number(tags::SERIES_NUMBER),
            modality: text(data, tags::MODALITY),
            description: text(data, tags::SERIES_DESCRIPTION),
            body_part: text(data, tags::BODY_PART_EXAMINED),
            instances: Vec::new(),
        },
        instance: Instance {
            sop_instance_uid: uid(data, tags::SOP_INSTANCE_UID, "instance").or_else(|e| {
                meta.sop_instance_uid
                    .clone()
                    .filter(|uid| is_sound(uid))
                    .ok_or(e)
            })?,
            sop_class_uid: text(data, tags::SOP_CLASS_UID)
                .or_else(|| meta.sop_class_uid.clone())
                .unwrap_or_default(),
            number: number(tags::INSTANCE_NUMBER),
            transfer_syntax: meta.transfer_syntax.clone(),
            image,
            bytes,
            sha256,
        },
    })
}

/// UIDs become keys and, abroad, file names: what is longer than a UID or holds more than
/// letters, digits, dots and dashes is none, though digits and dots alone are allowed
/// (PS3.5, 9.1).
fn is_sound(uid: &str) -> bool {
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !uid.is_empty() && uid.len() <= 64 && uid.bytes().all(sound) && !uid.contains("..")
}

fn uid(data: &InMemDicomObject, tag: Tag, of: &str) -> Result<String, OpenError> {
    text(data, tag)
        .filter(|uid| is_sound(uid))
        .ok_or_else(|| OpenError::Damaged(format!("it has no {of} UID")))
}

/// Syntaxes in which a fragment may hold many frames (MPEG-2, H.264, H.265).
fn is_video(transfer_syntax: &str) -> bool {
    transfer_syntax
        .strip_prefix("1.2.840.10008.1.2.4.1")
        .is_some_and(|rest| {
            matches!(
                rest.get(..2),
                Some("00" | "01" | "02" | "03" | "04" | "05" | "06" | "07" | "08")
            )
        })
}

/// Whether the SOP class is one of the image storage classes (PS3.4, B.5): such an instance
/// without an image was cut off between two elements.
fn is_image_class(data: &InMemDicomObject, meta: &FileMeta) -> bool {
    text(data, tags::SOP_CLASS_UID)
        .or_else(|| meta.sop_class_uid.clone())
        .and_then(|uid| StandardSopClassDictionary.by_uid(&uid))
        .is_some_and(|class| class.alias.ends_with("ImageStorage"))
}

/// Whether the pixel data can hold the frames that the attributes promise.
fn check_pixels(
    data: &InMemDicomObject,
    meta: &FileMeta,
    pixels: &Pixels,
    image: Option<&ImageInfo>,
) -> Result<(), OpenError> {
    let damaged = |what: &str| Err(OpenError::Damaged(what.into()));
    let has = |tag| unsigned16(data, tag).is_some_and(|n| n > 0);
    let promised = has(tags::ROWS) && has(tags::COLUMNS) || is_image_class(data, meta);
    let Some(image) = image else {
        return if promised {
            damaged("its pixel data is missing")
        } else {
            Ok(())
        };
    };
    match pixels {
        Pixels::None => Ok(()),
        Pixels::Native { kind, length, .. } => {
            let bits = match kind {
                NativeKind::Integer => u64::from(image.bits_allocated),
                NativeKind::Float => 32,
                NativeKind::Double => 64,
            };
            let samples = match image.photometric.as_str() {
                "YBR_FULL_422" => 2,
                _ => u64::from(image.samples_per_pixel),
            };
            let pixels = u64::from(image.rows) * u64::from(image.columns);
            let needed = u128::from(pixels * samples * bits) * u128::from(image.frames);
            if u128::from(*length) * 8 < needed {
                return damaged("its pixel data is shorter than its frames");
            }
            Ok(())
        }
        Pixels::Encapsulated { fragments, .. } => {
            let filled = fragments.iter().filter(|f| f.length > 0).count() as u64;
            if filled == 0 || (filled < u64::from(image.frames) && !is_video(&meta.transfer_syntax))
            {
                return damaged("it holds fewer frames than it says");
            }
            Ok(())
        }
    }
}

/// Digests and counts what passes.
struct Digesting<R> {
    inner: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.sha256.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}
