//! The wallet's screens: Leptos, rendered on the client, over one backend interface.

mod app;
mod backend;
mod components;
mod format;
mod i18n;
mod preferences;
mod screens;
mod session;
mod viewer;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
