//! Writes the list of the files in `files/`, each with its digest.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

/// What a file's name ends with, and its type.
const TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
];

fn main() -> io::Result<()> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let out = env::var_os("OUT_DIR").expect("cargo says where to write");
    let dir = Path::new(&manifest).join("files");
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut files = Vec::new();
    collect(&dir, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files.iter().filter(|file| ending(file) != "br") {
        let name = file.strip_prefix(&dir).expect("it was found there");
        let name = name.to_str().expect("names are ASCII").replace('\\', "/");
        let content_type = TYPES.iter().find(|(end, _)| *end == ending(file));
        let content_type = content_type.map_or("text/plain; charset=utf-8", |(_, name)| name);
        let compressed = PathBuf::from(format!("{}.br", file.display()));
        let brotli = match files.contains(&compressed) {
            true => format!("Some(include_bytes!({compressed:?}))"),
            false => "None".to_owned(),
        };
        let sha256: String = Sha256::digest(fs::read(file)?)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        writeln!(
            list,
            "    File {{ path: {name:?}, content_type: {content_type:?}, sha256: {sha256:?}, bytes: include_bytes!({file:?}), brotli: {brotli} }},",
        )
        .expect("a text takes everything");
    }
    list.push(']');
    fs::write(Path::new(&out).join("files.rs"), list)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

fn ending(file: &Path) -> &str {
    file.extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default()
}
