//! What the viewer shows: one bundle of signals that tools, keys and fingers change.

use std::rc::Rc;

use dhc_ipc::{FilmSeries, FilmView, FrameHeader};
use leptos::prelude::*;

use crate::viewer::frame::Frame;
use crate::viewer::geometry::{Placement, View};
use crate::viewer::loader::{Key, Loader};
use crate::viewer::marks::{Marks, Space};
use crate::viewer::measure::{Calibration, Measurement, Reading, Shape};
use crate::viewer::planes::{Cuts, Grid};
use crate::viewer::volume::Slab;
use crate::viewer::window::{Steps, Window};

/// What dragging does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Window,
    Pan,
    Zoom,
    Scroll,
    Measure(Shape),
}

#[derive(Clone, Copy)]
pub struct Viewer {
    pub film: StoredValue<FilmView>,
    pub series: RwSignal<u32>,
    /// The frame asked for, from 0.
    pub frame: RwSignal<u32>,
    pub forward: RwSignal<bool>,
    /// The frame on screen: it may lag behind the one asked for.
    pub shown: RwSignal<Option<(Key, FrameHeader)>>,
    pub view: RwSignal<View>,
    /// The window set by hand; `None`: each frame's own.
    pub window: RwSignal<Option<Window>>,
    pub inverted: RwSignal<bool>,
    pub tool: RwSignal<Tool>,
    pub cine: RwSignal<bool>,
    pub banner: RwSignal<bool>,
    pub keys_shown: RwSignal<bool>,
    /// Canvas size in its own pixels, and how many of them make a CSS pixel.
    pub canvas: RwSignal<(f64, f64)>,
    pub density: RwSignal<f64>,
    /// The modality value under the pointer.
    pub probe: RwSignal<Option<(u32, u32, f64)>>,
    pub marks: RwSignal<Marks>,
    /// Whether the list of measurements is open.
    pub marks_listed: RwSignal<bool>,
    /// Three planes through the series, while it is read so.
    pub cuts: RwSignal<Option<Cuts>>,
    pub slab: RwSignal<Slab>,
    pub arrived: RwSignal<u64>,
    pub loader: StoredValue<Loader, LocalStorage>,
    pub on_screen: StoredValue<Option<Rc<Frame>>, LocalStorage>,
}

impl Viewer {
    pub fn series_view(self) -> FilmSeries {
        let index = self.series.get() as usize;
        self.film
            .with_value(|film| film.series[index.min(film.series.len() - 1)].clone())
    }

    pub fn count(self) -> u32 {
        let index = self.series.get_untracked() as usize;
        self.film
            .with_value(|film| film.series.get(index).map_or(0, |s| s.frames))
    }

    pub fn series_count(self) -> u32 {
        self.film.with_value(|film| film.series.len() as u32)
    }

    /// The window on screen.
    pub fn window_now(self) -> Option<Window> {
        self.window.get().or_else(|| {
            self.shown.with(|s| {
                s.as_ref()
                    .map(|(_, h)| Window::new(h.window[0], h.window[1]))
            })
        })
    }

    /// Where the shown frame lies on the canvas.
    pub fn placement(self) -> Option<Placement> {
        let series = self.series_view();
        self.shown.with(|shown| {
            let (_, header) = shown.as_ref()?;
            Some(Placement {
                canvas: self.canvas.get(),
                columns: f64::from(header.columns),
                rows: f64::from(header.rows),
                spacing: series
                    .spacing
                    .filter(|s| s[0] > 0.0 && s[1] > 0.0)
                    .unwrap_or([1.0, 1.0]),
                view: self.view.get(),
            })
        })
    }

    /// Changes the window by dragging, in CSS pixels to the right and down.
    pub fn drag_window(self, dx: f64, dy: f64) {
        let values = self
            .shown
            .with_untracked(|s| s.as_ref().map(|(_, h)| (h.range, Steps::of(h))));
        if let (Some(window), Some((range, steps))) = (untrack(|| self.window_now()), values) {
            self.window.set(Some(window.dragged(dx, dy, range, steps)));
        }
    }

    /// The series as a volume, where its frames make one.
    pub fn grid(self) -> Option<Grid> {
        let series = self.series_view();
        Grid::of(
            (series.columns, series.rows),
            series.spacing,
            series.orientation,
            &series.positions,
        )
    }

    /// Cuts the series by three planes, or shows its frames again.
    pub fn toggle_cuts(self) {
        let cuts = match self.cuts.get_untracked() {
            Some(_) => None,
            None => untrack(|| self.grid()).map(Cuts::new),
        };
        self.cine.set(false);
        self.cuts.set(cuts);
    }

    /// Where CSS pixels of the canvas lie in the shown frame.
    pub fn space(self) -> Option<Space> {
        Some(Space {
            placement: self.placement()?,
            density: self.density.get(),
        })
    }

    pub fn calibration(self) -> Calibration {
        let series = self.series_view();
        Calibration::of(series.spacing, series.spacing_kind.as_deref())
    }

    /// What a measurement on the shown frame says.
    pub fn reading(self, measurement: &Measurement) -> Option<Reading> {
        self.on_screen.with_value(|frame| {
            let frame = frame.as_ref()?;
            measurement.reading(
                self.calibration(),
                (frame.header.columns, frame.header.rows),
                |column, row| frame.value_at(column, row),
                |(row, from, to)| frame.values(row, from, to),
            )
        })
    }

    /// Leaves off what is being drawn, and takes up a tool.
    pub fn choose_tool(self, tool: Tool) {
        self.marks.update(|marks| {
            marks.give_up();
        });
        self.tool.set(tool);
    }

    pub fn go_to(self, frame: i64) {
        let last = i64::from(self.count().max(1)) - 1;
        let to = frame.clamp(0, last) as u32;
        let from = self.frame.get_untracked();
        if to != from {
            self.marks.update(|marks| {
                marks.give_up();
            });
            self.forward.set(to > from);
            self.frame.set(to);
        }
    }

    pub fn step(self, by: i64) {
        self.go_to(i64::from(self.frame.get_untracked()) + by);
    }

    pub fn choose_series(self, index: u32) {
        if index >= self.series_count() || index == self.series.get_untracked() {
            return;
        }
        self.cine.set(false);
        self.marks.update(|marks| {
            marks.give_up();
        });
        self.cuts.set(None);
        self.window.set(None);
        self.view.set(View::default());
        self.forward.set(true);
        self.series.set(index);
        self.frame.set(self.count() / 2);
    }

    pub fn reset(self) {
        self.view.set(View::default());
        self.window.set(None);
        self.inverted.set(false);
        self.slab.set(Slab::default());
        self.cuts
            .update(|cuts| *cuts = cuts.map(|c| Cuts::new(c.grid)));
    }
}
