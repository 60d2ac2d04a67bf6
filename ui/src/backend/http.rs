//! The loopback server's transport.

use dhc_ipc::{Call, Code, Event, Failure};
use js_sys::{ArrayBuffer, encode_uri_component};
use serde_json::Value;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    EventSource, FormData, MessageEvent, ProgressEvent, Request, RequestInit, Response,
    XmlHttpRequest,
};

use super::{failure_from, thrown};

fn unreachable(error: JsValue) -> Failure {
    Failure::new(Code::NetworkUnreachable, thrown(&error))
}

async fn send(request: &Request) -> Result<Response, Failure> {
    let window = web_sys::window().ok_or_else(|| Failure::new(Code::Internal, "no window"))?;
    let response = JsFuture::from(window.fetch_with_request(request))
        .await
        .map_err(unreachable)?;
    let response: Response = response.unchecked_into();
    if response.ok() {
        return Ok(response);
    }
    let text = match response.text() {
        Ok(text) => JsFuture::from(text)
            .await
            .ok()
            .and_then(|t| t.as_string())
            .unwrap_or_default(),
        Err(_) => String::new(),
    };
    Err(failure_from(&text, Code::Internal))
}

pub async fn call(call: &Call) -> Result<Value, Failure> {
    let body = serde_json::to_string(call).map_err(super::malformed)?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(&body));
    let request = Request::new_with_str_and_init("/api/call", &init).map_err(unreachable)?;
    request
        .headers()
        .set("content-type", "application/json")
        .map_err(unreachable)?;
    let response = send(&request).await?;
    let text = JsFuture::from(response.text().map_err(unreachable)?)
        .await
        .map_err(unreachable)?;
    serde_json::from_str(&text.as_string().unwrap_or_default()).map_err(super::malformed)
}

fn query(profile: &str, film: &str, series: u32) -> String {
    let part = |text: &str| String::from(encode_uri_component(text));
    format!(
        "profile={}&film={}&series={series}",
        part(profile),
        part(film)
    )
}

pub async fn frame(
    profile: &str,
    film: &str,
    series: u32,
    frame: u32,
) -> Result<ArrayBuffer, Failure> {
    let url = format!("/api/frame?{}&frame={frame}", query(profile, film, series));
    let request = Request::new_with_str(&url).map_err(unreachable)?;
    let response = send(&request).await?;
    let buffer = JsFuture::from(response.array_buffer().map_err(unreachable)?)
        .await
        .map_err(unreachable)?;
    Ok(buffer.unchecked_into())
}

pub fn thumbnail(profile: &str, film: &str, series: u32) -> String {
    format!("/api/thumbnail?{}", query(profile, film, series))
}

pub fn listen(told: impl Fn(Event) + 'static) {
    // Reconnects by itself when the server comes back.
    let Ok(source) = EventSource::new("/api/events") else {
        return;
    };
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        let text = message.data().as_string().unwrap_or_default();
        if let Ok(event) = serde_json::from_str(&text) {
            told(event);
        }
    });
    source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // Both live as long as the page.
    heard.forget();
    std::mem::forget(source);
}

pub async fn upload(
    profile: &str,
    files: Vec<web_sys::File>,
    sent: impl Fn(u64, u64) + 'static,
) -> Result<Vec<String>, Failure> {
    let form = FormData::new().map_err(unreachable)?;
    for file in &files {
        form.append_with_blob_and_filename("file", file, &file.name())
            .map_err(unreachable)?;
    }
    // XMLHttpRequest, because fetch does not tell how much of an upload is sent.
    let request = XmlHttpRequest::new().map_err(unreachable)?;
    request
        .open(
            "POST",
            &format!(
                "/api/upload?profile={}",
                String::from(encode_uri_component(profile))
            ),
        )
        .map_err(unreachable)?;
    let progress = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        sent(event.loaded() as u64, event.total() as u64);
    });
    if let Ok(upload) = request.upload() {
        upload.set_onprogress(Some(progress.as_ref().unchecked_ref()));
    }
    let finished = js_sys::Promise::new(&mut |resolve, _| request.set_onloadend(Some(&resolve)));
    request
        .send_with_opt_form_data(Some(&form))
        .map_err(unreachable)?;
    JsFuture::from(finished).await.map_err(unreachable)?;
    let text = request.response_text().ok().flatten().unwrap_or_default();
    match request.status().unwrap_or(0) {
        200 => {
            let value: Value = serde_json::from_str(&text).map_err(super::malformed)?;
            let paths = value["paths"].as_array().cloned().unwrap_or_default();
            Ok(paths
                .iter()
                .filter_map(|path| path.as_str().map(Into::into))
                .collect())
        }
        0 => Err(Failure::new(Code::NetworkUnreachable, "upload")),
        _ => Err(failure_from(&text, Code::Internal)),
    }
}
