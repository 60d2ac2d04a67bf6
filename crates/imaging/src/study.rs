//! What a study is, as it goes into the encrypted manifest: identifying, never logged.

use serde::{Deserialize, Serialize};

use crate::window::Window;

/// A DICOM study with its series in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub uid: String,
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    /// `HH:MM:SS`, in the institution's local time.
    pub time: Option<String>,
    pub description: Option<String>,
    pub accession_number: Option<String>,
    pub institution: Option<String>,
    /// Each modality of the series once, sorted.
    pub modalities: Vec<String>,
    pub patient: Patient,
    /// By series number.
    pub series: Vec<Series>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// As DICOM writes it: components apart by `^`, representations by `=` (PS3.5, 6.2.1).
    pub name: Option<String>,
    pub id: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    pub sex: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub uid: String,
    pub number: Option<i32>,
    pub modality: Option<String>,
    pub description: Option<String>,
    pub body_part: Option<String>,
    /// In the order of reading: by position along the slices' normal, else by number.
    pub instances: Vec<Instance>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub sop_instance_uid: String,
    pub sop_class_uid: String,
    pub number: Option<i32>,
    pub transfer_syntax: String,
    /// `None` for reports, documents and other objects without pixels.
    pub image: Option<ImageInfo>,
    /// Length of the original file.
    pub bytes: u64,
    /// SHA-256 of the original file; hexadecimal in text formats.
    #[serde(with = "hex_digest")]
    pub sha256: [u8; 32],
}

/// What is known of an image before its pixels are decoded. Geometry is that of the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageInfo {
    pub rows: u16,
    pub columns: u16,
    pub frames: u32,
    pub samples_per_pixel: u16,
    pub bits_allocated: u16,
    pub photometric: String,
    /// Centre of the first pixel, patient coordinates in mm (PS3.3 C.7.6.2).
    pub position: Option<[f64; 3]>,
    /// Direction cosines of a row, then of a column.
    pub orientation: Option<[f64; 6]>,
    /// mm between rows, mm between columns.
    pub pixel_spacing: Option<[f64; 2]>,
    /// Windows that the file suggests, the first is the default.
    pub windows: Vec<Window>,
}

impl Study {
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.series.iter().flat_map(|s| &s.instances)
    }

    pub fn instance_count(&self) -> usize {
        self.instances().count()
    }

    /// Length of all original files together.
    pub fn bytes(&self) -> u64 {
        self.instances().map(|i| i.bytes).sum()
    }

    /// The image that stands for the study: the middle one of the series with most frames.
    pub fn key_instance(&self) -> Option<&Instance> {
        let images = |s: &Series| -> u64 {
            s.instances
                .iter()
                .filter_map(|i| i.image.as_ref())
                .map(|i| u64::from(i.frames))
                .sum()
        };
        // The first of equals: `max_by_key` would give the last.
        let largest = self.series.iter().rev().max_by_key(|s| images(s))?;
        let images: Vec<_> = largest
            .instances
            .iter()
            .filter(|i| i.image.is_some())
            .collect();
        images.get(images.len() / 2).copied()
    }
}

mod hex_digest {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(digest: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(
            &digest
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<String>(),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(d)?;
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(D::Error::custom("a SHA-256 is 64 hexadecimal digits"));
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(D::Error::custom)?;
            *byte = u8::from_str_radix(pair, 16).map_err(D::Error::custom)?;
        }
        Ok(digest)
    }
}
