//! Measurements while they are drawn, moved and taken away: what presses and drags mean.

use super::geometry::Placement;
use super::loader::Key;
use super::measure::{Measurement, Point, Shape};

/// Where CSS pixels of the canvas lie in the image.
pub struct Space {
    pub placement: Placement,
    /// Canvas pixels to a CSS pixel.
    pub density: f64,
}

impl Space {
    pub fn on_screen(&self, point: Point) -> Point {
        let (x, y) = self.placement.canvas_at(point.0, point.1);
        (x / self.density, y / self.density)
    }

    /// The nearest point of the image.
    pub fn in_image(&self, point: Point) -> Point {
        let (column, row) = self
            .placement
            .image_at(point.0 * self.density, point.1 * self.density);
        (
            column.clamp(0.0, self.placement.columns),
            row.clamp(0.0, self.placement.rows),
        )
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub frame: Key,
    pub measurement: Measurement,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    /// A point of a new shape follows the pointer. `pressed`: where it was pressed, while it is;
    /// `waited`: whether it followed without being pressed before.
    Drawing {
        id: u32,
        point: usize,
        pressed: Option<Point>,
        waited: bool,
    },
    /// A new shape's next line begins with the next press.
    Between {
        id: u32,
    },
    Handle {
        id: u32,
        point: usize,
    },
    Whole {
        id: u32,
        last: Point,
    },
}

/// A press that moved less than this, CSS pixels, was a click.
const CLICK: f64 = 4.0;

#[derive(Clone, Debug, Default)]
pub struct Marks {
    list: Vec<Mark>,
    next: u32,
    selected: Option<u32>,
    doing: Option<Doing>,
    /// The arrow that was just drawn and waits for its words.
    unworded: Option<u32>,
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// From a point to a stretch of a line.
fn distance_to_line(at: Point, a: Point, b: Point) -> f64 {
    let (x, y) = (b.0 - a.0, b.1 - a.1);
    let length = x * x + y * y;
    if length == 0.0 {
        return distance(at, a);
    }
    let along = (((at.0 - a.0) * x + (at.1 - a.1) * y) / length).clamp(0.0, 1.0);
    distance(at, (a.0 + x * along, a.1 + y * along))
}

/// From a point to a shape's outline, on screen.
fn distance_to(measurement: &Measurement, at: Point, space: &Space) -> f64 {
    let points: Vec<Point> = measurement
        .points
        .iter()
        .map(|p| space.on_screen(*p))
        .collect();
    let lines = measurement
        .lines()
        .iter()
        .filter(|(_, to)| *to < points.len())
        .map(|(from, to)| distance_to_line(at, points[*from], points[*to]));
    let nearest = lines.fold(f64::INFINITY, f64::min);
    match (measurement.shape, points.as_slice()) {
        (Shape::Rectangle, [a, b]) => {
            let corners = [*a, (b.0, a.1), *b, (a.0, b.1)];
            (0..4)
                .map(|i| distance_to_line(at, corners[i], corners[(i + 1) % 4]))
                .fold(f64::INFINITY, f64::min)
        }
        (Shape::Ellipse, [a, b]) => {
            let (width, height) = ((a.0 - b.0).abs() / 2.0, (a.1 - b.1).abs() / 2.0);
            if width == 0.0 || height == 0.0 {
                return distance_to_line(at, *a, *b);
            }
            let x = (at.0 - f64::midpoint(a.0, b.0)) / width;
            let y = (at.1 - f64::midpoint(a.1, b.1)) / height;
            (x.hypot(y) - 1.0).abs() * width.min(height)
        }
        (Shape::Probe, [a]) => distance(at, *a),
        _ => nearest,
    }
}

impl Marks {
    pub fn all(&self) -> &[Mark] {
        &self.list
    }

    pub fn on(&self, frame: Key) -> impl Iterator<Item = &Measurement> {
        self.list
            .iter()
            .filter(move |mark| mark.frame == frame)
            .map(|mark| &mark.measurement)
    }

    pub const fn selected(&self) -> Option<u32> {
        self.selected
    }

