//! A QR code as a small inline picture.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// The quiet zone that scanners need, in modules.
const QUIET: usize = 4;
/// Bytes that are drawn at most: more makes modules too small for a phone's camera.
const BYTES_MAX: usize = 458;

/// Draws `text`. Returns `None` if it is too long.
pub(super) fn svg(text: &str, label: &str) -> Option<String> {
    // Bech32m may be written in capitals, for which QR codes have a denser mode.
    let capitals = text.to_ascii_uppercase();
    let text = if capitals.starts_with("CREQB1") {
        capitals.as_str()
    } else {
        text
    };
    if text.len() > BYTES_MAX {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let _ = write!(path, "M{QUIET} {}", y + QUIET);
        for run in row.chunk_by(|a, b| a == b) {
            let _ = match run.first() {
                Some(Color::Dark) => write!(path, "h{}", run.len()),
                _ => write!(path, "m{} 0", run.len()),
            };
        }
    }
    let side = width + 2 * QUIET;
    Some(format!(
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 -.5 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0-.5h{side}v{side}H0z\"/>\
         <path stroke=\"#000\" d=\"{path}\"/></svg>\n"
    ))
}
