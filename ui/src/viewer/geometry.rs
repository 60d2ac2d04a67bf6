//! Where an image lies on the canvas, and which way the patient lies in it.

/// How an image is turned and mirrored: an orthogonal matrix of whole numbers, row by row, from
/// image directions to screen directions (both: x to the right, y down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn([i8; 4]);

impl Default for Turn {
    fn default() -> Self {
        Self([1, 0, 0, 1])
    }
}

impl Turn {
    /// Turns what is seen clockwise by a quarter.
    #[must_use]
    pub const fn clockwise(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([-c, -d, a, b])
    }

    /// Mirrors what is seen left to right.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([-a, -b, c, d])
    }

    /// Mirrors what is seen top to bottom.
    #[must_use]
    pub const fn flipped(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([a, b, -c, -d])
    }

    /// A screen direction as an image direction: the transpose, which is the inverse.
    pub fn to_image(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d] = self.0.map(f64::from);
        (a * x + c * y, b * x + d * y)
    }

    /// An image direction as a screen direction.
    pub fn to_screen(self, u: f64, v: f64) -> (f64, f64) {
        let [a, b, c, d] = self.0.map(f64::from);
        (a * u + b * v, c * u + d * v)
    }

    /// Whether width and height are exchanged.
    pub const fn is_sideways(self) -> bool {
        self.0[0] == 0
    }
}

/// What of an image is seen. `pan` in canvas pixels from the middle; `zoom` 1: the whole image
/// fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub zoom: f64,
    pub pan: (f64, f64),
    pub turn: Turn,
}

impl Default for View {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            pan: (0.0, 0.0),
            turn: Turn::default(),
        }
    }
}

const ZOOM: std::ops::RangeInclusive<f64> = 0.2..=40.0;

impl View {
    /// Zooms by `factor`, keeping the canvas point `at` (from the middle) where it is.
    #[must_use]
    pub fn zoomed(self, factor: f64, at: (f64, f64)) -> Self {
        let zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let by = zoom / self.zoom;
        let pan = (
            at.0 - (at.0 - self.pan.0) * by,
            at.1 - (at.1 - self.pan.1) * by,
        );
        Self { zoom, pan, ..self }
    }

    #[must_use]
    pub fn panned(self, dx: f64, dy: f64) -> Self {
        Self {
            pan: (self.pan.0 + dx, self.pan.1 + dy),
            ..self
        }
    }
}

/// An image in a canvas: sizes in pixels, spacing (row, column) in mm or in any equal unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    pub canvas: (f64, f64),
    pub columns: f64,
    pub rows: f64,
    pub spacing: [f64; 2],
    pub view: View,
}

impl Placement {
    /// Canvas pixels per unit of spacing (per mm, where the spacing is in mm).
    pub fn scale(&self) -> f64 {
        let (mut width, mut height) = (self.columns * self.spacing[1], self.rows * self.spacing[0]);
        if self.view.turn.is_sideways() {
            std::mem::swap(&mut width, &mut height);
        }
        (self.canvas.0 / width).min(self.canvas.1 / height) * self.view.zoom
    }

    /// Image coordinates (column, row; the middle of the first pixel is 0.5, 0.5) of a canvas
    /// point.
    pub fn image_at(&self, x: f64, y: f64) -> (f64, f64) {
        let scale = self.scale();
        let dx = (x - self.canvas.0 / 2.0 - self.view.pan.0) / scale;
        let dy = (y - self.canvas.1 / 2.0 - self.view.pan.1) / scale;
        let (u, v) = self.view.turn.to_image(dx, dy);
        (
            u / self.spacing[1] + self.columns / 2.0,
            v / self.spacing[0] + self.rows / 2.0,
        )
    }

    /// The canvas point of image coordinates: the inverse of [`image_at`](Self::image_at).
    pub fn canvas_at(&self, column: f64, row: f64) -> (f64, f64) {
        let scale = self.scale();
        let (x, y) = self.view.turn.to_screen(
            (column - self.columns / 2.0) * self.spacing[1],
            (row - self.rows / 2.0) * self.spacing[0],
        );
        (
            x * scale + self.canvas.0 / 2.0 + self.view.pan.0,
            y * scale + self.canvas.1 / 2.0 + self.view.pan.1,
        )
    }

    /// [`image_at`](Self::image_at) as an affine map: what one step right and one step down are
    /// in the image, and the image point of the canvas' origin.
    pub fn affine(&self) -> [f64; 6] {
        let origin = self.image_at(0.0, 0.0);
        let right = self.image_at(1.0, 0.0);
        let down = self.image_at(0.0, 1.0);
        [
            right.0 - origin.0,
            right.1 - origin.1,
            down.0 - origin.0,
            down.1 - origin.1,
            origin.0,
            origin.1,
        ]
    }

    /// Screen pixels per image pixel, as people call zoom.
    pub fn magnification(&self) -> f64 {
        self.scale() * self.spacing[1]
    }
}

/// Letters of the patient's directions at the left, right, top and bottom of the canvas (DICOM
/// PS3.3 C.7.6.2.1.1: x to the Left, y to the Posterior, z to the head, here S and I).
pub fn letters(orientation: &[f64; 6], turn: Turn) -> [String; 4] {
    [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)].map(|(x, y)| {
        let (u, v) = turn.to_image(x, y);
        let towards: [f64; 3] =
            std::array::from_fn(|i| u * orientation[i] + v * orientation[i + 3]);
        direction(towards)
    })
}

