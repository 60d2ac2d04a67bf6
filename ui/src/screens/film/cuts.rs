//! Three planes through the series: the plane that was scanned and the two across it, with the
//! cross-hair where they meet (MPR), each as a slab if one is chosen.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{PointerEvent, WheelEvent};

use super::pointer::whole_steps;
use super::state::{Tool, Viewer};
use crate::i18n::{t, tr, words};
use crate::viewer::planes::{Cut, Cuts};
use crate::viewer::volume::{Shade, Volume, VolumeError};
use crate::viewer::window::Steps;

/// Left, top, width and height of the three panes in a stage of this size: side by side where it
/// is wide, else one above two.
fn panes(width: f64, height: f64) -> [[f64; 4]; 3] {
    const GAP: f64 = 2.0;
    if width > height * 1.1 {
        let first = ((width - GAP) * 0.62).round();
        let (rest, half) = (width - first - GAP, ((height - GAP) / 2.0).round());
        [
            [0.0, 0.0, first, height],
            [first + GAP, 0.0, rest, half],
            [first + GAP, half + GAP, rest, height - half - GAP],
        ]
    } else {
        let (first, half) = (
            ((height - GAP) * 0.55).round(),
            ((width - GAP) / 2.0).round(),
        );
        let rest = height - first - GAP;
        [
            [0.0, 0.0, width, first],
            [0.0, first + GAP, half, rest],
            [half + GAP, first + GAP, width - half - GAP, rest],
        ]
    }
}

const fn name(cut: Cut) -> &'static str {
    match cut {
        Cut::Axial => "mpr.axial",
        Cut::Coronal => "mpr.coronal",
        Cut::Sagittal => "mpr.sagittal",
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Drag {
    /// The point where the planes meet.
    Meet,
    Window,
    Turn,
}

/// The pane it began in, what it does, and where it is now, CSS pixels.
type Dragging = (usize, Drag, (f64, f64));

/// A stage's own state: it ends when the frames are shown again.
#[derive(Clone, Copy)]
struct Stage {
    viewer: Viewer,
    /// CSS pixels.
    size: RwSignal<(f64, f64)>,
    loaded: RwSignal<u32>,
    problem: RwSignal<Option<VolumeError>>,
    volume: StoredValue<Rc<RefCell<Option<Volume>>>, LocalStorage>,
    drag: StoredValue<Option<Dragging>>,
    wheel: StoredValue<f64>,
    /// How many of the screen's pixels, across and down, are drawn as one: more than one where the
    /// machine draws slowly.
    coarse: StoredValue<f64>,
}

/// A picture that took longer, ms, is drawn with fewer pixels the next time.
const SLOW: f64 = 50.0;
const COARSEST: f64 = 4.0;
/// Nothing has moved for so long.
const STILL: Duration = Duration::from_millis(250);
/// Frames that come between two pictures of a volume that is not whole yet.
const FRAMES_A_PICTURE: u32 = 48;

pub fn stage(viewer: Viewer) -> AnyView {
    let is_on = Memo::new(move |_| viewer.cuts.with(Option::is_some));
    view! { {move || is_on.get().then(|| cut_stage(viewer))} }.into_any()
}

fn cut_stage(viewer: Viewer) -> AnyView {
    let stage = Stage {
        viewer,
        size: RwSignal::new((0.0, 0.0)),
        loaded: RwSignal::new(0),
        problem: RwSignal::new(None),
        volume: StoredValue::new_local(Rc::default()),
        drag: StoredValue::new(None),
        wheel: StoredValue::new(0.0),
        coarse: StoredValue::new(1.0),
    };
    let canvas = NodeRef::<html::Canvas>::new();
    measure(stage, canvas);
    load(stage, canvas);
    draw(stage, canvas);
    let count = move || viewer.cuts.get().map_or(0, |cuts| cuts.grid.slices);
    let progress = move || {
        let (loaded, count) = (stage.loaded.get(), count());
        (loaded < count && stage.problem.get().is_none()).then(|| {
            let (n, of) = (loaded.to_string(), count.to_string());
            view! { <p class="v-cut-progress" role="status">{tr("mpr.loading", &[("n", &n), ("of", &of)])}</p> }
        })
    };
    let problem = move || {
        stage.problem.get().map(|problem| {
            let words = match problem {
                VolumeError::NoWebGl => t("film.no_webgl"),
                VolumeError::Uneven => t("mpr.uneven"),
                VolumeError::TooLarge => t("mpr.too_large"),
            };
            view! { <div class="v-loading"><p class="card" role="alert">{words}</p></div> }
        })
    };
    let failed = move || {
        viewer.arrived.track();
        let series = viewer.series.get();
        let failure = viewer
            .loader
            .with_value(|loader| (0..count()).find_map(|i| loader.failure((series, i))));
        failure.map(|failure| view! { <div class="v-loading"><p class="card" role="alert">{words::failure(&failure)}</p></div> })
    };
    view! {
        <div class="v-cuts">
            <canvas node_ref=canvas role="img" tabindex="0" aria-label=t("mpr.label") data-testid="cuts"
                on:pointerdown=move |event| pressed(stage, &event)
                on:pointermove=move |event| dragged(stage, &event)
                on:pointerup=move |_| stage.drag.set_value(None)
                on:pointercancel=move |_| stage.drag.set_value(None)
                on:contextmenu=|event| event.prevent_default()
                on:wheel=move |event| wheeled(stage, &event)></canvas>
            {move || lines(stage)}
            {move || labels(stage)}
            {progress}
            {problem}
            {failed}
        </div>
    }
    .into_any()
}

/// Keeps the canvas as large as its place.
fn measure(stage: Stage, canvas: NodeRef<html::Canvas>) {
    Effect::new(move |_| {
        let Some(element) = canvas.get() else { return };
        let target = element.clone();
        let measure = move || {
            let size = (
                f64::from(target.client_width()).max(1.0),
                f64::from(target.client_height()).max(1.0),
            );
            let _ = stage.size.try_set(size);
        };
        measure();
        let resized = Closure::<dyn Fn()>::new(measure);
        if let Ok(observer) = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&element);
            let kept = StoredValue::new_local((observer, resized));
            on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
        }
    });
}

