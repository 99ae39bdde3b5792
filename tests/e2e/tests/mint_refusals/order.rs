//! Which of two faults is told.

use farthing_protocol::api::path;
use serde_json::{Value, json};

use crate::setting::{BAD_POINTS, Setting};

type Fault = (&'static str, u32, fn(&Setting, &mut Value));

/// What can be wrong with a swap, in the documented order: size and syntax, limits, duplicates,
/// keysets and amounts, balance, signatures, locks, state.
const FAULTS: [Fault; 11] = [
    ("syntax", 40001, |_, b| b["unknown"] = json!(1)),
    ("limits", 40002, |_, b| {
        b["inputs"][0]["secret"] = json!("s".repeat(1025))
    }),
    ("duplicate input", 11007, |_, b| {
        b["inputs"][0]["secret"] = b["inputs"][3]["secret"].clone()
    }),
    ("duplicate output", 11008, |_, b| {
        b["outputs"][1]["B_"] = b["outputs"][0]["B_"].clone()
    }),
    ("keyset", 12001, |_, b| {
        b["inputs"][1]["id"] = json!("52".repeat(33))
    }),
    ("balance", 11005, |_, b| {
        b["outputs"][1]["amount"] = json!(16)
    }),
    ("signature", 10001, |_, b| {
        b["inputs"][1]["C"] = b["inputs"][2]["C"].clone()
    }),
    ("output point", 40003, |_, b| {
        b["outputs"][2]["B_"] = json!(BAD_POINTS[0])
    }),
    ("lock", 10001, |s, b| {
        b["inputs"][2] = serde_json::to_value(&s.locked).unwrap()
    }),
    ("spent", 11001, |s, b| {
        b["inputs"][3] = serde_json::to_value(&s.spent).unwrap()
    }),
    ("signed", 11003, |s, b| {
        b["outputs"][3]["B_"] = s.signed["B_"].clone()
    }),
];

#[tokio::test]
async fn of_two_faults_the_first_in_the_documented_order_is_told() {
    let setting = Setting::new().await;
    for (name, code, spoil) in FAULTS {
        setting.spoiled(name, |b| spoil(&setting, b), code).await;
    }
    for (place, (first, code, spoil_first)) in FAULTS.into_iter().enumerate() {
        for (second, _, spoil_second) in FAULTS.into_iter().skip(place + 1) {
            let both = |b: &mut Value| {
                // The duplicate copies what the other fault may have changed, so it comes last.
                spoil_second(&setting, b);
                spoil_first(&setting, b);
            };
            setting
                .spoiled(&format!("{first} and {second}"), both, code)
                .await;
        }
    }
    // Funds are state too: after points, and after outputs that were signed.
    let id = setting.scene.keyset.id;
    let dear = |point: &Value| json!({"amount": 1 << 15, "id": id, "B_": point});
    for (point, code) in [
        (json!(BAD_POINTS[0]), 40003),
        (setting.signed["B_"].clone(), 11003),
    ] {
        let body = json!({"outputs": [dear(&point)]}).to_string();
        setting
            .refused("funds last", path::WITHDRAW, body, (400, code))
            .await;
    }
    setting.still_good().await;
}
