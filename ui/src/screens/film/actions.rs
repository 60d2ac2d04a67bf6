//! What keys and buttons do, in one list.

use leptos::prelude::*;

use super::state::{Tool, Viewer};
use crate::viewer::geometry::View;
use crate::viewer::marks::Marks;
use crate::viewer::measure::Shape;
use crate::viewer::window::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Step(i64),
    First,
    Last,
    Choose(Tool),
    ZoomIn,
    ZoomOut,
    Invert,
    Turn,
    Mirror,
    Flip,
    Cine,
    Reset,
    /// Gives up what is being drawn, else resets.
    Leave,
    /// Removes the chosen measurement.
    Remove,
    /// The list of measurements.
    List,
    /// Three planes through the volume.
    Cuts,
    Preset(usize),
    Banner,
    NextSeries,
    PreviousSeries,
    Keys,
    Full,
}

/// The keyboard map: key, action, and the locale key of its words.
pub const KEYS: &[(&str, Action, &str)] = &[
    ("ArrowDown", Action::Step(1), "keys.next"),
    ("ArrowUp", Action::Step(-1), "keys.previous"),
    ("ArrowRight", Action::Step(1), ""),
    ("ArrowLeft", Action::Step(-1), ""),
    ("PageDown", Action::Step(10), "keys.next_ten"),
    ("PageUp", Action::Step(-10), "keys.previous_ten"),
    ("Home", Action::First, "keys.first"),
    ("End", Action::Last, "keys.last"),
    (" ", Action::Cine, "film.cine"),
    ("w", Action::Choose(Tool::Window), "film.window"),
    ("p", Action::Choose(Tool::Pan), "film.pan"),
    ("z", Action::Choose(Tool::Zoom), "film.zoom"),
    ("s", Action::Choose(Tool::Scroll), "film.scroll"),
    ("+", Action::ZoomIn, "film.zoom_in"),
    ("=", Action::ZoomIn, ""),
    ("-", Action::ZoomOut, "film.zoom_out"),
    ("i", Action::Invert, "film.invert"),
    ("r", Action::Turn, "film.rotate"),
    ("h", Action::Mirror, "film.mirror"),
    ("v", Action::Flip, "film.flip"),
    ("0", Action::Reset, "film.reset"),
    ("Escape", Action::Leave, ""),
    (
        "l",
        Action::Choose(Tool::Measure(Shape::Length)),
        "measure.length",
    ),
    (
        "a",
        Action::Choose(Tool::Measure(Shape::Angle)),
        "measure.angle",
    ),
    (
        "c",
        Action::Choose(Tool::Measure(Shape::Cobb)),
        "measure.cobb",
    ),
    (
        "g",
        Action::Choose(Tool::Measure(Shape::Rectangle)),
        "measure.rectangle",
    ),
    (
        "e",
        Action::Choose(Tool::Measure(Shape::Ellipse)),
        "measure.ellipse",
    ),
    (
        "d",
        Action::Choose(Tool::Measure(Shape::Probe)),
        "measure.probe",
    ),
    (
        "t",
        Action::Choose(Tool::Measure(Shape::Arrow)),
        "measure.arrow",
    ),
    ("x", Action::Cuts, "mpr.title"),
    ("m", Action::List, "measure.title"),
    ("Delete", Action::Remove, "keys.remove"),
    ("Backspace", Action::Remove, ""),
    ("1", Action::Preset(0), "keys.presets"),
    ("2", Action::Preset(1), ""),
    ("3", Action::Preset(2), ""),
    ("4", Action::Preset(3), ""),
    ("5", Action::Preset(4), ""),
    ("6", Action::Preset(5), ""),
    ("7", Action::Preset(6), ""),
    ("8", Action::Preset(7), ""),
    ("9", Action::Preset(8), ""),
    ("b", Action::Banner, "film.banner"),
    ("]", Action::NextSeries, "keys.next_series"),
    ("[", Action::PreviousSeries, "keys.previous_series"),
    ("f", Action::Full, "film.full"),
    ("?", Action::Keys, "film.keys"),
];