/// Asks for every frame, those in the middle first, and puts each in its place as it comes.
fn load(stage: Stage, canvas: NodeRef<html::Canvas>) {
    let viewer = stage.viewer;
    let missing = StoredValue::new(None::<Vec<u32>>);
    Effect::new(move |_| {
        viewer.arrived.track();
        let Some(element) = canvas.get() else { return };
        let Some(cuts) = viewer.cuts.get_untracked() else {
            return;
        };
        if stage.problem.get_untracked().is_some() {
            return;
        }
        let series = viewer.series.get_untracked();
        let loader = viewer.loader.get_value();
        let mut left = missing
            .try_update_value(Option::take)
            .flatten()
            .unwrap_or_else(|| {
                let slices = cuts.grid.slices;
                let mut all: Vec<u32> = (0..slices).collect();
                all.sort_by_key(|i| i.abs_diff(slices / 2));
                all
            });
        let shared = stage.volume.get_value();
        let mut volume = shared.borrow_mut();
        let mut problem = None;
        left.retain(|i| {
            let Some(frame) = loader.get((series, *i)) else {
                return true;
            };
            if volume.is_none() {
                match Volume::new(&element, cuts.grid, &frame.header) {
                    Ok(new) => *volume = Some(new),
                    Err(why) => problem = Some(why),
                }
            }
            if let Some(Err(why)) = volume.as_ref().map(|v| v.put(*i, &frame)) {
                problem = Some(why);
            }
            false
        });
        drop(volume);
        if problem.is_some() {
            stage.problem.set(problem);
            return;
        }
        stage.loaded.set(cuts.grid.slices - left.len() as u32);
        loader.want(left.iter().map(|i| (series, *i)));
        missing.set_value(Some(left));
    });
}

