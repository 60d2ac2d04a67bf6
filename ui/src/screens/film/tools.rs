//! The tools, by group.

use leptos::prelude::*;

use super::actions::{Action, perform, presets};
use super::measured;
use super::state::{Tool, Viewer};
use crate::components::{Icon, icon};
use crate::i18n::t;
use crate::viewer::measure::Shape;
use crate::viewer::volume::Projection;

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

/// The three planes, and while they are shown the slab they are seen through.
fn cuts_choice(viewer: Viewer) -> AnyView {
    const THICKNESS: [f64; 6] = [0.0, 3.0, 5.0, 10.0, 20.0, 40.0];
    const PROJECTIONS: [(Projection, &str); 3] = [
        (Projection::Mean, "mpr.mean"),
        (Projection::Most, "mpr.mip"),
        (Projection::Least, "mpr.minip"),
    ];
    let no_volume = move || viewer.grid().is_none();
    let title = move || {
        if no_volume() {
            t("mpr.no_volume")
        } else {
            t("mpr.title")
        }
    };
    let thicken = move |event| {
        let chosen = event_target_value(&event).parse().unwrap_or(0.0);
        viewer.slab.update(|slab| slab.thickness = chosen);
    };
    let project = move |event| {
        let chosen = event_target_value(&event).parse().unwrap_or(0usize);
        if let Some((projection, _)) = PROJECTIONS.get(chosen) {
            viewer.slab.update(|slab| slab.projection = *projection);
        }
    };
    let slab = move || {
        viewer.cuts.with(Option::is_some).then(|| {
            let thicknesses = THICKNESS.map(|mm| {
                let name = if mm == 0.0 { t("mpr.thin").to_owned() } else { format!("{mm} mm") };
                view! { <option value=mm.to_string() selected=move || viewer.slab.get().thickness == mm>{name}</option> }
            });
            let projections = PROJECTIONS.iter().enumerate().map(|(i, (projection, name))| {
                view! { <option value=i.to_string() selected=move || viewer.slab.get().projection == *projection>{t(name)}</option> }
            });
            view! {
                <select class="v-presets" aria-label=t("mpr.thickness") on:change=thicken>{thicknesses}</select>
                <select class="v-presets" aria-label=t("mpr.projection") disabled=move || viewer.slab.get().thickness == 0.0
                    on:change=project>{projections.collect::<Vec<_>>()}</select>
            }
        })
    };
    view! {
        <button class="tool" aria-label=t("mpr.title") title=title disabled=no_volume
            aria-pressed=move || viewer.cuts.with(Option::is_some).to_string()
            on:click=move |_| perform(viewer, Action::Cuts)>{icon(Icon::Cuboid)}<span class="t">{t("mpr.short")}</span></button>
        {slab}
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

/// Tools that act on a frame: not there while planes are cut.
fn on_frames(viewer: Viewer, tools: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let is_cut = Memo::new(move |_| viewer.cuts.with(Option::is_some));
    view! { {move || (!is_cut.get()).then(&tools)} }.into_any()
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
            {on_frames(viewer, move || view! {
                {tool(viewer, Tool::Pan, Icon::Move, t("film.pan"))}
                {tool(viewer, Tool::Zoom, Icon::ZoomIn, t("film.zoom"))}
                <span class="v-rule"></span>
                {tool(viewer, Tool::Measure(Shape::Length), Icon::Ruler, t("measure.length"))}
                {tool(viewer, Tool::Measure(Shape::Angle), Icon::TriangleRight, t("measure.angle"))}
                {measure_choice(viewer)}
                {toggle(viewer, viewer.marks_listed, Action::List, Icon::List, t("measure.title"))}
            }.into_any())}
            <span class="v-rule"></span>
            {preset_choice(viewer)}
            {cuts_choice(viewer)}
            {on_frames(viewer, move || view! {
                <button class="tool" aria-label=t("film.cine") title=t("film.cine") aria-pressed=move || viewer.cine.get().to_string()
                    on:click=move |_| perform(viewer, Action::Cine)>{cine}<span class="t">{t("film.cine")}</span></button>
            }.into_any())}
            <span class="v-rule"></span>
            {toggle(viewer, viewer.inverted, Action::Invert, Icon::SunMoon, t("film.invert"))}
            {on_frames(viewer, move || view! {
                {action(viewer, Action::Turn, Icon::RotateCw, t("film.rotate"))}
                {action(viewer, Action::Mirror, Icon::FlipHorizontal, t("film.mirror"))}
                {action(viewer, Action::Flip, Icon::FlipVertical, t("film.flip"))}
            }.into_any())}
            {action(viewer, Action::Reset, Icon::Refresh, t("film.reset"))}
            <span class="v-rule"></span>
            {toggle(viewer, viewer.banner, Action::Banner, Icon::Info, t("film.banner"))}
            {toggle(viewer, viewer.keys_shown, Action::Keys, Icon::Keyboard, t("film.keys"))}
            {action(viewer, Action::Full, Icon::Maximize, t("film.full"))}
        </div>
    }
    .into_any()
}
