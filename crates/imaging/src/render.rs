//! A frame as a picture of 8 bits: what the viewer shows at 1:1, and previews.

use std::io::{Read, Seek};

use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, RgbImage};

use crate::colour::{is_grey, to_rgb};
use crate::decode::StoredFrame;
use crate::file::DicomFile;
use crate::grey::{Pipeline, Voi, WindowChoice};
use crate::refusal::DecodeError;
use crate::window::Window;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderParams {
    pub window: WindowChoice,
    /// Black for white, after everything else.
    pub invert: bool,
}

/// A rendered frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub rows: u32,
    pub columns: u32,
    /// The window it is seen through; `None` for colour and for VOI tables.
    pub window: Option<Window>,
    /// One grey byte or three colour bytes for each pixel, row by row.
    pub pixels: Vec<u8>,
}

/// Longer side of a thumbnail, pixels.
const THUMBNAIL: u32 = 256;

impl Rendered {
    fn samples(&self) -> usize {
        self.pixels.len() / (self.rows as usize * self.columns as usize).max(1)
    }

    /// As a PNG file, grey or RGB.
    pub fn png(&self) -> Vec<u8> {
        let colour = match self.samples() {
            1 => ExtendedColorType::L8,
            _ => ExtendedColorType::Rgb8,
        };
        let mut file = Vec::new();
        PngEncoder::new(&mut file)
            .write_image(&self.pixels, self.columns, self.rows, colour)
            .expect("the pixels are rows x columns, and a Vec takes any number of bytes");
        file
    }

    /// As a PNG file whose longer side has 256 pixels at most.
    pub fn thumbnail(&self) -> Vec<u8> {
        let (columns, rows) = (self.columns, self.rows);
        if columns.max(rows) <= THUMBNAIL {
            return self.png();
        }
        let image = match self.samples() {
            1 => GrayImage::from_raw(columns, rows, self.pixels.clone()).map(DynamicImage::from),
            _ => RgbImage::from_raw(columns, rows, self.pixels.clone()).map(DynamicImage::from),
        };
        let small = image.expect("the pixels are rows x columns").resize(
            THUMBNAIL,
            THUMBNAIL,
            FilterType::Triangle,
        );
        Self {
            rows: small.height(),
            columns: small.width(),
            window: None,
            pixels: small.into_bytes(),
        }
        .png()
    }
}

impl<R: Read + Seek> DicomFile<R> {
    /// Shows a frame. Frames count from 0.
    pub fn render(&mut self, frame: u32, params: &RenderParams) -> Result<Rendered, DecodeError> {
        let stored = self.stored_frame(frame)?;
        let (rows, columns) = (stored.rows, stored.columns);
        let (mut pixels, window) = if is_grey(&stored.photometric) && stored.samples_per_pixel == 1
        {
            let pipeline = Pipeline::of(&self.attributes, frame, &stored.photometric);
            let voi = pipeline.choose(&params.window, pipeline.range(&stored))?;
            let pixels = grey_pixels(&stored, &pipeline, &voi);
            let window = match voi {
                Voi::Window(window) => Some(window),
                Voi::Table(_) => None,
            };
            (pixels, window)
        } else {
            (to_rgb(&stored, &self.attributes)?, None)
        };
        if params.invert {
            pixels.iter_mut().for_each(|p| *p = !*p);
        }
        Ok(Rendered {
            rows,
            columns,
            window,
            pixels,
        })
    }

    /// A PNG of at most 256 pixels of the middle frame.
    pub fn thumbnail(&mut self) -> Result<Vec<u8>, DecodeError> {
        let middle = self.frames() / 2;
        Ok(self.render(middle, &RenderParams::default())?.thumbnail())
    }
}

fn grey_pixels(frame: &StoredFrame, pipeline: &Pipeline, voi: &Voi) -> Vec<u8> {
    let shade = |stored: f64| -> u8 {
        // Padding is black on either kind of film.
        if pipeline.is_padding(stored) {
            return 0;
        }
        let brightness = voi.brightness(pipeline.modality.apply(stored));
        let brightness = if pipeline.inverted {
            1.0 - brightness
        } else {
            brightness
        };
        (brightness * 255.0).round() as u8
    };
    // Few stored values, many pixels: each value is computed once.
    match (frame.float, frame.sample_bytes(), frame.signed) {
        (false, 1, signed) => {
            let table: Vec<u8> = (0..=u8::MAX)
                .map(|b| {
                    shade(if signed {
                        f64::from(b as i8)
                    } else {
                        f64::from(b)
                    })
                })
                .collect();
            frame.data.iter().map(|b| table[usize::from(*b)]).collect()
        }
        (false, 2, signed) => {
            let table: Vec<u8> = (0..=u16::MAX)
                .map(|w| {
                    shade(if signed {
                        f64::from(w as i16)
                    } else {
                        f64::from(w)
                    })
                })
                .collect();
            let words = frame.data.as_chunks::<2>().0;
            words
                .iter()
                .map(|w| table[usize::from(u16::from_le_bytes(*w))])
                .collect()
        }
        _ => frame.samples().map(shade).collect(),
    }
}