fn draw(stage: Stage, canvas: NodeRef<html::Canvas>) {
    let viewer = stage.viewer;
    let loaded = Memo::new(move |_| {
        let count = viewer.cuts.with(|cuts| cuts.map_or(0, |c| c.grid.slices));
        match stage.loaded.get() {
            whole if whole == count => whole,
            part => part / FRAMES_A_PICTURE,
        }
    });
    let turn = StoredValue::new(0u64);
    Effect::new(move |_| {
        loaded.track();
        stage.size.track();
        viewer.slab.track();
        viewer.inverted.track();
        let _ = viewer.window_now();
        if viewer.cuts.with(Option::is_none) {
            return;
        }
        let coarse = stage.coarse.get_value();
        let Some(took) = untrack(|| picture(stage, canvas, coarse)) else {
            return;
        };
        if took > SLOW && coarse < COARSEST {
            stage.coarse.set_value(coarse * 2.0);
        }
        turn.update_value(|turn| *turn += 1);
        let drawn = turn.get_value();
        // Once nothing moves it is drawn with every pixel.
        if coarse > 1.0 {
            set_timeout(
                move || {
                    if turn.try_get_value() == Some(drawn) {
                        picture(stage, canvas, 1.0);
                    }
                },
                STILL,
            );
        }
    });
}

/// Draws the planes; answers how long it took, ms. `None` while there is nothing to draw.
fn picture(stage: Stage, canvas: NodeRef<html::Canvas>, coarse: f64) -> Option<f64> {
    let viewer = stage.viewer;
    let (width, height) = stage.size.get_untracked();
    let (cuts, window) = (viewer.cuts.get_untracked()?, viewer.window_now()?);
    let (negative, steps) = viewer
        .shown
        .with_untracked(|s| s.as_ref().map(|(_, h)| (h.inverted, Steps::of(h))))?;
    let element = canvas.get_untracked()?;
    let density = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio()) / coarse;
    let pixels = (
        (width * density).round() as u32,
        (height * density).round() as u32,
    );
    // Setting a size clears the canvas, even to the same.
    if (element.width(), element.height()) != pixels {
        element.set_width(pixels.0);
        element.set_height(pixels.1);
    }
    let planes: Vec<_> = panes(width, height)
        .iter()
        .enumerate()
        .map(|(i, pane)| cuts.shown(i, pane.map(|v| v * density)))
        .collect();
    let shade = Shade {
        window,
        steps,
        inverted: viewer.inverted.get_untracked() != negative,
    };
    let volume = stage.volume.get_value();
    let volume = volume.borrow();
    Some(
        volume
            .as_ref()?
            .draw(&planes, viewer.slab.get_untracked(), shade),
    )
}

/// The pane under a point of the stage.
fn pane_at(stage: Stage, at: (f64, f64)) -> Option<usize> {
    let (width, height) = stage.size.get_untracked();
    panes(width, height)
        .iter()
        .position(|[left, top, wide, high]| {
            (*left..left + wide).contains(&at.0) && (*top..top + high).contains(&at.1)
        })
}

