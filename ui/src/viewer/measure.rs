//! Measurements on a frame, in the patient's millimetres where the film says how large its pixels
//! are, and in pixels where it does not.

use std::f64::consts::PI;

/// Image coordinates: column and row; the middle of the first pixel is 0.5, 0.5.
pub type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Length,
    /// At its second point.
    Angle,
    /// Between two lines, as of two end plates (Cobb).
    Cobb,
    Rectangle,
    Ellipse,
    /// One value.
    Probe,
    /// From its words to what they mean.
    Arrow,
}

impl Shape {
    pub const ALL: [Self; 7] = [
        Self::Length,
        Self::Angle,
        Self::Cobb,
        Self::Rectangle,
        Self::Ellipse,
        Self::Probe,
        Self::Arrow,
    ];

    /// How many points it takes.
    pub const fn points(self) -> usize {
        match self {
            Self::Probe => 1,
            Self::Length | Self::Rectangle | Self::Ellipse | Self::Arrow => 2,
            Self::Angle => 3,
            Self::Cobb => 4,
        }
    }

    pub const fn is_area(self) -> bool {
        matches!(self, Self::Rectangle | Self::Ellipse)
    }
}

/// What a distance between pixels is in millimetres, and where that is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Calibration {
    /// In the patient: Pixel Spacing (0028,0030), row and column, mm.
    Patient([f64; 2]),
    /// On the detector, where the body is magnified: Imager Pixel Spacing (0018,1164).
    Detector([f64; 2]),
    /// The film does not say.
    Unknown,
}

impl Calibration {
    /// From a series' spacing and its kind, as `dhc_ipc::FilmSeries` has them.
    pub fn of(spacing: Option<[f64; 2]>, kind: Option<&str>) -> Self {
        match (spacing.filter(|s| s[0] > 0.0 && s[1] > 0.0), kind) {
            (Some(spacing), Some("imager")) => Self::Detector(spacing),
            (Some(spacing), _) => Self::Patient(spacing),
            (None, _) => Self::Unknown,
        }
    }

    const fn spacing(self) -> [f64; 2] {
        match self {
            Self::Patient(spacing) | Self::Detector(spacing) => spacing,
            Self::Unknown => [1.0, 1.0],
        }
    }

    /// `mm`, or `px` where millimetres are not known.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Unknown => "px",
            _ => "mm",
        }
    }
}

/// Values within a region. The deviation is that of the population: the region's pixels are all
/// there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    pub pixels: u64,
    pub mean: f64,
    pub deviation: f64,
    pub least: f64,
    pub most: f64,
}

impl Statistics {
    /// `None` of no values. Welford's sums, which do not cancel.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (mut pixels, mut mean, mut squares) = (0u64, 0.0, 0.0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|v| !v.is_nan()) {
            pixels += 1;
            let off = value - mean;
            mean += off / pixels as f64;
            squares += off * (value - mean);
            least = least.min(value);
            most = most.max(value);
        }
        (pixels > 0).then(|| Self {
            pixels,
            mean,
            deviation: (squares / pixels as f64).sqrt(),
            least,
            most,
        })
    }
}

/// What a measurement says, in the unit of its [`Calibration`] or in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    Length(f64),
    Degrees(f64),
    /// `None` of colours, which have no values.
    Area(f64, Option<Statistics>),
    Value(Option<f64>),
    Words,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    pub id: u32,
    pub shape: Shape,
    pub points: Vec<Point>,
    pub words: String,
}

/// A rectangle's columns and rows, or those about an ellipse: first and one past the last pixel
/// whose middle may be inside.
fn bounds(points: &[Point], columns: u32, rows: u32) -> [u32; 4] {
    let (a, b) = (points[0], points[1]);
    let edge = |value: f64, most: u32| (value - 0.5).ceil().clamp(0.0, f64::from(most)) as u32;
    [
        edge(a.0.min(b.0), columns),
        edge(a.0.max(b.0), columns),
        edge(a.1.min(b.1), rows),
        edge(a.1.max(b.1), rows),
    ]
}

impl Measurement {
    pub fn is_whole(&self) -> bool {
        self.points.len() == self.shape.points()
    }

