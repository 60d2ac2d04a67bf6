//! Fingers, pen, mouse and wheel on the film.

use std::collections::BTreeMap;

use leptos::prelude::*;
use web_sys::{PointerEvent, WheelEvent};

use super::state::{Tool, Viewer};
use crate::viewer::marks::Marks;

/// Pointers that are down, by id, in CSS pixels.
#[derive(Clone, Debug, Default)]
pub struct Pointers {
    down: BTreeMap<i32, (f64, f64)>,
    tool: Option<Tool>,
    /// Dragging or wheel movement that has not made a whole frame yet.
    rest: f64,
    wheel: f64,
    /// Whether a measurement follows the first pointer.
    measuring: bool,
    /// When and where a finger came down that has not moved yet: ms of the page, CSS pixels.
    resting: Option<(f64, (f64, f64))>,
}

/// A finger held still so long, ms, sets the window.
const LONG_PRESS: f64 = 400.0;
/// How far a finger may tremble, CSS pixels, and still be held still.
const STILL: f64 = 6.0;
/// How near to a measurement's point counts as on it, CSS pixels: with a mouse, with a finger.
const REACH: (f64, f64) = (10.0, 22.0);

/// Distance and middle of two points.
pub fn spread(a: (f64, f64), b: (f64, f64)) -> (f64, (f64, f64)) {
    (
        (a.0 - b.0).hypot(a.1 - b.1),
        (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1)),
    )
}

/// Whole steps in an amount of movement, and what is left of it.
pub fn whole_steps(movement: f64, per_step: f64) -> (i64, f64) {
    let steps = (movement / per_step).trunc();
    (steps as i64, movement - steps * per_step)
}

/// CSS pixels of dragging that turn one frame: the whole series in one sweep, but no finer than
/// fingers are.
pub fn pixels_per_frame(height: f64, frames: u32) -> f64 {
    (height * 0.8 / f64::from(frames.max(1))).clamp(3.0, 40.0)
}

/// What a mouse button drags, whatever tool is chosen.
fn tool_of(button: i16) -> Option<Tool> {
    match button {
        1 => Some(Tool::Pan),
        2 => Some(Tool::Zoom),
        _ => None,
    }
}

fn point(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.offset_x()), f64::from(event.offset_y()))
}

impl Pointers {
    pub fn pressed(&mut self, viewer: Viewer, event: &PointerEvent) {
        if self.down.is_empty() {
            self.rest = 0.0;
            let by_button = tool_of(event.button());
            self.tool = by_button.or(Some(viewer.tool.get_untracked()));
            self.measuring = by_button.is_none() && measure(viewer, event);
            let is_finger = event.pointer_type() == "touch";
            self.resting = is_finger.then(|| (event.time_stamp(), point(event)));
        } else if self.measuring {
            // A second finger zooms: what one finger had begun was not meant.
            self.measuring = false;
            viewer.marks.update(|marks| {
                marks.give_up();
            });
        }
        self.down.insert(event.pointer_id(), point(event));
        if let Some(canvas) = event
            .target()
            .and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok())
        {
            // Without capture, dragging ends at the edge; nothing worse.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
    }

    pub fn released(&mut self, viewer: Viewer, event: &PointerEvent) {
        self.down.remove(&event.pointer_id());
        if std::mem::take(&mut self.measuring)
            && let Some(space) = untrack(|| viewer.space())
        {
            viewer
                .marks
                .update(|marks| marks.released(point(event), &space));
        }
    }

