//! A sheet: from below on a phone, in the middle of a desk. The native dialog keeps focus inside
//! and answers Escape.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, icon};
use crate::i18n::t;

/// A sheet's handle: whether it is open.
#[derive(Clone, Copy)]
pub struct Sheet(RwSignal<bool>);

impl Sheet {
    pub fn new() -> Self {
        Self(RwSignal::new(false))
    }

    /// A sheet that is open as long as `open` says.
    pub fn over(open: RwSignal<bool>) -> Self {
        Self(open)
    }

    pub fn open(self) {
        self.0.set(true);
    }

    /// Whether it is open; tracked.
    pub fn is_open(self) -> bool {
        self.0.get()
    }

    pub fn close(self) {
        self.0.set(false);
    }
}

/// Draws a sheet with a title; `content` is drawn anew each time it opens.
pub fn sheet(
    handle: Sheet,
    title: &'static str,
    content: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let element = NodeRef::<html::Dialog>::new();
    let content = StoredValue::new(content);
    Effect::new(move |_| {
        let open = handle.0.get();
        let Some(dialog) = element.get() else { return };
        if open && !dialog.open() {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
            // Its content is drawn after this; the heading is where reading begins.
            request_animation_frame(move || {
                let heading = dialog.query_selector("h2").ok().flatten();
                if let Some(heading) =
                    heading.and_then(|h| h.dyn_into::<web_sys::HtmlElement>().ok())
                {
                    let _ = heading.focus();
                }
            });
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog class="sheet" node_ref=element aria-label=title on:close=move |_| handle.close()>
            {move || handle.0.get().then(|| view! {
                <div class="sheet-box">
                    <div class="sheet-head">
                        <h2 tabindex="-1">{title}</h2>
                        <button class="icon-btn" aria-label=t("action.close") on:click=move |_| handle.close()>
                            {icon(Icon::X)}
                        </button>
                    </div>
                    {content.with_value(|draw| draw())}
                </div>
            })}
        </dialog>
    }
    .into_any()
}