    /// Runs of pixels inside an area: row, first column, one past the last. A pixel is inside if
    /// its middle is.
    pub fn runs(&self, columns: u32, rows: u32) -> Vec<(u32, u32, u32)> {
        if !self.shape.is_area() || !self.is_whole() {
            return Vec::new();
        }
        let [left, right, top, bottom] = bounds(&self.points, columns, rows);
        let (a, b) = (self.points[0], self.points[1]);
        let middle = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
        let (width, height) = ((a.0 - b.0).abs() / 2.0, (a.1 - b.1).abs() / 2.0);
        (top..bottom)
            .map(|row| {
                if self.shape == Shape::Rectangle {
                    return (row, left, right);
                }
                let y = (f64::from(row) + 0.5 - middle.1) / height;
                let reach = (1.0 - y * y).max(0.0).sqrt() * width;
                let from = (middle.0 - reach - 0.5).ceil().max(f64::from(left)) as u32;
                let to = (middle.0 + reach + 0.5)
                    .floor()
                    .clamp(0.0, f64::from(right)) as u32;
                (row, from, to)
            })
            .filter(|(_, from, to)| from < to)
            .collect()
    }

    /// What it says; `None` while points are missing. `value`: the modality value of a pixel by
    /// column and row; `values`: those of a run, as [`runs`](Self::runs) gives it.
    pub fn reading(
        &self,
        calibration: Calibration,
        size: (u32, u32),
        value: impl Fn(f64, f64) -> Option<f64>,
        values: impl Fn((u32, u32, u32)) -> Vec<f64>,
    ) -> Option<Reading> {
        if !self.is_whole() {
            return None;
        }
        let [down, across] = calibration.spacing();
        let p = |i: usize| (self.points[i].0 * across, self.points[i].1 * down);
        let vector = |from: usize, to: usize| (p(to).0 - p(from).0, p(to).1 - p(from).1);
        Some(match self.shape {
            Shape::Length => {
                let (x, y) = vector(0, 1);
                Reading::Length(x.hypot(y))
            }
            Shape::Angle => Reading::Degrees(between(vector(1, 0), vector(1, 2))),
            Shape::Cobb => {
                let angle = between(vector(0, 1), vector(2, 3));
                Reading::Degrees(angle.min(180.0 - angle))
            }
            Shape::Rectangle | Shape::Ellipse => {
                let (x, y) = vector(0, 1);
                let whole = (x * y).abs();
                let area = if self.shape == Shape::Ellipse {
                    whole * PI / 4.0
                } else {
                    whole
                };
                let inside = self.runs(size.0, size.1).into_iter().flat_map(values);
                Reading::Area(area, Statistics::of(inside))
            }
            Shape::Probe => Reading::Value(value(self.points[0].0, self.points[0].1)),
            Shape::Arrow => Reading::Words,
        })
    }

    /// Lines between its points, as places in them.
    pub const fn lines(&self) -> &'static [(usize, usize)] {
        match self.shape {
            Shape::Length | Shape::Arrow => &[(0, 1)],
            Shape::Angle => &[(0, 1), (1, 2)],
            Shape::Cobb => &[(0, 1), (2, 3)],
            Shape::Rectangle | Shape::Ellipse | Shape::Probe => &[],
        }
    }
}