/// What a key does; letters in either case.
pub fn action_for(key: &str) -> Option<Action> {
    let lower = key.to_lowercase();
    KEYS.iter()
        .find(|(known, ..)| *known == key || *known == lower)
        .map(|(_, action, _)| *action)
}

/// The windows a reader may choose: the file's own, all values, and the series' presets.
pub fn presets(viewer: Viewer) -> Vec<(String, Option<Window>)> {
    let mut list = vec![(crate::i18n::t("film.preset_file").to_owned(), None)];
    if let Some(range) = viewer.shown.with(|s| s.as_ref().map(|(_, h)| h.range)) {
        list.push((
            crate::i18n::t("film.preset_all").to_owned(),
            Some(Window::of_range(range[0], range[1])),
        ));
    }
    let named = viewer.series_view().presets.into_iter();
    list.extend(named.map(|(name, centre, width)| (name, Some(Window::new(centre, width)))));
    list
}

pub fn perform(viewer: Viewer, action: Action) {
    let zoom = |factor| viewer.view.update(|v| *v = v.zoomed(factor, (0.0, 0.0)));
    let turn = |change: fn(View) -> View| viewer.view.update(|v| *v = change(*v));
    match action {
        Action::Step(by) => viewer.step(by),
        Action::First => viewer.go_to(0),
        Action::Last => viewer.go_to(i64::MAX),
        Action::Choose(tool) => viewer.choose_tool(tool),
        Action::ZoomIn => zoom(1.25),
        Action::ZoomOut => zoom(0.8),
        Action::Invert => viewer.inverted.update(|i| *i = !*i),
        Action::Turn => turn(|v| View {
            turn: v.turn.clockwise(),
            pan: (0.0, 0.0),
            ..v
        }),
        Action::Mirror => turn(|v| View {
            turn: v.turn.mirrored(),
            pan: (-v.pan.0, v.pan.1),
            ..v
        }),
        Action::Flip => turn(|v| View {
            turn: v.turn.flipped(),
            pan: (v.pan.0, -v.pan.1),
            ..v
        }),
        Action::Cine => viewer.cine.update(|c| *c = !*c),
        Action::Reset => viewer.reset(),
        Action::Leave => {
            if !viewer.marks.try_update(Marks::give_up).unwrap_or_default() {
                viewer.reset();
            }
        }
        Action::Remove => viewer.marks.update(|marks| {
            if let Some(id) = marks.selected() {
                marks.remove(id);
            }
        }),
        Action::Cuts => viewer.toggle_cuts(),
        Action::List => viewer.marks_listed.update(|listed| *listed = !*listed),
        Action::Preset(n) => {
            if let Some((_, window)) = untrack(|| presets(viewer)).into_iter().nth(n) {
                viewer.window.set(window);
            }
        }
        Action::Banner => viewer.banner.update(|b| *b = !*b),
        Action::NextSeries => viewer.choose_series(viewer.series.get_untracked() + 1),
        Action::PreviousSeries => {
            viewer.choose_series(viewer.series.get_untracked().wrapping_sub(1))
        }
        Action::Keys => viewer.keys_shown.update(|k| *k = !*k),
        Action::Full => toggle_full(),
    }
}

fn toggle_full() {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else {
        return;
    };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(root) = document.document_element() {
        // A browser that refuses stays as it is.
        let _ = root.request_fullscreen();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_and_case_does_not_matter() {
        let mut keys: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!(action_for("W"), Some(Action::Choose(Tool::Window)));
        assert_eq!(action_for("ArrowDown"), Some(Action::Step(1)));
        assert_eq!(action_for("q"), None);
    }

    #[test]
    fn every_key_in_the_map_has_words() {
        for (_, _, words) in KEYS.iter().filter(|(.., words)| !words.is_empty()) {
            assert!(crate::i18n::lookup(words).is_some(), "{words}");
        }
    }
}
