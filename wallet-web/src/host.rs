//! What `host.js` does: IndexedDB, `fetch` and timers.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = openDatabase)]
    pub(crate) async fn open_database(name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = deleteDatabase)]
    pub(crate) async fn delete_database(name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = closeDatabase)]
    pub(crate) fn close_database(db: &JsValue);
    #[wasm_bindgen(catch, js_name = getRecord)]
    pub(crate) async fn get_record(
        db: &JsValue,
        table: &str,
        key: &str,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = scanTable)]
    pub(crate) async fn scan_table(db: &JsValue, table: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = applyChanges)]
    pub(crate) async fn apply_changes(
        db: &JsValue,
        changes: Array,
        guard: Array,
        expected: Option<Uint8Array>,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = sendRequest)]
    pub(crate) async fn send_request(
        url: &str,
        bearer: Option<&str>,
        body: Option<&str>,
        bytes_max: u32,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = currencyDecimals)]
    pub(crate) fn currency_decimals(code: &str) -> Option<u8>;
    #[wasm_bindgen(js_name = waitSeconds)]
    pub(crate) async fn wait_seconds(seconds: f64);
}

/// A failure's own words: of an `Error` its message.
pub(crate) fn text_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| "it failed".to_owned()),
    }
}

/// The browser's time, Unix seconds.
pub(crate) fn now() -> u64 {
    (js_sys::Date::now() / 1000.0) as u64
}
