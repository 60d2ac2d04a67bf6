//! DICOM to pixels: import scan, study structure, decoding, grey-scale pipeline, previews and
//! similarity sketches. Everything works on readers and bytes; only `scan` and [`Opener`] touch
//! files. Nothing here logs: names, dates and pixels are the patient's.

mod attributes;
mod colour;
mod dataset;
mod decode;
mod display;
mod file;
mod file_meta;
mod grey;
mod lut;
mod pixels;
mod refusal;
mod render;
mod scan;
mod segmented;
mod sketch;
mod study;
mod tape;
mod window;

pub use decode::{StoredFrame, decode_frame};
pub use display::{DisplayPixels, FrameForDisplay, Spacing, SpacingPlane};
pub use file::DicomFile;
pub use grey::WindowChoice;
pub use refusal::{DecodeError, Duplicate, OpenError, RefusalCode, Skipped};
pub use render::{RenderParams, Rendered};
pub use scan::{Limits, Locator, Opener, Progress, Scan, ScanError, ScannedStudy, scan};
pub use sketch::{SKETCH_BYTES, Sketcher, sketch};
pub use study::{ImageInfo, Instance, Patient, Series, Study};
pub use window::{Window, WindowFunction, WindowPreset, presets};
