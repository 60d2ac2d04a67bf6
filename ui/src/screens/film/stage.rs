//! The viewer itself: canvas, loop, wiring.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use dhc_ipc::{Failure, FilmView};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::actions::{action_for, perform};
use super::pointer::Pointers;
use super::state::{Tool, Viewer};
use super::{cuts, keys, measured, overlay, side, tools};
use crate::components::{Icon, icon, switcher};
use crate::i18n::{t, tr, words};
use crate::session::session;
use crate::viewer::cache::wanted;
use crate::viewer::geometry::View;
use crate::viewer::gl::{Picture, Renderer};
use crate::viewer::loader::Loader;
use crate::viewer::marks::Marks;
use crate::viewer::volume::Slab;
use crate::viewer::window::Steps;

/// Frames a second of a cine run whose file does not say.
const CINE: f64 = 15.0;

fn is_wide() -> bool {
    let width = web_sys::window().and_then(|w| w.inner_width().ok()?.as_f64());
    width.unwrap_or(0.0) >= 1024.0
}

fn state(film: FilmView) -> Viewer {
    let session = session();
    let arrived = RwSignal::new(0u64);
    let first = film.series.first().map_or(0, |s| s.frames / 2);
    let loader = Loader::new(
        session.transport,
        session.profile.get_untracked(),
        film.id.clone(),
        move || {
            // The viewer may be closed before its last frame comes.
            let _ = arrived.try_update(|n| *n += 1);
        },
    );
    Viewer {
        film: StoredValue::new(film),
        series: RwSignal::new(0),
        frame: RwSignal::new(first),
        forward: RwSignal::new(true),
        shown: RwSignal::new(None),
        view: RwSignal::new(View::default()),
        window: RwSignal::new(None),
        inverted: RwSignal::new(false),
        tool: RwSignal::new(if is_wide() {
            Tool::Window
        } else {
            Tool::Scroll
        }),
        cine: RwSignal::new(false),
        banner: RwSignal::new(true),
        keys_shown: RwSignal::new(false),
        canvas: RwSignal::new((0.0, 0.0)),
        density: RwSignal::new(1.0),
        probe: RwSignal::new(None),
        marks: RwSignal::new(Marks::default()),
        marks_listed: RwSignal::new(false),
        cuts: RwSignal::new(None),
        slab: RwSignal::new(Slab::default()),
        arrived,
        loader: StoredValue::new_local(loader),
        on_screen: StoredValue::new_local(None),
    }
}

type Drawing = Rc<RefCell<Option<Renderer>>>;

