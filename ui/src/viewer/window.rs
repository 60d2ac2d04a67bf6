//! Window and level: which modality values are shown between black and white.

use dhc_ipc::{FrameHeader, PixelKind};

/// Centre and width in modality units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub centre: f64,
    pub width: f64,
}

/// How the values of a frame lie between each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// One apart or more: a window is as the standard has it for whole numbers.
    Whole,
    /// Closer than one: floats, or whole numbers rescaled to fractions.
    Fine,
}

impl Steps {
    pub fn of(header: &FrameHeader) -> Self {
        match header.kind {
            PixelKind::F32 => Self::Fine,
            _ if header.slope.abs() < 1.0 => Self::Fine,
            _ => Self::Whole,
        }
    }

    /// The narrowest window over values that span `span`.
    fn least_width(self, span: f64) -> f64 {
        match self {
            Self::Whole => 1.0,
            Self::Fine => (span / 1000.0).max(f64::MIN_POSITIVE),
        }
    }
}

impl Window {
    pub const fn new(centre: f64, width: f64) -> Self {
        Self { centre, width }
    }

    /// The window that just holds every value from `low` to `high`.
    pub fn of_range(low: f64, high: f64) -> Self {
        Self {
            centre: f64::midpoint(low, high),
            width: if high > low { high - low } else { 1.0 },
        }
    }

    /// The brightness, 0 to 1, of a modality value: DICOM PS3.3 C.11.2.1.2.1 (LINEAR) over whole
    /// numbers, C.11.2.1.3.2 (LINEAR_EXACT) over finer ones. The fragment shader in `gl` does the
    /// same; this is its reference.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the shader draws; tests hold it to this")
    )]
    pub fn brightness(self, value: f64, steps: Steps) -> f64 {
        match steps {
            Steps::Fine => ((value - self.centre) / self.width + 0.5).clamp(0.0, 1.0),
            Steps::Whole if self.width <= 1.0 => f64::from(value > self.centre - 0.5),
            Steps::Whole => {
                ((value - (self.centre - 0.5)) / (self.width - 1.0) + 0.5).clamp(0.0, 1.0)
            }
        }
    }

    /// The window after dragging by `dx` to the right (wider) and `dy` down (darker), in pixels.
    /// `range`: lowest and highest value there is; it sets how coarse a pixel of dragging is.
    #[must_use]
    pub fn dragged(self, dx: f64, dy: f64, range: [f64; 2], steps: Steps) -> Self {
        let span = match range[1] - range[0] {
            span if span > 0.0 => span,
            _ => 1.0,
        };
        let step = (self.width / 256.0).clamp(span / 4096.0, span / 256.0);
        Self {
            centre: (self.centre + dy * step).clamp(range[0] - span, range[1] + span),
            width: (self.width + dx * step).clamp(steps.least_width(span), span * 4.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: PixelKind, slope: f64) -> FrameHeader {
        FrameHeader {
            rows: 1,
            columns: 1,
            kind,
            slope,
            intercept: 0.0,
            window: [0.5, 1.0],
            range: [0.0, 1.0],
            inverted: false,
            units: String::new(),
        }
    }

    #[test]
    fn brightness_is_the_standards_linear_function() {
        // The note's example in C.11.2.1.2.1: centre 2048, width 4096.
        let window = Window::new(2048.0, 4096.0);
        let brightness = |value| window.brightness(value, Steps::Whole);
        assert_eq!((brightness(0.0), brightness(4095.0)), (0.0, 1.0));
        assert!((brightness(2047.5) - 0.5).abs() < 1e-12);
        let threshold = Window::new(100.0, 1.0);
        assert_eq!(
            [99.5, 99.6].map(|v| threshold.brightness(v, Steps::Whole)),
            [0.0, 1.0]
        );
    }

    #[test]
    fn fractions_are_shown_between_black_and_white() {
        for fine in [header(PixelKind::F32, 1.0), header(PixelKind::U16, 0.001)] {
            let steps = Steps::of(&fine);
            let window = Window::of_range(0.0, 1.0);
            assert_eq!((window.centre, window.width), (0.5, 1.0));
            assert_eq!(
                [0.0, 0.25, 1.0].map(|v| window.brightness(v, steps)),
                [0.0, 0.25, 1.0]
            );
            assert!(window.dragged(-1e9, 0.0, [0.0, 1.0], steps).width < 0.01);
        }
        assert_eq!(Steps::of(&header(PixelKind::I16, -1.0)), Steps::Whole);
    }

    #[test]
    fn dragging_right_widens_and_dragging_down_darkens() {
        let range = [0.0, 4095.0];
        let before = Window::new(1000.0, 2000.0);
        let dragged = |dx, dy| before.dragged(dx, dy, range, Steps::Whole);
        let after = dragged(10.0, 10.0);
        assert!(after.width > before.width && after.centre > before.centre);
        let brightness = |window: Window| window.brightness(1500.0, Steps::Whole);
        assert!(brightness(after) < brightness(before));
        assert_eq!(dragged(-1e9, 0.0).width, 1.0);
        assert!(dragged(1e9, 0.0).width <= 4.0 * 4095.0);
    }
}
