use std::io::{Cursor, Read, Seek, SeekFrom};

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::attributes::{frame_group_or_top, integer, text, unsigned16, vector};
use crate::dataset::{Contents, Extent, read_dataset};
use crate::file_meta::{FileMeta, read_file_meta};
use crate::pixels::{NativeKind, Pixels};
use crate::refusal::{DecodeError, OpenError};
use crate::study::ImageInfo;
use crate::tape::Tape;
use crate::window::windows;

/// The largest inflated data set that is held in memory (deflated files cannot be read in
/// pieces).
const LARGEST_INFLATED: u64 = 1 << 30;

/// An opened DICOM file. Holds its attributes; pixels are read frame by frame.
pub struct DicomFile<R> {
    pub(crate) source: Content<R>,
    pub(crate) meta: FileMeta,
    pub(crate) attributes: InMemDicomObject,
    pub(crate) pixels: Pixels,
    image: Option<ImageInfo>,
}

pub(crate) enum Content<R> {
    Plain(R),
    Inflated(Cursor<Vec<u8>>),
}

impl<R: Read + Seek> DicomFile<R> {
    /// Opens the file that `source` holds from its current position 0. Reads up to the pixel
    /// data; damage behind it is found when a frame is decoded.
    pub fn open(mut source: R) -> Result<Self, OpenError> {
        source.seek(SeekFrom::Start(0)).map_err(OpenError::Io)?;
        let mut tape = Tape::new(&mut source);
        let meta = read_file_meta(&mut tape)?;
        let (contents, inflated) = if meta.is_deflated() {
            let bytes = inflate(tape, &meta)?;
            let tape = Tape::new(Cursor::new(&bytes));
            let contents = read_dataset(tape, meta.encoding(), Extent::UntilPixels)?;
            (contents, Some(bytes))
        } else {
            (
                read_dataset(tape, meta.encoding(), Extent::UntilPixels)?,
                None,
            )
        };
        let Contents { attributes, pixels } = contents;
        let image = image_info(&attributes, &pixels);
        let source = match inflated {
            Some(bytes) => Content::Inflated(Cursor::new(bytes)),
            None => Content::Plain(source),
        };
        Ok(Self {
            source,
            meta,
            attributes,
            pixels,
            image,
        })
    }

    /// `None` where the object holds no pixels.
    pub fn image(&self) -> Option<&ImageInfo> {
        self.image.as_ref()
    }

    /// Number of frames; 0 where the object holds no image.
    pub fn frames(&self) -> u32 {
        self.image.as_ref().map_or(0, |i| i.frames)
    }

    /// UID of the encoding (PS3.6, table A-1).
    pub fn transfer_syntax(&self) -> &str {
        &self.meta.transfer_syntax
    }

    pub fn modality(&self) -> Option<String> {
        text(&self.attributes, tags::MODALITY)
    }

    pub fn sop_instance_uid(&self) -> Option<String> {
        text(&self.attributes, tags::SOP_INSTANCE_UID)
            .or_else(|| self.meta.sop_instance_uid.clone())
    }

    pub(crate) fn frame_info(&self, frame: u32) -> Result<&ImageInfo, DecodeError> {
        let image = self.image.as_ref().ok_or(DecodeError::NotAnImage)?;
        if frame >= image.frames {
            return Err(DecodeError::NoSuchFrame {
                frame,
                frames: image.frames,
            });
        }
        Ok(image)
    }

    /// Reads `length` bytes at `offset`; missing ones are damage.
    pub(crate) fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        let read = match &mut self.source {
            Content::Plain(source) => read_range(source, offset, length, &mut bytes),
            Content::Inflated(source) => read_range(source, offset, length, &mut bytes),
        };
        read.map_err(OpenError::Io)?;
        if bytes.len() < length {
            return Err(DecodeError::Damaged("its pixel data ends early".into()));
        }
        Ok(bytes)
    }
}

/// Grows with what is there, so that a lying length allocates nothing.
fn read_range<R: Read + Seek>(
    source: &mut R,
    offset: u64,
    length: usize,
    into: &mut Vec<u8>,
) -> std::io::Result<usize> {
    source.seek(SeekFrom::Start(offset))?;
    source.take(length as u64).read_to_end(into)
}

fn inflate<R: Read>(tape: Tape<R>, meta: &FileMeta) -> Result<Vec<u8>, OpenError> {
    let dicom_encoding::Codec::Dataset(Some(adapter)) = meta.encoding().codec() else {
        return Err(OpenError::Damaged("its data set cannot be inflated".into()));
    };
    let mut bytes = Vec::new();
    adapter
        .adapt_reader(Box::new(tape))
        .take(LARGEST_INFLATED + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| OpenError::Damaged(format!("its data set does not inflate: {e}")))?;
    if bytes.len() as u64 > LARGEST_INFLATED {
        return Err(OpenError::Damaged(
            "its deflated data set is too large".into(),
        ));
    }
    Ok(bytes)
}

/// What the attributes say of the image, if the object holds one.
pub(crate) fn image_info(data: &InMemDicomObject, pixels: &Pixels) -> Option<ImageInfo> {
    if *pixels == Pixels::None {
        return None;
    }
    let rows = unsigned16(data, tags::ROWS).filter(|n| *n > 0)?;
    let columns = unsigned16(data, tags::COLUMNS).filter(|n| *n > 0)?;
    let plane = frame_group_or_top(data, 0, tags::PLANE_POSITION_SEQUENCE);
    let orientation = frame_group_or_top(data, 0, tags::PLANE_ORIENTATION_SEQUENCE);
    let measures = frame_group_or_top(data, 0, tags::PIXEL_MEASURES_SEQUENCE);
    Some(ImageInfo {
        rows,
        columns,
        frames: integer(data, tags::NUMBER_OF_FRAMES)
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n > 0)
            .unwrap_or(1),
        samples_per_pixel: unsigned16(data, tags::SAMPLES_PER_PIXEL).unwrap_or(1),
        bits_allocated: unsigned16(data, tags::BITS_ALLOCATED).unwrap_or(match pixels {
            Pixels::Native {
                kind: NativeKind::Float,
                ..
            } => 32,
            Pixels::Native {
                kind: NativeKind::Double,
                ..
            } => 64,
            _ => 8,
        }),
        photometric: text(data, tags::PHOTOMETRIC_INTERPRETATION)
            .unwrap_or_else(|| "MONOCHROME2".into()),
        position: vector(plane, tags::IMAGE_POSITION_PATIENT),
        orientation: vector(orientation, tags::IMAGE_ORIENTATION_PATIENT),
        pixel_spacing: vector(measures, tags::PIXEL_SPACING),
        windows: windows(data, 0),
    })
}