    /// The arrow whose words are being written.
    pub const fn unworded(&self) -> Option<u32> {
        self.unworded
    }

    /// Whether a point is following the pointer.
    pub const fn is_busy(&self) -> bool {
        self.doing.is_some()
    }

    fn mark(&mut self, id: u32) -> Option<&mut Measurement> {
        self.list
            .iter_mut()
            .map(|mark| &mut mark.measurement)
            .find(|measurement| measurement.id == id)
    }

    fn place(&mut self, id: u32, point: usize, to: Point) {
        if let Some(place) = self.mark(id).and_then(|m| m.points.get_mut(point)) {
            *place = to;
        }
    }

    /// A press at `at` (CSS pixels) on a frame; `shape` is what the chosen tool draws, `reach` how
    /// near, in CSS pixels, counts as on. Answers whether the press was meant for a measurement.
    pub fn press(
        &mut self,
        frame: Key,
        at: Point,
        shape: Option<Shape>,
        reach: f64,
        space: &Space,
    ) -> bool {
        let here = space.in_image(at);
        match self.doing {
            Some(Doing::Drawing { id, point, .. }) => {
                self.place(id, point, here);
                self.doing = Some(Doing::Drawing {
                    id,
                    point,
                    pressed: Some(at),
                    waited: true,
                });
                return true;
            }
            Some(Doing::Between { id }) => {
                let point = self.mark(id).map_or(0, |m| {
                    m.points.extend([here, here]);
                    m.points.len() - 1
                });
                self.doing = Some(Doing::Drawing {
                    id,
                    point,
                    pressed: Some(at),
                    waited: false,
                });
                return true;
            }
            _ => {}
        }
        if let Some((id, point)) = self.handle_at(frame, at, reach, space) {
            self.selected = Some(id);
            self.doing = Some(Doing::Handle { id, point });
            return true;
        }
        let on_line = self
            .on(frame)
            .map(|m| (m.id, distance_to(m, at, space)))
            .filter(|(_, away)| *away <= reach * 0.6)
            .min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((id, _)) = on_line {
            self.selected = Some(id);
            self.doing = Some(Doing::Whole { id, last: here });
            return true;
        }
        self.selected = None;
        let Some(shape) = shape else { return false };
        let id = self.next;
        self.next += 1;
        let points = vec![here; shape.points().min(2)];
        let point = points.len() - 1;
        self.list.push(Mark {
            frame,
            measurement: Measurement {
                id,
                shape,
                points,
                words: String::new(),
            },
        });
        self.selected = Some(id);
        self.doing = Some(Doing::Drawing {
            id,
            point,
            pressed: Some(at),
            waited: false,
        });
        true
    }

    fn handle_at(&self, frame: Key, at: Point, reach: f64, space: &Space) -> Option<(u32, usize)> {
        self.on(frame)
            .flat_map(|m| {
                m.points
                    .iter()
                    .enumerate()
                    .map(|(i, p)| (m.id, i, distance(at, space.on_screen(*p))))
            })
            .filter(|(.., away)| *away <= reach)
            .min_by(|a, b| a.2.total_cmp(&b.2))
            .map(|(id, point, _)| (id, point))
    }

    /// The pointer moved, pressed or not. Answers whether a measurement followed it.
    pub fn moved(&mut self, at: Point, space: &Space) -> bool {
        let here = space.in_image(at);
        match self.doing {
            Some(Doing::Drawing { id, point, .. } | Doing::Handle { id, point }) => {
                self.place(id, point, here);
                true
            }
            Some(Doing::Whole { id, last }) => {
                let by = (here.0 - last.0, here.1 - last.1);
                if let Some(measurement) = self.mark(id) {
                    for point in &mut measurement.points {
                        *point = (point.0 + by.0, point.1 + by.1);
                    }
                }
                self.doing = Some(Doing::Whole { id, last: here });
                true
            }
            Some(Doing::Between { .. }) | None => false,
        }
    }

