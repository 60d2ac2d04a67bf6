//! The tools, by group.

use leptos::prelude::*;

use super::actions::{Action, perform, presets};
use super::measured;
use super::state::{Tool, Viewer};
use crate::components::{Icon, icon};
use crate::i18n::t;
use crate::viewer::measure::Shape;

fn tool(viewer: Viewer, tool: Tool, sign: Icon, label: &'static str) -> AnyView {
    view! {
        <button class="tool" aria-label=label title=label aria-pressed=move || (viewer.tool.get() == tool).to_string()
            on:click=move |_| viewer.choose_tool(tool)>{icon(sign)}<span class="t">{label}</span></button>
    }
    .into_any()
}

fn action(viewer: Viewer, action: Action, sign: Icon, label: &'static str) -> AnyView {
    view! {
        <button class="tool" aria-label=label title=label on:click=move |_| perform(viewer, action)>{icon(sign)}</button>
    }
    .into_any()
}

fn toggle(
    viewer: Viewer,
    what: RwSignal<bool>,
    does: Action,
    sign: Icon,
    label: &'static str,
) -> AnyView {
    view! {
        <button class="tool" aria-label=label title=label aria-pressed=move || what.get().to_string()
            on:click=move |_| perform(viewer, does)>{icon(sign)}</button>
    }
    .into_any()
}

/// The shapes that are not worth a button each.
fn measure_choice(viewer: Viewer) -> AnyView {
    let choose = move |event| {
        let chosen = event_target_value(&event)
            .parse()
            .ok()
            .and_then(|i: usize| Shape::ALL.get(i));
        if let Some(shape) = chosen {
            viewer.choose_tool(Tool::Measure(*shape));
        }
    };
    let options = Shape::ALL.into_iter().enumerate().map(|(i, shape)| {
        view! { <option value=i.to_string() selected=move || viewer.tool.get() == Tool::Measure(shape)>{t(measured::name(shape))}</option> }
    });
    let none = move || !matches!(viewer.tool.get(), Tool::Measure(_));
    view! {
        <select class="v-presets" aria-label=t("measure.choose") on:change=choose>
            <option value="none" selected=none disabled=true>{t("measure.choose")}</option>
            {options.collect::<Vec<_>>()}
        </select>
    }
    .into_any()
}

fn preset_choice(viewer: Viewer) -> AnyView {
    let choose = move |event| {
        let index = event_target_value(&event).parse::<usize>().unwrap_or(0);
        perform(viewer, Action::Preset(index));
    };
    let options = move || {
        let now = viewer.window.get();
        presets(viewer)
            .into_iter()
            .enumerate()
            .map(|(i, (name, window))| view! { <option value=i.to_string() selected=window == now>{name}</option> })
            .collect::<Vec<_>>()
    };
    let by_hand = move || {
        let now = viewer.window.get();
        let known = presets(viewer).into_iter().any(|(_, window)| window == now);
        (!known).then(|| view! { <option value="by-hand" selected=true disabled=true>{t("film.preset_hand")}</option> })
    };
    view! { <select class="v-presets" aria-label=t("film.presets") on:change=choose>{by_hand}{options}</select> }.into_any()
}

pub fn toolbar(viewer: Viewer) -> AnyView {
    let cine = move || {
        if viewer.cine.get() {
            icon(Icon::Pause)
        } else {
            icon(Icon::Play)
        }
    };
    view! {
        <div class="v-tools" role="toolbar" aria-label=t("film.tools")>
            {tool(viewer, Tool::Window, Icon::Contrast, t("film.window"))}
            {tool(viewer, Tool::Scroll, Icon::Scroll, t("film.scroll"))}
            {tool(viewer, Tool::Pan, Icon::Move, t("film.pan"))}
            {tool(viewer, Tool::Zoom, Icon::ZoomIn, t("film.zoom"))}
            <span class="v-rule"></span>
            {tool(viewer, Tool::Measure(Shape::Length), Icon::Ruler, t("measure.length"))}
            {tool(viewer, Tool::Measure(Shape::Angle), Icon::TriangleRight, t("measure.angle"))}
            {measure_choice(viewer)}
            {toggle(viewer, viewer.marks_listed, Action::List, Icon::List, t("measure.title"))}
            <span class="v-rule"></span>
            {preset_choice(viewer)}
            <button class="tool" aria-label=t("film.cine") title=t("film.cine") aria-pressed=move || viewer.cine.get().to_string()
                on:click=move |_| perform(viewer, Action::Cine)>{cine}<span class="t">{t("film.cine")}</span></button>
            <span class="v-rule"></span>
            {toggle(viewer, viewer.inverted, Action::Invert, Icon::SunMoon, t("film.invert"))}
            {action(viewer, Action::Turn, Icon::RotateCw, t("film.rotate"))}
            {action(viewer, Action::Mirror, Icon::FlipHorizontal, t("film.mirror"))}
            {action(viewer, Action::Flip, Icon::FlipVertical, t("film.flip"))}
            {action(viewer, Action::Reset, Icon::Refresh, t("film.reset"))}
            <span class="v-rule"></span>
            {toggle(viewer, viewer.banner, Action::Banner, Icon::Info, t("film.banner"))}
            {toggle(viewer, viewer.keys_shown, Action::Keys, Icon::Keyboard, t("film.keys"))}
            {action(viewer, Action::Full, Icon::Maximize, t("film.full"))}
        </div>
    }
    .into_any()
}
