//! Three planes through a volume: where each lies, what of it a canvas shows, and how one turns
//! the others.

use super::geometry::Turn;
use super::geometry::letters;

/// Millimetres along a volume's columns, rows and slices, from its first corner.
pub type Vector = [f64; 3];

pub fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn plus(a: Vector, b: Vector, times: f64) -> Vector {
    std::array::from_fn(|i| a[i] + b[i] * times)
}

/// `v` turned about the unit vector `axis` (Rodrigues).
fn turned(v: Vector, axis: Vector, angle: f64) -> Vector {
    let (sin, cos) = angle.sin_cos();
    let (across, along) = (cross(axis, v), dot(axis, v) * (1.0 - cos));
    std::array::from_fn(|i| v[i] * cos + across[i] * sin + axis[i] * along)
}

/// How a series' frames lie as one volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub columns: u32,
    pub rows: u32,
    pub slices: u32,
    /// Millimetres from one column, row, slice to the next.
    pub step: Vector,
    /// Direction cosines of columns' and rows' directions in the patient (PS3.3 C.7.6.2.1.1).
    pub orientation: [f64; 6],
}

/// How far a slice may be from where even steps put it, of a step.
const UNEVEN: f64 = 0.02;

impl Grid {
    /// `None` where frames do not make a volume: their places are not known, or not even.
    /// `positions`: along the normal, in the frames' order, mm.
    pub fn of(
        size: (u32, u32),
        spacing: Option<[f64; 2]>,
        orientation: Option<[f64; 6]>,
        positions: &[f64],
    ) -> Option<Self> {
        let [down, across] = spacing.filter(|s| s[0] > 0.0 && s[1] > 0.0)?;
        let (first, last) = (positions.first()?, positions.last()?);
        let slices = positions.len();
        if slices < 3 || size.0 == 0 || size.1 == 0 {
            return None;
        }
        let step = (last - first) / (slices - 1) as f64;
        let is_even = positions
            .iter()
            .enumerate()
            .all(|(i, at)| (first + step * i as f64 - at).abs() <= UNEVEN * step.abs());
        (step > 0.0 && is_even).then_some(Self {
            columns: size.0,
            rows: size.1,
            slices: slices as u32,
            step: [across, down, step],
            orientation: orientation?,
        })
    }

    pub fn extent(&self) -> Vector {
        let [x, y, z] = self.step;
        [
            x * f64::from(self.columns),
            y * f64::from(self.rows),
            z * f64::from(self.slices),
        ]
    }

    pub fn middle(&self) -> Vector {
        self.extent().map(|e| e / 2.0)
    }

    /// A direction in the volume as one in the patient.
    fn in_patient(&self, v: Vector) -> Vector {
        let [a, b, c, d, e, f] = self.orientation;
        let (row, column) = ([a, b, c], [d, e, f]);
        let normal = cross(row, column);
        std::array::from_fn(|i| v[0] * row[i] + v[1] * column[i] + v[2] * normal[i])
    }

    /// The volume's axis that lies nearest to a direction in the patient, pointing along it.
    fn axis_towards(&self, patient: Vector) -> Vector {
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let along = axes.map(|axis| dot(self.in_patient(axis), patient));
        let nearest = (0..3)
            .max_by(|&a, &b| along[a].abs().total_cmp(&along[b].abs()))
            .unwrap_or(0);
        axes[nearest].map(|v| v * along[nearest].signum())
    }
}

/// The name of a plane by what it cuts the body into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Axial,
    Coronal,
    Sagittal,
}

/// What one pane shows: unit vectors to the right and down of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    pub cut: Cut,
    pub right: Vector,
    pub down: Vector,
}

impl Plane {
    /// Towards the reader's back: away from who looks.
    pub fn normal(&self) -> Vector {
        cross(self.right, self.down)
    }

    /// Letters of the patient's directions at its left, right, top and bottom.
    pub fn letters(&self, grid: &Grid) -> [String; 4] {
        let (right, down) = (grid.in_patient(self.right), grid.in_patient(self.down));
        let orientation = [right[0], right[1], right[2], down[0], down[1], down[2]];
        letters(&orientation, Turn::default())
    }
}

