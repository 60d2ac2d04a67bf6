//! Window and level: which modality values are shown between black and white.

/// Centre and width in modality units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub centre: f64,
    pub width: f64,
}

/// The narrowest window.
pub const LEAST_WIDTH: f64 = 1.0;

impl Window {
    pub const fn new(centre: f64, width: f64) -> Self {
        Self { centre, width }
    }

    /// The window that just holds every value from `low` to `high`.
    pub fn of_range(low: f64, high: f64) -> Self {
        Self {
            centre: f64::midpoint(low, high),
            width: (high - low).max(LEAST_WIDTH),
        }
    }

    /// The brightness, 0 to 1, of a modality value: DICOM PS3.3 C.11.2.1.2.1 (LINEAR). The
    /// fragment shader in `gl` does the same; this is its reference.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the shader draws; tests hold it to this")
    )]
    pub fn brightness(self, value: f64) -> f64 {
        if self.width <= 1.0 {
            return if value <= self.centre - 0.5 { 0.0 } else { 1.0 };
        }
        ((value - (self.centre - 0.5)) / (self.width - 1.0) + 0.5).clamp(0.0, 1.0)
    }

    /// The window after dragging by `dx` to the right (wider) and `dy` down (darker), in pixels.
    /// `range`: lowest and highest value there is; it sets how coarse a pixel of dragging is.
    #[must_use]
    pub fn dragged(self, dx: f64, dy: f64, range: [f64; 2]) -> Self {
        let span = (range[1] - range[0]).max(LEAST_WIDTH);
        let step = (self.width / 256.0).clamp(span / 4096.0, span / 256.0);
        Self {
            centre: (self.centre + dy * step).clamp(range[0] - span, range[1] + span),
            width: (self.width + dx * step).clamp(LEAST_WIDTH, span * 4.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_the_standards_linear_function() {
        // The note's example in C.11.2.1.2.1: centre 2048, width 4096.
        let window = Window::new(2048.0, 4096.0);
        assert_eq!(window.brightness(0.0), 0.0);
        assert_eq!(window.brightness(4095.0), 1.0);
        assert!((window.brightness(2047.5) - 0.5).abs() < 1e-12);
        let step = Window::new(100.0, 1.0);
        assert_eq!((step.brightness(99.5), step.brightness(99.6)), (0.0, 1.0));
    }

    #[test]
    fn dragging_right_widens_and_dragging_down_darkens() {
        let range = [0.0, 4095.0];
        let before = Window::new(1000.0, 2000.0);
        let after = before.dragged(10.0, 10.0, range);
        assert!(after.width > before.width && after.centre > before.centre);
        assert!(after.brightness(1500.0) < before.brightness(1500.0));
        assert_eq!(before.dragged(-1e9, 0.0, range).width, LEAST_WIDTH);
        assert!(before.dragged(1e9, 0.0, range).width <= 4.0 * 4095.0);
    }
}
