// Starts the app. A file of its own, because the content security policy forbids inline scripts.
import init from "/dhc-ui.js";

init({ module_or_path: "/dhc-ui_bg.wasm" });