pub fn viewer(film: FilmView) -> AnyView {
    let title = side::title(&film);
    let is_shared = film.accessed.is_some();
    let viewer = state(film);
    let canvas = NodeRef::<html::Canvas>::new();
    let problem = RwSignal::new(None::<Failure>);
    let no_graphics = RwSignal::new(false);
    let drawing: Drawing = Rc::default();
    set_up(viewer, canvas, &drawing, no_graphics);
    show_frames(viewer, &drawing, problem);
    draw(viewer, &drawing);
    cine(viewer);
    listen_to_keys(viewer);
    let back = if is_shared {
        "/shared-with-me"
    } else {
        "/records"
    };
    let count = move || viewer.series_view().frames;
    view! {
        <div class="viewer" data-theme="dark">
            {side::panel(viewer)}
            <header class="v-top">
                <a class="tool" href=back aria-label=t("action.back")>{icon(Icon::ChevronLeft)}</a>
                <div class="v-desk grow">{tools::toolbar(viewer)}</div>
                <h1 class="v-phone grow strong">{title.clone()}</h1>
                {switcher()}
            </header>
            <main class="v-stage" id="content">
                {surface(viewer, canvas, title)}
                {measured::drawn(viewer)}
                {overlay::overlays(viewer)}
                <div class="v-slider">
                    <input type="range" aria-label=t("film.slice_slider") min="1" max=move || count().to_string() step="1"
                        prop:value=move || (viewer.frame.get() + 1).to_string()
                        on:input=move |event| viewer.go_to(event_target_value(&event).parse().unwrap_or(1) - 1)/>
                </div>
                {move || (viewer.shown.with(Option::is_none) && problem.with(Option::is_none)).then(|| view! {
                    <div class="v-loading"><p class="sub" role="status">{t("film.loading_frame")}</p></div>
                })}
                {move || problem.get().map(|failure| view! {
                    <div class="v-loading"><div class="card stack-s" role="alert">
                        <p>{words::failure(&failure)}</p>
                        <button class="btn quiet compact" on:click=move |_| {
                            viewer.loader.with_value(|l| l.retry((viewer.series.get_untracked(), viewer.frame.get_untracked())));
                            viewer.arrived.update(|n| *n += 1);
                        }>{t("action.try_again")}</button>
                    </div></div>
                })}
                {cuts::stage(viewer)}
                {move || no_graphics.get().then(|| view! { <div class="v-loading"><p class="card" role="alert">{t("film.no_webgl")}</p></div> })}
            </main>
            <footer class="v-bottom">{side::strip(viewer)}{tools::toolbar(viewer)}</footer>
            {keys::keyboard_map(viewer)}
            {measured::list(viewer)}
        </div>
    }
    .into_any()
}

/// The canvas, with what fingers and mice do on it.
fn surface(viewer: Viewer, canvas: NodeRef<html::Canvas>, title: String) -> AnyView {
    let pointers = StoredValue::new(Pointers::default());
    let label = move || {
        let frame = (viewer.frame.get() + 1).to_string();
        let count = viewer.series_view().frames.to_string();
        format!(
            "{title}. {}",
            tr("film.slice", &[("n", &frame), ("of", &count)])
        )
    };
    view! {
        <canvas node_ref=canvas role="img" tabindex="0" aria-label=label
            on:pointerdown=move |event| pointers.update_value(|p| p.pressed(viewer, &event))
            on:pointermove=move |event| pointers.update_value(|p| p.moved(viewer, &event))
            on:pointerup=move |event| pointers.update_value(|p| p.released(viewer, &event))
            on:pointercancel=move |event| pointers.update_value(|p| p.released(viewer, &event))
            on:pointerleave=move |_| viewer.probe.set(None)
            on:contextmenu=|event| event.prevent_default()
            on:wheel=move |event| pointers.update_value(|p| p.wheeled(viewer, &event))
            on:dblclick=move |_| viewer.view.set(View::default())></canvas>
    }
    .into_any()
}

