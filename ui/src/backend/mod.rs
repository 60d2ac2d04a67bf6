//! The one way from the screens to the core. Which transport carries it is decided once, at the
//! start: Tauri's where the shell is around us, else HTTP to the server this page came from.

mod http;
mod tauri;

use dhc_ipc::{Call, Code, Command, Event, Failure};
use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;

/// How calls travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    Tauri,
}

impl Transport {
    pub fn detect() -> Self {
        if tauri::present() {
            Self::Tauri
        } else {
            Self::Http
        }
    }

    /// Asks the core. `job` names the work for progress and cancelling.
    pub async fn call<C: Command>(
        self,
        profile: &str,
        job: Option<&str>,
        args: &C,
    ) -> Result<C::Answer, Failure> {
        let call = Call {
            name: C::NAME.into(),
            profile: profile.into(),
            job: job.map(Into::into),
            args: serde_json::to_value(args).map_err(malformed)?,
        };
        let answer = match self {
            Self::Http => http::call(&call).await?,
            Self::Tauri => tauri::call(&call).await?,
        };
        serde_json::from_value(answer).map_err(malformed)
    }

    /// A frame as `dhc_ipc::encode_frame` writes it.
    pub async fn frame(
        self,
        profile: &str,
        film: &str,
        series: u32,
        frame: u32,
    ) -> Result<ArrayBuffer, Failure> {
        match self {
            Self::Http => http::frame(profile, film, series, frame).await,
            Self::Tauri => tauri::frame(profile, film, series, frame).await,
        }
    }

    /// An address an `<img>` shows a series' thumbnail by; `None` where there is none.
    pub async fn thumbnail(self, profile: &str, film: &str, series: u32) -> Option<String> {
        match self {
            Self::Http => Some(http::thumbnail(profile, film, series)),
            Self::Tauri => tauri::thumbnail(profile, film, series).await,
        }
    }

    /// Hands over what the core tells of its own accord, for as long as the page lives.
    pub fn listen(self, told: impl Fn(Event) + 'static) {
        match self {
            Self::Http => http::listen(told),
            Self::Tauri => tauri::listen(told),
        }
    }

    /// Whether files are handed over by path (the shell) or uploaded first (a browser).
    pub fn takes_paths(self) -> bool {
        self == Self::Tauri
    }

    /// The system's dialog for files, or for folders. Paths to import; none when nothing was
    /// chosen, and in a browser, which has a dialog of its own.
    pub async fn choose(self, folders: bool) -> Result<Vec<String>, Failure> {
        match self {
            Self::Http => Ok(Vec::new()),
            Self::Tauri => tauri::choose(folders).await,
        }
    }

    /// Uploads files; `sent` hears bytes sent and in all. Answers the paths to import.
    pub async fn upload(
        self,
        profile: &str,
        files: Vec<web_sys::File>,
        sent: impl Fn(u64, u64) + 'static,
    ) -> Result<Vec<String>, Failure> {
        http::upload(profile, files, sent).await
    }

    /// Tells paths of files dropped on the window. In a browser drops are DOM events instead.
    pub fn on_dropped(self, told: impl Fn(Vec<String>) + 'static) {
        if self == Self::Tauri {
            tauri::on_dropped(told);
        }
    }
}

fn malformed(error: serde_json::Error) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}

fn thrown(error: &JsValue) -> String {
    error
        .as_string()
        .or_else(|| {
            js_sys::Reflect::get(error, &"message".into())
                .ok()?
                .as_string()
        })
        .unwrap_or_default()
}

/// A failure as a transport hands it over, or what stands in for one that says nothing.
fn failure_from(text: &str, otherwise: Code) -> Failure {
    serde_json::from_str(text)
        .unwrap_or_else(|_| Failure::new(otherwise, text.chars().take(200).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_its_code_and_anything_else_gets_one() {
        let failure = failure_from(
            r#"{"code":"owner_offline","message":"no answer"}"#,
            Code::Internal,
        );
        assert_eq!(failure.code, Code::OwnerOffline);
        assert_eq!(
            failure_from("<html>", Code::NetworkUnreachable).code,
            Code::NetworkUnreachable
        );
    }
}
