//! `dhc://` links: each names a screen by its route, as `dhc://records/ID` does.

use tauri::utils::config::WebviewUrl;
use tauri::{Context, Manager, Runtime, Url};

pub const SCHEME: &str = "dhc";
/// The longest route there is takes an id of 66 characters.
const LONGEST: usize = 200;

/// The route that a link names, with its leading slash. `None` for what is no link of ours. A link
/// comes from anywhere: it can choose a screen and nothing else, so query and fragment are left out.
pub fn route(link: &str) -> Option<String> {
    let link = Url::parse(link)
        .ok()
        .filter(|link| link.scheme() == SCHEME)?;
    let bare = link.username().is_empty() && link.password().is_none() && link.port().is_none();
    let route = match link.host_str() {
        Some(host) if !host.is_empty() => format!("/{host}{}", link.path()),
        _ => link.path().to_owned(),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
    (bare
        && route.starts_with('/')
        && route.len() <= LONGEST
        && !route.contains("//")
        && route.chars().all(plain))
    .then_some(route)
}

/// The first link among a command line's words.
pub fn among(words: &[String]) -> Option<String> {
    words.iter().find_map(|word| route(word))
}

/// Lets the window begin on a link's screen.
pub fn begin_on<R: Runtime>(context: &mut Context<R>, route: &str) {
    for window in &mut context.config_mut().app.windows {
        window.url = WebviewUrl::App(route.trim_start_matches('/').into());
    }
}

/// Shows a link's screen in the window that is open, and brings it to the front.
pub fn show<R: Runtime>(app: &impl Manager<R>, route: Option<&str>) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    if let (Some(route), Ok(mut address)) = (route, window.url()) {
        address.set_path(route);
        address.set_query(None);
        address.set_fragment(None);
        if let Err(error) = window.navigate(address) {
            eprintln!("the link could not be shown: {error}");
        }
    }
    // A window manager may refuse; the screen is shown all the same.
    let _ = window.unminimize().and_then(|()| window.set_focus());
}

/// Whether the window may go to an address: its own pages, nothing else.
pub fn is_own_page(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default();
    match address.scheme() {
        "tauri" => host == "localhost",
        "http" | "https" => host == "tauri.localhost",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_screen() {
        for (link, named) in [
            ("dhc://records", "/records"),
            ("dhc://film/0xAb12", "/film/0xab12"),
            ("dhc:///sharing/new", "/sharing/new"),
            ("dhc://wallet/send?to=0x1&amount=5#now", "/wallet/send"),
        ] {
            let found = route(link).map(|route| route.to_ascii_lowercase());
            assert_eq!(found.as_deref(), Some(named), "{link}");
        }
    }

    #[test]
    fn what_is_no_screen_of_ours_is_no_link() {
        for link in [
            "https://records",
            "file:///etc/passwd",
            "dhc://user@records",
            "dhc://records:80/x",
            "dhc://records//evil.example",
            "dhc://film/%20x",
            "javascript:alert(1)",
            "records",
            "",
        ] {
            assert_eq!(route(link), None, "{link}");
        }
        assert_eq!(route(&format!("dhc://film/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn the_window_stays_on_its_own_pages() {
        for (address, own) in [
            ("tauri://localhost/film/1", true),
            ("http://tauri.localhost/", true),
            ("https://example.org/", false),
            ("http://localhost/", false),
            ("data:text/html,x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_own_page(&address.parse().unwrap()), own, "{address}");
        }
    }
}