/// The three planes as readers hang them, the one that was scanned first.
pub fn planes(grid: &Grid) -> [Plane; 3] {
    // To the left, the back and the head (PS3.3 C.7.6.2.1.1).
    let (left, back, head) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]);
    let towards = |patient: Vector| grid.axis_towards(patient);
    let feet = towards(head).map(|v| -v);
    let mut all = [
        Plane {
            cut: Cut::Axial,
            right: towards(left),
            down: towards(back),
        },
        Plane {
            cut: Cut::Coronal,
            right: towards(left),
            down: feet,
        },
        Plane {
            cut: Cut::Sagittal,
            right: towards(back),
            down: feet,
        },
    ];
    all.sort_by(|a, b| b.normal()[2].abs().total_cmp(&a.normal()[2].abs()));
    all
}

/// Three planes through one point of a volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuts {
    pub grid: Grid,
    pub planes: [Plane; 3],
    pub at: Vector,
}

impl Cuts {
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            planes: planes(&grid),
            at: grid.middle(),
        }
    }

    pub fn shown(&self, i: usize, pane: [f64; 4]) -> Shown {
        Shown {
            grid: self.grid,
            plane: self.planes[i],
            at: self.at,
            pane,
        }
    }

    /// Moves the meeting point to another, or to the volume's nearest.
    #[must_use]
    pub fn moved(self, to: Vector) -> Self {
        let extent = self.grid.extent();
        Self {
            at: std::array::from_fn(|i| to[i].clamp(0.0, extent[i])),
            ..self
        }
    }

    /// Moves a plane by so many of the voxels it passes on its way.
    #[must_use]
    pub fn stepped(self, i: usize, by: f64) -> Self {
        let normal = self.planes[i].normal();
        let voxel = (0..3).map(|i| (normal[i] * self.grid.step[i]).abs());
        self.moved(plus(self.at, normal, by * voxel.sum::<f64>()))
    }

    /// Turns the planes other than `fixed` about its normal, by an angle clockwise as it is seen.
    #[must_use]
    pub fn turned(mut self, fixed: usize, angle: f64) -> Self {
        let axis = self.planes[fixed].normal();
        let others = self.planes.iter_mut().enumerate();
        for (_, plane) in others.filter(|(i, _)| *i != fixed) {
            plane.right = turned(plane.right, axis, angle);
            plane.down = turned(plane.down, axis, angle);
        }
        self
    }
}

/// A plane in a pane of a canvas, through the point `at` where the planes meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    pub grid: Grid,
    pub plane: Plane,
    pub at: Vector,
    /// Left, top, width, height, in any pixels.
    pub pane: [f64; 4],
}

impl Shown {
    /// Pixels a millimetre: the whole volume is seen from every side.
    pub fn scale(&self) -> f64 {
        let extent = self.grid.extent();
        let across = |v: Vector| (0..3).map(|i| (v[i] * extent[i]).abs()).sum::<f64>();
        let [.., width, height] = self.pane;
        (width / across(self.plane.right)).min(height / across(self.plane.down))
    }

    /// The point of the plane that lies in the middle of the pane.
    fn centre(&self) -> Vector {
        let middle = self.grid.middle();
        let normal = self.plane.normal();
        let away = dot(plus(self.at, middle, -1.0), normal);
        plus(middle, normal, away)
    }

    /// The point of the volume at a pixel.
    pub fn point_at(&self, x: f64, y: f64) -> Vector {
        let [left, top, width, height] = self.pane;
        let scale = self.scale();
        let right = (x - left - width / 2.0) / scale;
        let down = (y - top - height / 2.0) / scale;
        plus(
            plus(self.centre(), self.plane.right, right),
            self.plane.down,
            down,
        )
    }

    /// The pixel of a point, seen along the normal.
    pub fn pixel_of(&self, point: Vector) -> (f64, f64) {
        let [left, top, width, height] = self.pane;
        let off = plus(point, self.centre(), -1.0);
        let scale = self.scale();
        (
            left + width / 2.0 + dot(off, self.plane.right) * scale,
            top + height / 2.0 + dot(off, self.plane.down) * scale,
        )
    }

    /// Where another plane cuts this one: a direction on the canvas. `None` if they are the same.
    pub fn line_of(&self, other: &Plane) -> Option<(f64, f64)> {
        let along = cross(self.plane.normal(), other.normal());
        let (x, y) = (dot(along, self.plane.right), dot(along, self.plane.down));
        let length = x.hypot(y);
        (length > 1e-9).then(|| (x / length, y / length))
    }

