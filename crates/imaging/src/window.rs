//! Windows: how stored values after the modality transform become brightness
//! (PS3.3 C.11.2.1.2 and C.11.2.1.3).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use serde::{Deserialize, Serialize};

use crate::attributes::{floats, frame_group_or_top, text, texts};

/// A window over values in modality units (CT: Hounsfield units).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub center: f64,
    pub width: f64,
    #[serde(default)]
    pub function: WindowFunction,
    /// The file's name for it, as `BONE`.
    #[serde(default)]
    pub explanation: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowFunction {
    #[default]
    Linear,
    LinearExact,
    Sigmoid,
}

impl Window {
    /// A linear window; `None` where the numbers are no window: width below 1 (PS3.3 C.11.2.1.2)
    /// or not finite.
    pub fn linear(center: f64, width: f64) -> Option<Self> {
        (center.is_finite() && width.is_finite() && width >= 1.0).then_some(Self {
            center,
            width,
            function: WindowFunction::Linear,
            explanation: None,
        })
    }

    /// The window that spreads exactly `low..=high` over black to white; one unit wide where
    /// there is nothing to spread.
    pub fn covering(low: f64, high: f64) -> Self {
        Self {
            center: f64::midpoint(low, high),
            width: if high > low { high - low } else { 1.0 },
            function: WindowFunction::LinearExact,
            explanation: None,
        }
    }

    /// Brightness of a value, 0 (black) to 1 (white).
    pub fn brightness(&self, value: f64) -> f64 {
        let (c, w) = (self.center, self.width);
        match self.function {
            // PS3.3 C.11.2.1.2.1: the half and the one keep it exact for integers; at w = 1 it
            // is a threshold.
            WindowFunction::Linear => {
                if value <= c - 0.5 - (w - 1.0) / 2.0 {
                    0.0
                } else if value > c - 0.5 + (w - 1.0) / 2.0 {
                    1.0
                } else {
                    (value - (c - 0.5)) / (w - 1.0) + 0.5
                }
            }
            WindowFunction::LinearExact => ((value - c) / w + 0.5).clamp(0.0, 1.0),
            WindowFunction::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - c) / w).exp()),
        }
    }
}

/// A window that readers know by name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WindowPreset {
    pub name: &'static str,
    pub center: f64,
    pub width: f64,
}

const fn preset(name: &'static str, center: f64, width: f64) -> WindowPreset {
    WindowPreset {
        name,
        center,
        width,
    }
}

/// In Hounsfield units, as radiology departments commonly set them.
const CT: &[WindowPreset] = &[
    preset("brain", 40.0, 80.0),
    preset("subdural", 75.0, 215.0),
    preset("stroke", 40.0, 40.0),
    preset("bone", 400.0, 1800.0),
    preset("lung", -600.0, 1500.0),
    preset("mediastinum", 50.0, 350.0),
    preset("abdomen", 60.0, 400.0),
    preset("liver", 60.0, 160.0),
    preset("soft-tissue", 50.0, 400.0),
    preset("angio", 300.0, 600.0),
];

/// In standardised uptake values.
const PT: &[WindowPreset] = &[preset("suv-5", 2.5, 5.0), preset("suv-10", 5.0, 10.0)];

/// The presets of a modality whose values have a physical unit; empty for all others, where a
/// fixed window means nothing.
pub fn presets(modality: &str) -> &'static [WindowPreset] {
    match modality {
        "CT" => CT,
        "PT" => PT,
        _ => &[],
    }
}

/// The windows a file suggests for a frame, in its order.
pub(crate) fn windows(data: &InMemDicomObject, frame: u32) -> Vec<Window> {
    let group = frame_group_or_top(data, frame, tags::FRAME_VOILUT_SEQUENCE);
    let centers = floats(group, tags::WINDOW_CENTER).unwrap_or_default();
    let widths = floats(group, tags::WINDOW_WIDTH).unwrap_or_default();
    let explanations = texts(group, tags::WINDOW_CENTER_WIDTH_EXPLANATION);
    let function = match text(group, tags::VOILUT_FUNCTION).as_deref() {
        Some("LINEAR_EXACT") => WindowFunction::LinearExact,
        Some("SIGMOID") => WindowFunction::Sigmoid,
        _ => WindowFunction::Linear,
    };
    let valid = |w: f64| match function {
        WindowFunction::Linear => w >= 1.0,
        WindowFunction::LinearExact | WindowFunction::Sigmoid => w > 0.0,
    };
    centers
        .into_iter()
        .zip(widths)
        .enumerate()
        .filter(|(_, (_, width))| valid(*width))
        .map(|(i, (center, width))| Window {
            center,
            width,
            function,
            explanation: explanations.get(i).filter(|e| !e.is_empty()).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linear_window_is_the_standards_example() {
        // PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 maps 0 to black and 4095 to white.
        let w = Window::linear(2048.0, 4096.0).unwrap();
        assert_eq!(w.brightness(0.0), 0.0);
        assert_eq!(w.brightness(4095.0), 1.0);
        assert!((w.brightness(2047.5) - 0.5).abs() < 1e-12);
        // c = 0, w = 1 is a threshold.
        let threshold = Window::linear(0.0, 1.0).unwrap();
        assert_eq!(
            [threshold.brightness(-1.0), threshold.brightness(0.0)],
            [0.0, 1.0]
        );
    }

    #[test]
    fn exact_and_sigmoid_windows_are_centred_on_grey() {
        let exact = Window::covering(-100.0, 300.0);
        assert_eq!(
            [-100.0, 100.0, 300.0].map(|v| exact.brightness(v)),
            [0.0, 0.5, 1.0]
        );
        let sigmoid = Window {
            function: WindowFunction::Sigmoid,
            ..exact
        };
        assert_eq!(sigmoid.brightness(100.0), 0.5);
        assert!(sigmoid.brightness(-300.0) < 0.02 && sigmoid.brightness(500.0) > 0.98);
    }

    #[test]
    fn what_is_no_window_is_refused() {
        assert_eq!(Window::linear(0.0, 0.5), None);
        assert_eq!(Window::linear(f64::NAN, 5.0), None);
        assert!(presets("MR").is_empty());
        assert!(presets("CT").iter().any(|p| p.name == "lung"));
    }
}