    pub fn moved(&mut self, viewer: Viewer, event: &PointerEvent) {
        let now = point(event);
        let Some(before) = self.down.get(&event.pointer_id()).copied() else {
            follow(viewer, now);
            hover(viewer, now);
            return;
        };
        let density = viewer.density.get_untracked();
        if self.down.len() == 2 {
            let other = self
                .down
                .iter()
                .find(|(id, _)| **id != event.pointer_id())
                .map_or(now, |(_, at)| *at);
            let (apart_before, middle_before) = spread(before, other);
            let (apart, middle) = spread(now, other);
            self.down.insert(event.pointer_id(), now);
            let (width, height) = viewer.canvas.get_untracked();
            let at = (
                middle.0 * density - width / 2.0,
                middle.1 * density - height / 2.0,
            );
            viewer.view.update(|view| {
                let moved = view.panned(
                    (middle.0 - middle_before.0) * density,
                    (middle.1 - middle_before.1) * density,
                );
                *view = moved.zoomed(apart / apart_before.max(1.0), at);
            });
            return;
        }
        if self.measuring {
            self.down.insert(event.pointer_id(), now);
            follow(viewer, now);
            hover(viewer, now);
            return;
        }
        if let Some((since, from)) = self.resting {
            if spread(from, now).0 < STILL {
                return;
            }
            self.resting = None;
            if event.time_stamp() - since >= LONG_PRESS {
                self.tool = Some(Tool::Window);
            }
        }
        self.down.insert(event.pointer_id(), now);
        let (dx, dy) = (now.0 - before.0, now.1 - before.1);
        match self.tool.unwrap_or(Tool::Scroll) {
            Tool::Pan => viewer
                .view
                .update(|view| *view = view.panned(dx * density, dy * density)),
            Tool::Zoom => viewer
                .view
                .update(|view| *view = view.zoomed((-dy * 0.01).exp(), (0.0, 0.0))),
            Tool::Window => viewer.drag_window(dx, dy),
            Tool::Scroll => {
                let height = viewer.canvas.get_untracked().1 / density;
                let (steps, rest) =
                    whole_steps(self.rest + dy, pixels_per_frame(height, viewer.count()));
                self.rest = rest;
                viewer.step(steps);
            }
            Tool::Measure(_) => {}
        }
    }

    /// The wheel scrolls; with Ctrl (or pinching on a touchpad) it zooms where it points.
    pub fn wheeled(&mut self, viewer: Viewer, event: &WheelEvent) {
        event.prevent_default();
        if event.ctrl_key() {
            let density = viewer.density.get_untracked();
            let (width, height) = viewer.canvas.get_untracked();
            let at = (
                f64::from(event.offset_x()) * density - width / 2.0,
                f64::from(event.offset_y()) * density - height / 2.0,
            );
            viewer
                .view
                .update(|view| *view = view.zoomed((-event.delta_y() * 0.005).exp(), at));
            return;
        }
        // A notch of a mouse is about 100 pixels, a touchpad sends small ones; lines count as 40.
        let unit = if event.delta_mode() == 1 { 40.0 } else { 1.0 };
        let (steps, rest) = whole_steps(self.wheel + event.delta_y() * unit, 40.0);
        self.wheel = rest;
        viewer.step(steps.clamp(-3, 3));
    }
}

/// Hands a press to the measurements; answers whether one took it.
fn measure(viewer: Viewer, event: &PointerEvent) -> bool {
    let shown = viewer
        .shown
        .with_untracked(|s| s.as_ref().map(|(key, _)| *key));
    let (Some(frame), Some(space)) = (shown, untrack(|| viewer.space())) else {
        return false;
    };
    let shape = match viewer.tool.get_untracked() {
        Tool::Measure(shape) => Some(shape),
        _ => None,
    };
    let reach = if event.pointer_type() == "touch" {
        REACH.1
    } else {
        REACH.0
    };
    viewer
        .marks
        .try_update(|marks| marks.press(frame, point(event), shape, reach, &space))
        .unwrap_or_default()
}

/// Lets the measurement that is being drawn follow the pointer.
fn follow(viewer: Viewer, at: (f64, f64)) {
    if !viewer.marks.with_untracked(Marks::is_busy) {
        return;
    }
    if let Some(space) = untrack(|| viewer.space()) {
        viewer.marks.update(|marks| {
            marks.moved(at, &space);
        });
    }
}

/// The value under a mouse that is not pressed.
fn hover(viewer: Viewer, at: (f64, f64)) {
    let density = viewer.density.get_untracked();
    let found = untrack(|| viewer.placement()).and_then(|placement| {
        let (column, row) = placement.image_at(at.0 * density, at.1 * density);
        let value = viewer
            .on_screen
            .with_value(|frame| frame.as_ref().and_then(|f| f.value_at(column, row)))?;
        Some((column as u32, row as u32, value))
    });
    viewer.probe.set(found);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movement_becomes_whole_frames_and_nothing_is_lost() {
        assert_eq!(whole_steps(25.0, 10.0), (2, 5.0));
        assert_eq!(whole_steps(-25.0, 10.0), (-2, -5.0));
        assert_eq!(whole_steps(9.0, 10.0), (0, 9.0));
        assert_eq!(pixels_per_frame(800.0, 384), 3.0);
        assert_eq!(pixels_per_frame(800.0, 4), 40.0);
        assert_eq!(pixels_per_frame(800.0, 0), 40.0);
    }

    #[test]
    fn two_fingers_have_a_distance_and_a_middle() {
        assert_eq!(spread((0.0, 0.0), (6.0, 8.0)), (10.0, (3.0, 4.0)));
    }
}