    /// In voxels for the shader: the point at the pane's first corner, a pixel's step to the
    /// right and down, and a millimetre's along the normal.
    pub fn in_voxels(&self) -> [Vector; 4] {
        let voxels = |v: Vector| std::array::from_fn(|i| v[i] / self.grid.step[i]);
        let scale = self.scale();
        let [left, top, ..] = self.pane;
        [
            voxels(self.point_at(left, top)),
            voxels(self.plane.right.map(|v| v / scale)),
            voxels(self.plane.down.map(|v| v / scale)),
            voxels(self.plane.normal()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXIAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    /// A coronal scan: to the left, to the feet; its slices go to the back.
    const CORONAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];

    fn grid(orientation: [f64; 6]) -> Grid {
        let positions: Vec<f64> = (0..50).map(|i| -30.0 + 2.0 * f64::from(i)).collect();
        let grid = Grid::of((100, 80), Some([0.5, 1.0]), Some(orientation), &positions);
        grid.unwrap()
    }

    fn near(a: Vector, b: Vector) -> bool {
        (0..3).all(|i| (a[i] - b[i]).abs() < 1e-9)
    }

    #[test]
    fn even_slices_make_a_volume_and_others_do_not() {
        assert_eq!(grid(AXIAL).extent(), [100.0, 40.0, 100.0]);
        let of = |positions: &[f64]| Grid::of((9, 9), Some([1.0, 1.0]), Some(AXIAL), positions);
        assert!(of(&[0.0, 1.0, 2.01, 3.0]).is_some());
        assert!(of(&[0.0, 1.0, 3.0, 4.0]).is_none(), "a slice is missing");
        assert!(of(&[0.0, 0.0, 0.0]).is_none(), "all in one place");
        assert!(of(&[0.0, 1.0]).is_none());
        assert!(Grid::of((9, 9), None, Some(AXIAL), &[0.0, 1.0, 2.0]).is_none());
    }

    #[test]
    fn planes_hang_as_readers_expect_whichever_was_scanned() {
        for (orientation, first) in [(AXIAL, Cut::Axial), (CORONAL, Cut::Coronal)] {
            let grid = grid(orientation);
            let planes = planes(&grid);
            assert_eq!(planes[0].cut, first);
            for plane in planes {
                let expected = match plane.cut {
                    Cut::Axial => ["R", "L", "A", "P"],
                    Cut::Coronal => ["R", "L", "S", "I"],
                    Cut::Sagittal => ["A", "P", "S", "I"],
                };
                assert_eq!(plane.letters(&grid), expected, "{:?}", plane.cut);
            }
        }
    }

    #[test]
    fn a_pixel_and_its_point_are_one_and_steps_are_voxels() {
        let grid = grid(AXIAL);
        let at = [20.0, 30.0, 40.0];
        for plane in planes(&grid) {
            let shown = Shown {
                grid,
                plane,
                at,
                pane: [300.0, 50.0, 400.0, 200.0],
            };
            let (x, y) = shown.pixel_of(at);
            assert!(near(shown.point_at(x, y), at));
            let [origin, right, down, _] = shown.in_voxels();
            let (x, y) = (x - 300.0, y - 50.0);
            let voxel: Vector = std::array::from_fn(|i| origin[i] + right[i] * x + down[i] * y);
            assert!(near(voxel, [20.0, 60.0, 20.0]), "{voxel:?}");
        }
    }

    #[test]
    fn the_cross_hair_is_where_planes_cut_and_turning_keeps_it_there() {
        let grid = grid(AXIAL);
        let cuts = Cuts::new(grid);
        let pane = [0.0, 0.0, 100.0, 100.0];
        let coronal = cuts.planes.iter().position(|p| p.cut == Cut::Coronal);
        let coronal = coronal.unwrap();
        let line = cuts.shown(0, pane).line_of(&cuts.planes[coronal]).unwrap();
        assert!(line.1.abs() < 1e-9, "a coronal plane is a level line");
        let after = cuts.turned(0, std::f64::consts::FRAC_PI_4);
        assert_eq!((after.planes[0], after.at), (cuts.planes[0], cuts.at));
        let plane = after.planes[coronal];
        let (x, y) = after.shown(0, pane).line_of(&plane).unwrap();
        assert!((x - y).abs() < 1e-9, "now it falls to the right: {x} {y}");
        assert!(dot(plane.right, plane.down).abs() < 1e-9);
        assert_eq!(after.shown(0, pane).line_of(&after.planes[0]), None);
    }

    #[test]
    fn the_meeting_point_stays_in_the_volume() {
        let cuts = Cuts::new(grid(AXIAL));
        assert_eq!(cuts.moved([-5.0, 20.0, 1e9]).at, [0.0, 20.0, 100.0]);
        assert_eq!(cuts.stepped(0, 3.0).at, [50.0, 20.0, 56.0]);
        assert_eq!(cuts.stepped(0, 1e6).at, [50.0, 20.0, 100.0]);
    }
}