/// At most two letters: the largest component, and a second one that is oblique enough.
fn direction(towards: [f64; 3]) -> String {
    const NAMES: [(char, char); 3] = [('L', 'R'), ('P', 'A'), ('S', 'I')];
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| towards[b].abs().total_cmp(&towards[a].abs()));
    order
        .into_iter()
        .enumerate()
        .filter(|&(rank, axis)| towards[axis].abs() > if rank == 0 { 1e-6 } else { 0.35 })
        .take(2)
        .map(|(_, axis)| {
            if towards[axis] > 0.0 {
                NAMES[axis].0
            } else {
                NAMES[axis].1
            }
        })
        .collect()
}

/// A round length in mm (1, 2 or 5 times a power of ten) that is at most `most` pixels long, with
/// its length in pixels.
pub fn scale_bar(pixels_per_mm: f64, most: f64) -> Option<(f64, f64)> {
    if !(pixels_per_mm.is_finite() && pixels_per_mm > 0.0) {
        return None;
    }
    let longest = most / pixels_per_mm;
    let power = 10f64.powf(longest.log10().floor());
    let mm = [5.0, 2.0, 1.0]
        .into_iter()
        .map(|m| m * power)
        .find(|mm| *mm <= longest)?;
    Some((mm, mm * pixels_per_mm))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(view: View) -> Placement {
        Placement {
            canvas: (800.0, 600.0),
            columns: 200.0,
            rows: 100.0,
            spacing: [2.0, 1.0],
            view,
        }
    }

    fn near(a: (f64, f64), b: (f64, f64)) -> bool {
        (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9
    }

    #[test]
    fn an_image_fits_in_the_middle_with_its_true_proportions() {
        // 200 × 200 mm in 800 × 600 pixels: 3 pixels a mm.
        let placement = placed(View::default());
        assert_eq!(placement.scale(), 3.0);
        assert!(near(placement.image_at(400.0, 300.0), (100.0, 50.0)));
        assert!(near(placement.image_at(100.0, 0.0), (0.0, 0.0)));
        assert!(near(placement.image_at(700.0, 600.0), (200.0, 100.0)));
        let [a, b, c, d, x, y] = placement.affine();
        assert!(near(
            (a * 10.0 + c * 20.0 + x, b * 10.0 + d * 20.0 + y),
            placement.image_at(10.0, 20.0)
        ));
    }

    #[test]
    fn four_quarter_turns_and_two_mirrorings_change_nothing() {
        let turn = Turn::default();
        assert_eq!(turn.clockwise().clockwise().clockwise().clockwise(), turn);
        assert_eq!(turn.mirrored().mirrored(), turn);
        assert_eq!(turn.flipped().flipped(), turn);
        assert_eq!(turn.mirrored().flipped(), turn.clockwise().clockwise());
        // After a clockwise turn the image's left edge is at the top: up on screen is left in it.
        assert_eq!(turn.clockwise().to_image(0.0, -1.0), (-1.0, 0.0));
    }

    #[test]
    fn letters_follow_the_turn() {
        let axial = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(letters(&axial, Turn::default()), ["R", "L", "A", "P"]);
        assert_eq!(
            letters(&axial, Turn::default().mirrored()),
            ["L", "R", "A", "P"]
        );
        assert_eq!(
            letters(&axial, Turn::default().clockwise()),
            ["P", "A", "R", "L"]
        );
        let coronal = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];
        assert_eq!(letters(&coronal, Turn::default()), ["R", "L", "S", "I"]);
        let oblique = [0.8, 0.6, 0.0, 0.0, 0.0, -1.0];
        assert_eq!(letters(&oblique, Turn::default())[1], "LP");
    }

    #[test]
    fn a_point_of_the_image_is_found_again_however_it_is_seen() {
        let turns = [
            Turn::default(),
            Turn::default().clockwise(),
            Turn::default().mirrored().clockwise(),
            Turn::default().flipped(),
        ];
        for turn in turns {
            let seen = placed(View {
                zoom: 2.5,
                pan: (31.0, -17.0),
                turn,
            });
            let (x, y) = seen.canvas_at(12.25, 80.5);
            assert!(near(seen.image_at(x, y), (12.25, 80.5)));
        }
    }

    #[test]
    fn zooming_keeps_the_point_under_the_finger() {
        let before = placed(View::default());
        let at = (120.0, -40.0);
        let point = before.image_at(400.0 + at.0, 300.0 + at.1);
        let after = placed(View::default().zoomed(2.5, at));
        assert!(near(after.image_at(400.0 + at.0, 300.0 + at.1), point));
        assert_eq!(View::default().zoomed(1e9, at).zoom, 40.0);
    }

    #[test]
    fn the_scale_bar_is_round_and_fits() {
        assert_eq!(scale_bar(3.0, 200.0), Some((50.0, 150.0)));
        assert_eq!(scale_bar(0.5, 200.0), Some((200.0, 100.0)));
        assert_eq!(scale_bar(0.0, 200.0), None);
        assert_eq!(scale_bar(f64::NAN, 200.0), None);
    }
}