fn pressed(stage: Stage, event: &PointerEvent) {
    let at = (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let Some(pane) = pane_at(stage, at) else {
        return;
    };
    let drag = if event.shift_key() {
        Drag::Turn
    } else if event.button() == 2 || stage.viewer.tool.get_untracked() == Tool::Window {
        Drag::Window
    } else {
        Drag::Meet
    };
    stage.drag.set_value(Some((pane, drag, at)));
    if let Some(canvas) = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
    {
        // Without capture, dragging ends at the edge; nothing worse.
        let _ = canvas.set_pointer_capture(event.pointer_id());
    }
    if drag == Drag::Meet {
        meet(stage, pane, at);
    }
}

fn meet(stage: Stage, pane: usize, at: (f64, f64)) {
    let (width, height) = stage.size.get_untracked();
    stage.viewer.cuts.update(|cuts| {
        *cuts = cuts.map(|cuts| {
            let shown = cuts.shown(pane, panes(width, height)[pane]);
            cuts.moved(shown.point_at(at.0, at.1))
        });
    });
}

fn dragged(stage: Stage, event: &PointerEvent) {
    let Some((pane, drag, before)) = stage.drag.get_value() else {
        return;
    };
    let now = (f64::from(event.offset_x()), f64::from(event.offset_y()));
    stage.drag.set_value(Some((pane, drag, now)));
    let viewer = stage.viewer;
    match drag {
        Drag::Meet => meet(stage, pane, now),
        Drag::Window => viewer.drag_window(now.0 - before.0, now.1 - before.1),
        Drag::Turn => {
            let (width, height) = stage.size.get_untracked();
            viewer.cuts.update(|cuts| {
                *cuts = cuts.map(|cuts| {
                    let shown = cuts.shown(pane, panes(width, height)[pane]);
                    let (x, y) = shown.pixel_of(cuts.at);
                    let angle = |p: (f64, f64)| (p.1 - y).atan2(p.0 - x);
                    cuts.turned(pane, angle(now) - angle(before))
                });
            });
        }
    }
}

/// The wheel goes through the plane under the pointer.
fn wheeled(stage: Stage, event: &WheelEvent) {
    event.prevent_default();
    let at = (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let Some(pane) = pane_at(stage, at) else {
        return;
    };
    let unit = if event.delta_mode() == 1 { 40.0 } else { 1.0 };
    let (steps, rest) = whole_steps(stage.wheel.get_value() + event.delta_y() * unit, 40.0);
    stage.wheel.set_value(rest);
    let by = steps.clamp(-3, 3) as f64;
    stage
        .viewer
        .cuts
        .update(|cuts| *cuts = cuts.map(|cuts| cuts.stepped(pane, by)));
}

const COLOURS: [&str; 3] = ["#52d1b5", "#ffcf5c", "#ff8f7a"];

/// Where the other two planes cut each pane's, in the colour of theirs.
fn lines(stage: Stage) -> Option<AnyView> {
    let cuts = stage.viewer.cuts.get()?;
    let (width, height) = stage.size.get();
    if width <= 1.0 {
        return None;
    }
    let all = panes(width, height);
    let groups: Vec<_> = (0..3)
        .map(|i| {
            let pane = all[i];
            let shown = cuts.shown(i, pane);
            let (x, y) = shown.pixel_of(cuts.at);
            let (x, y) = (x - pane[0], y - pane[1]);
            let reach = pane[2] + pane[3];
            let lines: Vec<_> = (0..3)
                .filter(|other| *other != i)
                .filter_map(|other| Some((other, shown.line_of(&cuts.planes[other])?)))
                .map(|(other, (dx, dy))| {
                    view! {
                        <line x1=x - dx * reach y1=y - dy * reach x2=x + dx * reach y2=y + dy * reach stroke=COLOURS[other]></line>
                    }
                })
                .collect();
            view! { <svg x=pane[0] y=pane[1] width=pane[2] height=pane[3]>{lines}</svg> }
        })
        .collect();
    Some(view! { <svg class="v-cross" aria-hidden="true">{groups}</svg> }.into_any())
}

/// Each pane's name and letters.
fn labels(stage: Stage) -> Option<AnyView> {
    let cuts: Cuts = stage.viewer.cuts.get()?;
    let (width, height) = stage.size.get();
    if width <= 1.0 {
        return None;
    }
    let groups: Vec<_> = panes(width, height)
        .into_iter()
        .enumerate()
        .map(|(i, [left, top, wide, high])| {
            let plane = cuts.planes[i];
            let [l, r, up, down] = plane.letters(&cuts.grid);
            view! {
                <div class="v-pane" style:left=format!("{left}px") style:top=format!("{top}px") style:width=format!("{wide}px") style:height=format!("{high}px")>
                    <span class="v-plane" style:color=COLOURS[i]>{t(name(plane.cut))}</span>
                    <span class="letter l">{l}</span><span class="letter r">{r}</span>
                    <span class="letter t">{up}</span><span class="letter b">{down}</span>
                </div>
            }
        })
        .collect();
    Some(groups.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_fill_the_stage_and_do_not_overlap() {
        for (width, height) in [(1160.0, 840.0), (390.0, 620.0)] {
            let all = panes(width, height);
            let area: f64 = all.iter().map(|[.., w, h]| w * h).sum();
            assert!(area > 0.98 * width * height && area <= width * height);
            for [left, top, wide, high] in all {
                assert!(left + wide <= width && top + high <= height && wide > 100.0);
            }
        }
    }
}
