//! The shell's transport: the only file that names Tauri's internals.

use dhc_ipc::{Call, Code, Event, Failure};
use js_sys::{ArrayBuffer, Object, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::{failure_from, thrown};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["window", "__TAURI_INTERNALS__"])]
    async fn invoke(command: &str, args: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = transformCallback)]
    fn transform_callback(callback: &JsValue) -> Result<JsValue, JsValue>;
}

pub fn present() -> bool {
    web_sys::window()
        .and_then(|window| Reflect::has(&window, &"__TAURI_INTERNALS__".into()).ok())
        .unwrap_or(false)
}

/// JSON text of a value, for values that serde reads better than `JsValue` does.
fn json(value: &JsValue) -> String {
    js_sys::JSON::stringify(value)
        .map(String::from)
        .unwrap_or_default()
}

fn refused(error: JsValue) -> Failure {
    if error.is_object() && !error.is_instance_of::<js_sys::Error>() {
        return failure_from(&json(&error), Code::Internal);
    }
    Failure::new(Code::Internal, thrown(&error))
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of an object made above cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

pub async fn call(call: &Call) -> Result<Value, Failure> {
    let text = serde_json::to_string(call).map_err(super::malformed)?;
    let args = js_sys::JSON::parse(&text).map_err(refused)?;
    let answer = invoke("call", object(&[("call", args)]))
        .await
        .map_err(refused)?;
    serde_json::from_str(&json(&answer)).map_err(super::malformed)
}

fn place(profile: &str, film: &str, series: u32) -> Vec<(&'static str, JsValue)> {
    vec![
        ("profile", profile.into()),
        ("film", film.into()),
        ("series", series.into()),
    ]
}

pub async fn frame(
    profile: &str,
    film: &str,
    series: u32,
    frame: u32,
) -> Result<ArrayBuffer, Failure> {
    let mut args = place(profile, film, series);
    args.push(("frame", frame.into()));
    let answer = invoke("frame", object(&args)).await.map_err(refused)?;
    answer
        .dyn_into()
        .map_err(|_| Failure::new(Code::Internal, "a frame that is not bytes"))
}

pub async fn thumbnail(profile: &str, film: &str, series: u32) -> Option<String> {
    let answer = invoke("thumbnail", object(&place(profile, film, series)))
        .await
        .ok()?;
    let parts = js_sys::Array::of1(&Uint8Array::new(&answer));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("image/png");
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

pub async fn choose(folders: bool) -> Result<Vec<String>, Failure> {
    let answer = invoke("choose", object(&[("folders", folders.into())]))
        .await
        .map_err(refused)?;
    serde_json::from_str(&json(&answer)).map_err(super::malformed)
}

/// Subscribes to an event of the shell, for as long as the page lives.
fn subscribe(event: &'static str, told: impl Fn(JsValue) + 'static) {
    let heard = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| {
        told(Reflect::get(&message, &"payload".into()).unwrap_or(JsValue::NULL));
    });
    let Ok(handler) = transform_callback(heard.as_ref()) else {
        return;
    };
    heard.forget();
    spawn_local(async move {
        let target = object(&[("kind", "Any".into())]);
        let args = object(&[
            ("event", event.into()),
            ("target", target),
            ("handler", handler),
        ]);
        // Without the event the screens still read; they only miss what happens meanwhile.
        let _ = invoke("plugin:event|listen", args).await;
    });
}

pub fn listen(told: impl Fn(Event) + 'static) {
    subscribe("dhc", move |payload| {
        if let Ok(event) = serde_json::from_str(&json(&payload)) {
            told(event);
        }
    });
}

pub fn on_dropped(told: impl Fn(Vec<String>) + 'static) {
    subscribe("tauri://drag-drop", move |payload| {
        let paths = Reflect::get(&payload, &"paths".into()).unwrap_or(JsValue::NULL);
        if let Ok(paths) = serde_json::from_str(&json(&paths)) {
            told(paths);
        }
    });
}
