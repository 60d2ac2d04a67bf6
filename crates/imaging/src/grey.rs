//! The grey-scale pipeline (PS3.3 C.7.6.3.1.2, C.11.1, C.11.2; PS3.4 N.2): stored values to
//! modality values to brightness.

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::attributes::{float, frame_group, integer, text};
use crate::decode::StoredFrame;
use crate::lut::Lut;
use crate::refusal::DecodeError;
use crate::window::{Window, presets, windows};

/// What turns the stored values of one frame into values with a meaning.
pub(crate) enum Modality {
    Rescale {
        slope: f64,
        intercept: f64,
        unit: Option<String>,
    },
    Table(Lut),
}

impl Modality {
    /// Its rescale, or the table, of which only one is present.
    fn of(data: &InMemDicomObject, frame: u32) -> Self {
        if let Some(lut) = Lut::of_sequence(data, tags::MODALITY_LUT_SEQUENCE) {
            return Self::Table(lut);
        }
        let group =
            frame_group(data, frame, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE).unwrap_or(data);
        Self::Rescale {
            slope: float(group, tags::RESCALE_SLOPE)
                .filter(|s| *s != 0.0)
                .unwrap_or(1.0),
            intercept: float(group, tags::RESCALE_INTERCEPT).unwrap_or(0.0),
            unit: text(group, tags::RESCALE_TYPE),
        }
    }

    pub(crate) fn apply(&self, stored: f64) -> f64 {
        match self {
            Self::Rescale {
                slope, intercept, ..
            } => stored * slope + intercept,
            Self::Table(lut) => f64::from(lut.map(stored)),
        }
    }

    pub(crate) fn unit(&self) -> Option<&str> {
        let unit = match self {
            Self::Rescale { unit, .. } => unit.as_deref(),
            Self::Table(lut) => lut.unit.as_deref(),
        };
        unit.filter(|u| *u != "US")
    }
}

/// Values that stand for "no measurement here" (PS3.3 C.7.5.1.1.2), stored, both ends included.
pub(crate) type Padding = (f64, f64);

pub(crate) struct Pipeline {
    pub(crate) modality: Modality,
    pub(crate) padding: Option<Padding>,
    pub(crate) windows: Vec<Window>,
    voi_lut: Option<Lut>,
    pub(crate) inverted: bool,
    modality_code: String,
}

/// How modality values become brightness.
pub(crate) enum Voi<'a> {
    Window(Window),
    Table(&'a Lut),
}

impl Voi<'_> {
    pub(crate) fn brightness(&self, value: f64) -> f64 {
        match self {
            Self::Window(window) => window.brightness(value),
            Self::Table(lut) => lut.brightness(value),
        }
    }
}

/// Which window to show a frame through.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WindowChoice {
    /// What the file suggests first, else its VOI table, else the frame's range.
    #[default]
    Default,
    Explicit(Window),
    /// A preset of the modality, or the file's explanation of one of its windows.
    Named(String),
}

impl Pipeline {
    pub(crate) fn of(data: &InMemDicomObject, frame: u32, photometric: &str) -> Self {
        let pad = integer(data, tags::PIXEL_PADDING_VALUE).map(|v| v as f64);
        let limit = integer(data, tags::PIXEL_PADDING_RANGE_LIMIT).map(|v| v as f64);
        let shape = text(data, tags::PRESENTATION_LUT_SHAPE);
        Self {
            modality: Modality::of(data, frame),
            padding: pad.map(|p| (p.min(limit.unwrap_or(p)), p.max(limit.unwrap_or(p)))),
            windows: windows(data, frame),
            voi_lut: Lut::of_sequence(data, tags::VOILUT_SEQUENCE),
            inverted: photometric == "MONOCHROME1" || shape.as_deref() == Some("INVERSE"),
            modality_code: text(data, tags::MODALITY).unwrap_or_default(),
        }
    }

    pub(crate) fn is_padding(&self, stored: f64) -> bool {
        self.padding
            .is_some_and(|(low, high)| (low..=high).contains(&stored))
    }

    /// Lowest and highest modality value of what is measured; (0, 1) where nothing is.
    pub(crate) fn range(&self, frame: &StoredFrame) -> (f64, f64) {
        let measured = frame
            .samples()
            .filter(|s| !self.is_padding(*s))
            .map(|s| self.modality.apply(s))
            .filter(|v| v.is_finite());
        let (low, high) = measured.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        if low > high { (0.0, 1.0) } else { (low, high) }
    }

    pub(crate) fn choose(
        &self,
        choice: &WindowChoice,
        range: (f64, f64),
    ) -> Result<Voi<'_>, DecodeError> {
        match choice {
            WindowChoice::Explicit(window) => Ok(Voi::Window(window.clone())),
            WindowChoice::Named(name) => self.named(name).map(Voi::Window),
            WindowChoice::Default => Ok(match (self.windows.first(), &self.voi_lut) {
                (Some(window), _) => Voi::Window(window.clone()),
                (None, Some(lut)) => Voi::Table(lut),
                (None, None) => Voi::Window(Window::covering(range.0, range.1)),
            }),
        }
    }

    /// The windows for a display that knows only windows, never empty: a VOI table becomes the
    /// window over what it tells apart.
    pub(crate) fn windows_or_range(&self, range: (f64, f64)) -> Vec<Window> {
        if !self.windows.is_empty() {
            return self.windows.clone();
        }
        let (window, explanation) = match &self.voi_lut {
            Some(lut) => {
                let (low, high) = lut.domain();
                (
                    Window::covering(low.max(range.0), high.min(range.1)),
                    lut.explanation.clone(),
                )
            }
            None => (Window::covering(range.0, range.1), None),
        };
        vec![Window {
            explanation,
            ..window
        }]
    }

    fn named(&self, name: &str) -> Result<Window, DecodeError> {
        let explained = self.windows.iter().find(|w| {
            w.explanation
                .as_deref()
                .is_some_and(|e| e.eq_ignore_ascii_case(name))
        });
        let preset = || {
            presets(&self.modality_code)
                .iter()
                .find(|p| p.name.eq_ignore_ascii_case(name))
                .and_then(|p| Window::linear(p.center, p.width))
        };
        explained
            .cloned()
            .or_else(preset)
            .ok_or_else(|| DecodeError::NoSuchWindow(name.to_owned()))
    }
}