/// The angle between two directions, degrees from 0 to 180; 0 where one of them is none.
fn between(a: Point, b: Point) -> f64 {
    let (cross, dot) = (a.0 * b.1 - a.1 * b.0, a.0 * b.0 + a.1 * b.1);
    cross.abs().atan2(dot).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIMETRES: Calibration = Calibration::Patient([2.0, 0.5]);

    fn made(shape: Shape, points: &[Point]) -> Measurement {
        Measurement {
            id: 0,
            shape,
            points: points.to_vec(),
            words: String::new(),
        }
    }

    fn read(measurement: &Measurement, calibration: Calibration) -> Option<Reading> {
        // A ramp: the value of a pixel is its column.
        measurement.reading(
            calibration,
            (100, 100),
            |column, _| Some(column.floor()),
            |(_, from, to)| (from..to).map(f64::from).collect(),
        )
    }

    #[test]
    fn lengths_are_millimetres_by_row_and_column_spacing() {
        let line = made(Shape::Length, &[(10.0, 10.0), (16.0, 12.0)]);
        // 6 columns of 0.5 mm, 2 rows of 2 mm.
        assert_eq!(read(&line, MILLIMETRES), Some(Reading::Length(5.0)));
        let pixels = read(&line, Calibration::Unknown);
        assert_eq!(pixels, Some(Reading::Length(40f64.sqrt())));
        assert_eq!(Calibration::Unknown.unit(), "px");
    }

    #[test]
    fn the_spacing_says_what_it_is_measured_on() {
        let spacing = Some([0.1, 0.1]);
        assert_eq!(
            Calibration::of(spacing, Some("imager")),
            Calibration::Detector([0.1, 0.1])
        );
        assert_eq!(
            Calibration::of(spacing, Some("pixel")),
            Calibration::Patient([0.1, 0.1])
        );
        assert_eq!(
            Calibration::of(Some([0.0, 1.0]), None),
            Calibration::Unknown
        );
        assert_eq!(Calibration::of(None, Some("pixel")), Calibration::Unknown);
    }

    #[test]
    fn angles_are_those_in_the_patient() {
        // In pixels the arms look 45° apart; rows are four times as far apart as columns.
        let angle = made(Shape::Angle, &[(20.0, 10.0), (10.0, 10.0), (20.0, 20.0)]);
        let Some(Reading::Degrees(degrees)) = read(&angle, MILLIMETRES) else {
            panic!("an angle reads in degrees");
        };
        assert!((degrees - 4f64.atan().to_degrees()).abs() < 1e-9);
        let cobb = made(
            Shape::Cobb,
            &[(0.0, 0.0), (10.0, 0.0), (10.0, 30.0), (0.0, 20.0)],
        );
        let Some(Reading::Degrees(degrees)) = read(&cobb, Calibration::Unknown) else {
            panic!("a Cobb angle reads in degrees");
        };
        assert!(
            (degrees - 45.0).abs() < 1e-9,
            "whichever way lines are drawn"
        );
    }

    #[test]
    fn a_rectangle_has_the_values_of_the_pixels_in_it() {
        let area = made(Shape::Rectangle, &[(14.0, 20.0), (10.0, 25.0)]);
        let Some(Reading::Area(area, Some(found))) = read(&area, MILLIMETRES) else {
            panic!("a rectangle reads as an area");
        };
        assert_eq!(area, 4.0 * 0.5 * 5.0 * 2.0);
        assert_eq!(found.pixels, 20);
        assert_eq!((found.least, found.most), (10.0, 13.0));
        assert!((found.mean - 11.5).abs() < 1e-12);
        assert!((found.deviation - 1.25f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn an_ellipse_has_the_pixels_whose_middles_are_inside() {
        let circle = made(Shape::Ellipse, &[(20.0, 20.0), (60.0, 60.0)]);
        let counted: u32 = circle.runs(100, 100).iter().map(|(_, a, b)| b - a).sum();
        let by_hand = (0..100u32)
            .flat_map(|row| (0..100u32).map(move |column| (column, row)))
            .filter(|(column, row)| {
                let (x, y) = (f64::from(*column) - 39.5, f64::from(*row) - 39.5);
                x * x + y * y <= 400.0
            })
            .count();
        assert_eq!(counted as usize, by_hand);
        assert!((f64::from(counted) - PI * 400.0).abs() / (PI * 400.0) < 0.01);
    }

    #[test]
    fn areas_over_the_edge_count_what_there_is() {
        let over = made(Shape::Rectangle, &[(-50.0, 95.0), (2.0, 900.0)]);
        assert_eq!(over.runs(100, 100).len(), 5);
        let outside = made(Shape::Ellipse, &[(-50.0, -50.0), (-2.0, -2.0)]);
        let Some(Reading::Area(_, found)) = read(&outside, MILLIMETRES) else {
            panic!("an ellipse reads as an area");
        };
        assert_eq!(found, None);
    }

    #[test]
    fn nothing_is_read_of_a_half_drawn_shape() {
        let half = made(Shape::Angle, &[(0.0, 0.0), (1.0, 1.0)]);
        assert_eq!(read(&half, MILLIMETRES), None);
    }
}
