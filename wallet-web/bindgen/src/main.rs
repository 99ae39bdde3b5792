//! Two tools of `wallet-web/build`:
//!
//! ```text
//! farthing-bindgen bindgen INPUT.wasm DIR    writes DIR/farthing.js and DIR/farthing_bg.wasm
//! farthing-bindgen brotli FILE…              writes FILE.br beside each file that it makes smaller
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use brotli::enc::BrotliEncoderParams;
use wasm_bindgen_cli_support::Bindgen;

/// The best compression.
const QUALITY: i32 = 11;
/// The largest window that every decoder takes, as a power of two.
const WINDOW: i32 = 22;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["bindgen", input, dir] => bindgen(Path::new(input), Path::new(dir)),
        ["brotli", files @ ..] => files.iter().try_for_each(|file| compress(file)),
        _ => Err("usage: farthing-bindgen bindgen INPUT.wasm DIR | brotli FILE…".into()),
    }
}

fn bindgen(input: &Path, dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    // Names of functions are for debuggers, and much of the file.
    bindgen
        .input_path(input)
        .out_name("farthing")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    // The address of the .wasm is given by the page: what it is by default would need `import.meta.url`.
    bindgen.web(true)?.omit_default_module_path(true);
    Ok(bindgen.generate(dir)?)
}

fn compress(file: &str) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let params = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &params)?;
    if compressed.len() < bytes.len() {
        fs::write(format!("{file}.br"), compressed)?;
    }
    Ok(())
}