    /// The press ended at `at`.
    pub fn released(&mut self, at: Point, space: &Space) {
        match self.doing {
            Some(Doing::Handle { .. } | Doing::Whole { .. }) => self.doing = None,
            Some(Doing::Drawing {
                id,
                point,
                pressed: Some(pressed),
                waited,
            }) => self.set(
                id,
                point,
                at,
                waited || distance(pressed, at) >= CLICK,
                space,
            ),
            _ => {}
        }
    }

    /// Ends a point where it is, or lets it follow the pointer to the next press.
    fn set(&mut self, id: u32, point: usize, at: Point, is_meant: bool, space: &Space) {
        let Some(measurement) = self.mark(id) else {
            self.doing = None;
            return;
        };
        let before = point.checked_sub(1).map(|i| measurement.points[i]);
        let is_apart = before.is_none_or(|p| distance(space.on_screen(p), at) >= 1.0);
        let follow = |point| {
            Some(Doing::Drawing {
                id,
                point,
                pressed: None,
                waited: true,
            })
        };
        if point > 0 && !(is_meant && is_apart) {
            self.doing = follow(point);
            return;
        }
        let shape = measurement.shape;
        if measurement.is_whole() {
            self.doing = None;
            self.unworded = (shape == Shape::Arrow).then_some(id);
        } else if shape == Shape::Cobb {
            self.doing = Some(Doing::Between { id });
        } else {
            measurement.points.push(space.in_image(at));
            let last = measurement.points.len() - 1;
            self.doing = follow(last);
        }
    }

    /// Gives up the shape that is not whole yet. Answers whether there was one.
    pub fn give_up(&mut self) -> bool {
        let id = match self.doing.take() {
            Some(Doing::Drawing { id, .. } | Doing::Between { id }) => id,
            _ => return false,
        };
        self.remove(id);
        true
    }

    pub fn remove(&mut self, id: u32) {
        self.list.retain(|mark| mark.measurement.id != id);
        self.doing = None;
        self.unworded = self.unworded.filter(|other| *other != id);
        self.selected = self.selected.filter(|other| *other != id);
    }

    pub fn select(&mut self, id: u32) {
        self.selected = Some(id);
    }