/// Gets the graphics card and keeps the canvas as large as its place.
fn set_up(
    viewer: Viewer,
    canvas: NodeRef<html::Canvas>,
    drawing: &Drawing,
    no_graphics: RwSignal<bool>,
) {
    let drawing = drawing.clone();
    Effect::new(move |_| {
        let Some(element) = canvas.get() else { return };
        if drawing.borrow().is_some() {
            return;
        }
        let renderer = Renderer::new(element.clone());
        no_graphics.set(renderer.is_none());
        *drawing.borrow_mut() = renderer;
        let target = element.clone();
        let measure = move || {
            let density = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
            let width = (f64::from(target.client_width()) * density)
                .round()
                .max(1.0);
            let height = (f64::from(target.client_height()) * density)
                .round()
                .max(1.0);
            target.set_width(width as u32);
            target.set_height(height as u32);
            let _ = viewer.density.try_set(density);
            let _ = viewer.canvas.try_set((width, height));
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

/// Asks for the frame and its neighbours, and puts it on screen once it is there.
fn show_frames(viewer: Viewer, drawing: &Drawing, problem: RwSignal<Option<Failure>>) {
    let drawing = drawing.clone();
    Effect::new(move |_| {
        let key = (viewer.series.get(), viewer.frame.get());
        viewer.arrived.track();
        // Then all frames are asked for, for the volume.
        if viewer.cuts.with(Option::is_some) {
            return;
        }
        // The first frame waits for a canvas with a size.
        if viewer.canvas.get().0 == 0.0 {
            return;
        }
        let loader = viewer.loader.get_value();
        let neighbours = wanted(key.1, viewer.count(), viewer.forward.get_untracked());
        loader.want(neighbours.into_iter().map(|frame| (key.0, frame)));
        problem.set(loader.failure(key));
        let Some(frame) = loader.get(key) else { return };
        if viewer
            .shown
            .with_untracked(|s| s.as_ref().is_some_and(|(on_screen, _)| *on_screen == key))
        {
            return;
        }
        let mut drawing = drawing.borrow_mut();
        let Some(renderer) = drawing.as_mut() else {
            return;
        };
        if !renderer.fits(&frame) || renderer.upload(&frame).is_none() {
            problem.set(Some(Failure::new(
                dhc_ipc::Code::Internal,
                "the graphics card refused the frame",
            )));
            return;
        }
        let header = frame.header.clone();
        viewer.on_screen.set_value(Some(frame));
        viewer.shown.set(Some((key, header)));
    });
}

fn draw(viewer: Viewer, drawing: &Drawing) {
    let drawing = drawing.clone();
    Effect::new(move |_| {
        let (Some(placement), Some(window)) = (viewer.placement(), viewer.window_now()) else {
            return;
        };
        let Some((negative, steps)) = viewer
            .shown
            .with(|s| s.as_ref().map(|(_, h)| (h.inverted, Steps::of(h))))
        else {
            return;
        };
        let picture = Picture {
            affine: placement.affine(),
            window,
            steps,
            inverted: viewer.inverted.get() != negative,
        };
        if let Some(renderer) = drawing.borrow_mut().as_mut() {
            // A frame that cannot be drawn leaves the last one, whose number still stands there.
            let _ = renderer.draw(&picture);
        }
    });
}

/// Runs through the frames while cine is on, never past what has come.
fn cine(viewer: Viewer) {
    Effect::new(move |_| {
        if !viewer.cine.get() {
            return;
        }
        let every = viewer
            .series_view()
            .frame_time
            .filter(|ms| *ms >= 10.0)
            .unwrap_or(1000.0 / CINE);
        let step = move || {
            let on_screen = viewer
                .shown
                .with_untracked(|s| s.as_ref().map(|(key, _)| key.1));
            let frame = viewer.frame.get_untracked();
            if on_screen != Some(frame) {
                return;
            }
            let next = (frame + 1) % viewer.count().max(1);
            viewer.forward.set(true);
            viewer.frame.set(next);
        };
        if let Ok(handle) = set_interval_with_handle(step, Duration::from_millis(every as u64)) {
            on_cleanup(move || handle.clear());
        }
    });
}

fn listen_to_keys(viewer: Viewer) {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
            return;
        }
        let target = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let tag = target.as_ref().map(|t| t.tag_name()).unwrap_or_default();
        // A sheet keeps its keys even where what had the focus in it is gone.
        let is_asking = document()
            .query_selector("dialog[open]")
            .is_ok_and(|dialog| dialog.is_some());
        let in_menu = target
            .as_ref()
            .is_some_and(|t| t.closest("[role=menu]").ok().flatten().is_some());
        let key = event.key();
        // Controls keep the keys they answer themselves.
        let theirs = match tag.as_str() {
            "INPUT" | "SELECT" => true,
            "BUTTON" | "A" | "SUMMARY" => matches!(key.as_str(), " " | "Enter"),
            _ => false,
        };
        if theirs || in_menu || (is_asking && key != "?") {
            return;
        }
        if let Some(action) = action_for(&key) {
            event.prevent_default();
            perform(viewer, action);
        }
    });
    on_cleanup(move || handle.remove());
}
