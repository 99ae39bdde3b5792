//! What upkeep did.

use farthing_wallet::{Recovered, Tended};
use serde_json::{Value, json};

use super::money::finished;
use super::recovery::{recovered, recovered_json};
use super::time::minute;
use super::{Report, Units};
use crate::screen::Screen;

/// `{"did", "mint", "until", "withdrew", "swapped"}`: `did` is `nothing`, `learned`, `swapped`, `withdrew` or `settled`;
/// `until` is when there will be something at the earliest, or null; `withdrew` is as [`finished`] has it, or null;
/// `swapped` lists swaps, and what was settled, as `recover` lists them.
fn shape(
    did: &str,
    mint: Option<&str>,
    until: Option<u64>,
    withdrew: Value,
    swapped: Value,
) -> Value {
    json!({"did": did, "mint": mint, "until": until, "withdrew": withdrew, "swapped": swapped})
}

/// What upkeep did, or until when there is nothing to do.
pub(crate) fn tended(tended: &Tended, units: &Units) -> Report {
    let text = tended_text(tended, units);
    let (json, exit_code) = match tended {
        Tended::Nothing { until } => {
            let json = shape("nothing", None, Some(*until), Value::Null, json!([]));
            (json, 0)
        }
        Tended::Learned { mint } => {
            let json = shape("learned", Some(&mint.url), None, Value::Null, json!([]));
            (json, 0)
        }
        Tended::Swapped(swaps) => (swapped("swapped", swaps, units), 0),
        Tended::Withdrew { mint, done } => {
            let report = finished("withdrew", done, units);
            let exit_code = report.exit_code;
            let json = shape("withdrew", Some(&mint.url), None, report.json, json!([]));
            (json, exit_code)
        }
    };
    let mut report = Report::text(json, text);
    report.exit_code = exit_code;
    report
}

/// What was open and is settled: then upkeep does nothing else.
pub(crate) fn settled(settled: &[Recovered], units: &Units) -> Report {
    let json = swapped("settled", settled, units);
    Report::text(json, lines(settled, units))
}

fn swapped(did: &str, swaps: &[Recovered], units: &Units) -> Value {
    let mint = swaps.first().map(|swap| swap.mint.as_str());
    let list: Vec<Value> = swaps.iter().map(|r| recovered_json(r, units)).collect();
    shape(did, mint, None, Value::Null, list.into())
}

fn lines(all: &[Recovered], units: &Units) -> String {
    let lines: Vec<String> = all.iter().map(|r| recovered(r, units)).collect();
    lines.join("\n")
}

/// The same in words.
pub(crate) fn tended_text(tended: &Tended, units: &Units) -> String {
    match tended {
        Tended::Nothing { until } => {
            format!("nothing is due before {} UTC", minute(*until))
        }
        Tended::Learned { mint } => format!("asked {} for its keysets", mint.url),
        Tended::Swapped(swaps) => lines(swaps, units),
        Tended::Withdrew { mint, done } => {
            let report = finished("withdrew", done, units);
            let bundles = match done.finished.len() {
                1 => "one bundle".to_owned(),
                more => format!("{more} bundles"),
            };
            let shown = report.shown(Screen::Plain);
            let told = format!("{} from {}, {bundles}", shown.as_str(), mint.url);
            match &report.hint {
                Some(hint) => format!("{told}\n{hint}"),
                None => told,
            }
        }
    }
}