    /// Gives an arrow its words; without any it goes.
    pub fn word(&mut self, id: u32, words: &str) {
        self.unworded = None;
        match words.trim() {
            "" => self.remove(id),
            words => {
                if let Some(measurement) = self.mark(id) {
                    words.clone_into(&mut measurement.words);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::View;
    use super::*;

    const FRAME: Key = (0, 7);
    const REACH: f64 = 12.0;

    fn space() -> Space {
        Space {
            placement: Placement {
                canvas: (400.0, 400.0),
                columns: 100.0,
                rows: 100.0,
                spacing: [1.0, 1.0],
                view: View::default(),
            },
            density: 2.0,
        }
    }

    fn drag(marks: &mut Marks, shape: Option<Shape>, from: Point, to: Point) -> bool {
        let space = space();
        let was_meant = marks.press(FRAME, from, shape, REACH, &space);
        marks.moved(to, &space);
        marks.released(to, &space);
        was_meant
    }

    fn click(marks: &mut Marks, shape: Option<Shape>, at: Point) {
        drag(marks, shape, at, at);
    }

    fn points(marks: &Marks, place: usize) -> Vec<Point> {
        marks.all()[place].measurement.points.clone()
    }

    #[test]
    fn a_length_is_dragged_or_clicked() {
        let mut marks = Marks::default();
        // Two CSS pixels are one pixel of this image.
        assert!(drag(
            &mut marks,
            Some(Shape::Length),
            (20.0, 20.0),
            (60.0, 40.0)
        ));
        click(&mut marks, Some(Shape::Length), (100.0, 100.0));
        assert!(marks.is_busy(), "its end follows the pointer");
        marks.moved((120.0, 120.0), &space());
        click(&mut marks, Some(Shape::Length), (140.0, 100.0));
        assert!(!marks.is_busy());
        assert_eq!(points(&marks, 0), [(10.0, 10.0), (30.0, 20.0)]);
        assert_eq!(points(&marks, 1), [(50.0, 50.0), (70.0, 50.0)]);
    }

    #[test]
    fn an_angle_takes_a_third_point_and_cobb_a_second_line() {
        let mut marks = Marks::default();
        drag(&mut marks, Some(Shape::Angle), (20.0, 20.0), (60.0, 20.0));
        marks.moved((60.0, 80.0), &space());
        assert!(marks.is_busy());
        click(&mut marks, Some(Shape::Angle), (60.0, 100.0));
        assert_eq!(
            points(&marks, 0),
            [(10.0, 10.0), (30.0, 10.0), (30.0, 50.0)]
        );
        drag(
            &mut marks,
            Some(Shape::Cobb),
            (100.0, 100.0),
            (140.0, 100.0),
        );
        assert!(!marks.moved((10.0, 10.0), &space()), "nothing follows yet");
        drag(
            &mut marks,
            Some(Shape::Cobb),
            (100.0, 140.0),
            (140.0, 160.0),
        );
        assert!(!marks.is_busy());
        assert_eq!(points(&marks, 1).len(), 4);
    }

    #[test]
    fn handles_and_lines_are_taken_with_any_tool() {
        let mut marks = Marks::default();
        drag(&mut marks, Some(Shape::Length), (20.0, 20.0), (100.0, 20.0));
        assert!(drag(&mut marks, None, (98.0, 22.0), (120.0, 20.0)));
        assert_eq!(points(&marks, 0)[1], (60.0, 10.0));
        assert!(drag(&mut marks, None, (60.0, 22.0), (60.0, 42.0)));
        assert_eq!(points(&marks, 0), [(10.0, 20.0), (60.0, 20.0)]);
        assert_eq!(marks.selected(), Some(0));
        assert!(!drag(&mut marks, None, (180.0, 180.0), (190.0, 190.0)));
        assert_eq!(marks.selected(), None);
        let outline = [
            (Shape::Rectangle, (100.0, 130.0)),
            (Shape::Ellipse, (130.0, 100.0)),
        ];
        for (shape, at) in outline {
            let mut marks = Marks::default();
            drag(&mut marks, Some(shape), (100.0, 100.0), (160.0, 160.0));
            assert!(drag(&mut marks, None, at, at), "{shape:?}");
        }
    }

    #[test]
    fn what_is_on_another_frame_is_out_of_reach() {
        let mut marks = Marks::default();
        drag(&mut marks, Some(Shape::Length), (20.0, 20.0), (100.0, 20.0));
        assert!(!marks.press((0, 8), (20.0, 20.0), None, REACH, &space()));
        assert_eq!((marks.on(FRAME).count(), marks.on((0, 8)).count()), (1, 0));
    }

    #[test]
    fn a_half_drawn_shape_is_given_up_and_a_whole_one_is_not() {
        let mut marks = Marks::default();
        drag(&mut marks, Some(Shape::Cobb), (20.0, 20.0), (60.0, 20.0));
        assert!(marks.give_up() && marks.all().is_empty());
        click(&mut marks, Some(Shape::Probe), (20.0, 20.0));
        assert!(!marks.give_up());
        assert_eq!(marks.all().len(), 1);
        marks.remove(marks.all()[0].measurement.id);
        assert!(marks.all().is_empty() && marks.selected().is_none());
    }

    #[test]
    fn an_arrow_waits_for_its_words() {
        let mut marks = Marks::default();
        drag(&mut marks, Some(Shape::Arrow), (20.0, 20.0), (60.0, 20.0));
        assert_eq!(marks.unworded(), Some(0));
        marks.word(0, " a node ");
        assert_eq!(
            (marks.all()[0].measurement.words.as_str(), marks.unworded()),
            ("a node", None)
        );
        drag(&mut marks, Some(Shape::Arrow), (20.0, 80.0), (60.0, 80.0));
        marks.word(1, "  ");
        assert_eq!(marks.all().len(), 1);
    }

    #[test]
    fn points_stay_in_the_image() {
        let mut marks = Marks::default();
        drag(
            &mut marks,
            Some(Shape::Length),
            (20.0, 20.0),
            (900.0, -50.0),
        );
        assert_eq!(points(&marks, 0)[1], (100.0, 0.0));
    }
}
