//! A small picture of a film.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Icon, icon};
use crate::session::session;

/// The thumbnail of a series, or a sign where there is none.
pub fn thumbnail(class: &'static str, film: &str, series: u32) -> AnyView {
    let session = session();
    let source = RwSignal::new(None::<String>);
    let film = film.to_owned();
    let profile = session.profile.get_untracked();
    spawn_local(async move {
        let found = session.transport.thumbnail(&profile, &film, series).await;
        // The screen may be gone by now.
        let _ = source.try_set(found);
    });
    view! {
        <span class=class>
            {move || match source.get() {
                Some(url) => view! { <img src=url alt="" on:error=move |_| source.set(None) /> }.into_any(),
                None => icon(Icon::ScanLine),
            }}
        </span>
    }
    .into_any()
}
