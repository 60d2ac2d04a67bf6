//! Small parts.

use leptos::prelude::*;
use qrcode::QrCode;
use qrcode::render::svg;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Icon, icon};
use crate::format;
use crate::i18n::t;
use crate::session::session;

/// A screen's heading; it takes the focus when the screen is entered.
pub fn heading(text: impl Into<String>) -> AnyView {
    let text = text.into();
    view! { <h1 tabindex="-1">{text}</h1> }.into_any()
}

pub fn avatar(name: &str) -> AnyView {
    view! { <span class="avatar" aria-hidden="true">{format::initials(name)}</span> }.into_any()
}

pub fn back_link(to: &'static str, label: &'static str) -> AnyView {
    view! { <a class="back" href=to>{icon(Icon::ChevronLeft)}{label}</a> }.into_any()
}

/// Copies a value to the clipboard and says so.
pub fn copy_button(value: String) -> AnyView {
    let session = session();
    let copy = move |_| {
        let value = value.clone();
        spawn_local(async move {
            let Some(window) = web_sys::window() else {
                return;
            };
            let written = JsFuture::from(window.navigator().clipboard().write_text(&value)).await;
            session.say(if written.is_ok() {
                t("copy.done")
            } else {
                t("copy.refused")
            });
        });
    };
    view! {
        <button class="icon-btn i-s" aria-label=t("action.copy") on:click=copy>{icon(Icon::Copy)}</button>
    }
    .into_any()
}

/// A button of something that takes a moment: while it does, it says so and cannot be pressed
/// twice.
pub fn busy_button(
    class: &'static str,
    sign: Option<Icon>,
    label: &'static str,
    busy: impl Fn() -> bool + Copy + Send + Sync + 'static,
    disabled: impl Fn() -> bool + Send + Sync + 'static,
    press: impl Fn() + 'static,
) -> AnyView {
    view! {
        <button
            type="button"
            class=class
            aria-busy=move || busy().to_string()
            disabled=move || busy() || disabled()
            on:click=move |_| press()
        >
            {sign.map(icon)}
            {move || if busy() { t("state.working") } else { label }}
        </button>
    }
    .into_any()
}

/// A choice of one among several.
pub fn option(
    name: &'static str,
    value: &str,
    chosen: RwSignal<String>,
    content: AnyView,
    disabled: bool,
) -> AnyView {
    let mine = value.to_owned();
    let set = mine.clone();
    view! {
        <label class="option" class:disabled=disabled>
            <input
                type="radio"
                name=name
                value=value.to_owned()
                disabled=disabled
                prop:checked=move || chosen.get() == mine
                on:change=move |_| chosen.set(set.clone())
            />
            <span class="grow">{content}</span>
        </label>
    }
    .into_any()
}

/// What is wrong with a field, said as soon as there is something to say.
pub fn field_problem<W: Into<String>>(
    id: impl Into<String>,
    problem: impl Fn() -> Option<W> + Send + 'static,
) -> AnyView {
    let id = id.into();
    let words = move || problem().map(Into::<String>::into);
    view! { <span class="problem" id=id aria-live="polite">{words}</span> }.into_any()
}

/// A QR code of `text`, dark on light in every theme, so that every reader reads it.
pub fn qr(text: &str, label: &'static str) -> AnyView {
    let drawn = QrCode::new(text.as_bytes()).map(|code| {
        let image = code.render::<svg::Color<'_>>().quiet_zone(false).build();
        // The renderer writes a whole document; only its element belongs into the page.
        image
            .split_once("?>")
            .map_or(image.clone(), |(_, element)| element.to_owned())
    });
    match drawn {
        Ok(svg) => {
            view! { <div class="qr" role="img" aria-label=label inner_html=svg></div> }.into_any()
        }
        Err(_) => ().into_any(),
    }
}
