//! A frame as a display with its own window and level wants it.

use std::io::{Read, Seek};

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};

use crate::attributes::{frame_group_or_top, text, vector};
use crate::colour::{is_grey, to_rgb};
use crate::decode::StoredFrame;
use crate::file::DicomFile;
use crate::grey::{Modality, Pipeline};
use crate::refusal::DecodeError;
use crate::window::Window;

/// A decoded frame with what it takes to show it.
/// Modality value = sample · `slope` + `intercept`.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameForDisplay {
    pub rows: u32,
    pub columns: u32,
    /// Frames of the whole instance.
    pub frames: u32,
    pub pixels: DisplayPixels,
    pub slope: f64,
    pub intercept: f64,
    /// Lowest and highest modality value that is measured; (0, 255) for colour.
    pub range: [f64; 2],
    /// Unit of modality values, as `HU`.
    pub unit: Option<String>,
    /// Samples from the first to the second mean that nothing is measured there: black.
    pub padding: Option<[f64; 2]>,
    /// In modality values; the first is the default. Never empty for grey, empty for colour.
    pub windows: Vec<Window>,
    /// Low values are white (MONOCHROME1).
    pub inverted: bool,
    pub spacing: Option<Spacing>,
    /// Compression has changed the values at some time.
    pub lossy: bool,
}

/// Samples row by row from the top left.
#[derive(Clone, Debug, PartialEq)]
pub enum DisplayPixels {
    /// Unsigned bytes.
    Grey8(Vec<u8>),
    /// Little-endian words.
    Grey16 { signed: bool, data: Vec<u8> },
    /// Little-endian IEEE 754 single precision; modality values already.
    Float32(Vec<u8>),
    /// Three bytes for each pixel.
    Rgb8(Vec<u8>),
}

/// Distance between pixel centres in mm, and where it was measured: only in the patient's plane
/// are lengths true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing {
    /// From one row to the next.
    pub row_mm: f64,
    /// From one column to the next.
    pub column_mm: f64,
    pub at: SpacingPlane,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpacingPlane {
    Patient,
    /// At the detector: magnified.
    Imager,
}

impl<R: Read + Seek> DicomFile<R> {
    /// Decodes a frame for a display. Frames count from 0.
    pub fn display_frame(&mut self, frame: u32) -> Result<FrameForDisplay, DecodeError> {
        let stored = self.stored_frame(frame)?;
        let (rows, columns, frames) = (stored.rows, stored.columns, stored.frames);
        let (spacing, lossy) = (self.spacing(frame), self.is_lossy());
        if !is_grey(&stored.photometric) || stored.samples_per_pixel != 1 {
            return Ok(FrameForDisplay {
                rows,
                columns,
                frames,
                pixels: DisplayPixels::Rgb8(to_rgb(&stored, &self.attributes)?),
                slope: 1.0,
                intercept: 0.0,
                range: [0.0, 255.0],
                unit: None,
                padding: None,
                windows: Vec::new(),
                inverted: false,
                spacing,
                lossy,
            });
        }
        let pipeline = Pipeline::of(&self.attributes, frame, &stored.photometric);
        let range = pipeline.range(&stored);
        let windows = pipeline.windows_or_range(range);
        let unit = match (pipeline.modality.unit(), self.modality().as_deref()) {
            (Some(unit), _) => Some(unit.to_owned()),
            // PS3.3 C.11.1.1.2: CT without a rescale type means Hounsfield units.
            (None, Some("CT")) => Some("HU".into()),
            (None, _) => None,
        };
        let Samples {
            pixels,
            slope,
            intercept,
            padding,
        } = samples(stored, &pipeline);
        Ok(FrameForDisplay {
            rows,
            columns,
            frames,
            pixels,
            slope,
            intercept,
            range: [range.0, range.1],
            unit,
            padding,
            windows,
            inverted: pipeline.inverted,
            spacing,
            lossy,
        })
    }

    fn spacing(&self, frame: u32) -> Option<Spacing> {
        let measures = frame_group_or_top(&self.attributes, frame, tags::PIXEL_MEASURES_SEQUENCE);
        let read = |data, tag: Tag, at| {
            let [row_mm, column_mm] = vector::<2>(data, tag)?;
            (row_mm > 0.0 && column_mm > 0.0).then_some(Spacing {
                row_mm,
                column_mm,
                at,
            })
        };
        read(measures, tags::PIXEL_SPACING, SpacingPlane::Patient).or_else(|| {
            read(
                &self.attributes,
                tags::IMAGER_PIXEL_SPACING,
                SpacingPlane::Imager,
            )
        })
    }

    fn is_lossy(&self) -> bool {
        let declared = text(&self.attributes, tags::LOSSY_IMAGE_COMPRESSION);
        declared.as_deref() == Some("01")
            || matches!(
                self.meta.transfer_syntax.as_str(),
                uids::JPEG_BASELINE8_BIT | uids::JPEG_EXTENDED12_BIT | uids::JPEGLS_NEAR_LOSSLESS
            )
    }
}

struct Samples {
    pixels: DisplayPixels,
    slope: f64,
    intercept: f64,
    padding: Option<[f64; 2]>,
}

fn samples(frame: StoredFrame, pipeline: &Pipeline) -> Samples {
    let padding = pipeline.padding.map(|(low, high)| [low, high]);
    match (
        &pipeline.modality,
        frame.float,
        frame.sample_bytes(),
        frame.signed,
    ) {
        (
            Modality::Rescale {
                slope, intercept, ..
            },
            false,
            bytes @ (1 | 2),
            signed,
        ) => {
            let pixels = match (bytes, signed) {
                (1, false) => DisplayPixels::Grey8(frame.data),
                (1, true) => DisplayPixels::Grey16 {
                    signed,
                    data: frame
                        .data
                        .iter()
                        .flat_map(|b| i16::from(*b as i8).to_le_bytes())
                        .collect(),
                },
                _ => DisplayPixels::Grey16 {
                    signed,
                    data: frame.data,
                },
            };
            Samples {
                pixels,
                slope: *slope,
                intercept: *intercept,
                padding,
            }
        }
        // Tables, 32-bit and float samples: a display gets the modality values themselves. A
        // padding value becomes not-a-number, which no window makes brighter than black.
        (modality, ..) => {
            let value = |stored: f64| {
                if pipeline.is_padding(stored) {
                    f32::NAN
                } else {
                    modality.apply(stored) as f32
                }
            };
            let data = frame
                .samples()
                .flat_map(|s| value(s).to_le_bytes())
                .collect();
            Samples {
                pixels: DisplayPixels::Float32(data),
                slope: 1.0,
                intercept: 0.0,
                padding: None,
            }
        }
    }
}
