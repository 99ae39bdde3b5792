//! What other web servers need to serve the wallet as the mint does: settings for nginx and for Caddy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use farthing_wallet_dist::{FILES, headers};

use super::{FOLDER, VERSION};

type Headers = Vec<(&'static str, &'static str)>;

/// The headers of the files: those that most have, and the files with others.
struct Hosted {
    most: Headers,
    others: Vec<(&'static str, Headers)>,
    /// Content types by the ending of a file's name; empty for a name without one.
    types: BTreeMap<&'static str, &'static str>,
}

impl Hosted {
    fn new() -> Self {
        let all = FILES.iter();
        let all: Vec<(_, Headers)> = all
            .map(|file| (file.path, headers(file.path).collect()))
            .collect();
        let count = |headers: &Headers| all.iter().filter(|(_, other)| other == headers).count();
        let most = all.iter().map(|(_, headers)| headers);
        let most = most.max_by_key(|headers| count(headers));
        let most = most.cloned().unwrap_or_default();
        let types = FILES
            .iter()
            .map(|file| (ending(file.path), file.content_type));
        Self {
            types: types.collect(),
            others: all
                .into_iter()
                .filter(|(_, headers)| *headers != most)
                .collect(),
            most,
        }
    }
}

/// Returns what stands behind the last dot of a file's name.
fn ending(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The paths of files whose names have no ending, each after a space.
fn without_ending() -> String {
    let files = FILES.iter().filter(|file| ending(file.path).is_empty());
    files
        .map(|file| format!(" /{FOLDER}/{}", file.path))
        .collect()
}

/// A value in the quotation marks of both servers' settings.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Settings for nginx, to be included in a `server` block.
pub(super) fn nginx(dir: &Path) -> String {
    let hosted = Hosted::new();
    let root = quoted(&dir.display().to_string());
    let mut common = format!("    root {root};\n    index index.html;\n    access_log off;\n");
    if let Some(other) = hosted.types.get("") {
        common += &format!("    default_type {};\n", quoted(other));
    }
    common += "    types {\n";
    for (ending, content_type) in hosted.types.iter().filter(|(ending, _)| !ending.is_empty()) {
        common += &format!("        {} {ending};\n", quoted(content_type));
    }
    let packed = FILES.iter().filter(|file| file.brotli.is_some());
    let packed = packed.filter_map(|file| file.content_type.split(';').next());
    // Always packed, and not to be named again.
    let packed: BTreeSet<_> = packed.filter(|packed| *packed != "text/html").collect();
    let packed = packed.into_iter().collect::<Vec<_>>().join(" ");
    common += &format!("    }}\n    gzip on;\n    gzip_vary on;\n    gzip_types {packed};\n");
    let location = |matcher: &str, headers: &Headers| {
        let lines = headers.iter().map(|(name, value)| {
            let value = quoted(value);
            format!("    add_header {name} {value} always;\n")
        });
        format!(
            "location {matcher} {{\n{common}{}}}\n",
            lines.collect::<String>()
        )
    };
    let mut text = format!(
        "# The browser's wallet of Farthing, version {VERSION}, at /{FOLDER}/ of a server with TLS.\n\
         # nginx packs it with gzip. With the module ngx_brotli, write \"brotli_static on;\" for \"gzip on;\".\n\
         location = /{FOLDER} {{ return 308 /{FOLDER}/; }}\n"
    );
    text += &location(&format!("^~ /{FOLDER}/"), &hosted.most);
    for (path, headers) in &hosted.others {
        text += &location(&format!("= /{FOLDER}/{path}"), headers);
    }
    text
}

/// Settings for Caddy, to be imported in a site block.
pub(super) fn caddy(dir: &Path) -> String {
    let hosted = Hosted::new();
    let root = quoted(&dir.display().to_string());
    let mut text = format!(
        "# The browser's wallet of Farthing, version {VERSION}, at /{FOLDER}/ of a site with TLS.\n\
         redir /{FOLDER} /{FOLDER}/ 308\n\
         handle /{FOLDER}/* {{\n\troot * {root}\n"
    );
    let mut rule = |name: &str, matcher: &str, headers: &[(&str, &str)]| {
        let _ = writeln!(text, "\t@{name} {matcher}\n\theader @{name} {{");
        for (header, value) in headers {
            let _ = writeln!(text, "\t\t{header} {}", quoted(value));
        }
        text += "\t}\n";
    };
    for (ending, content_type) in &hosted.types {
        let matcher = match *ending {
            "" => format!("path{}", without_ending()),
            ending => format!("path *.{ending}"),
        };
        let headers = [("content-type", *content_type)];
        rule(&format!("farthing_type_{ending}"), &matcher, &headers);
    }
    let mut paths = String::new();
    for (number, (path, headers)) in hosted.others.iter().enumerate() {
        let path = format!("/{FOLDER}/{path}");
        rule(
            &format!("farthing_{number}"),
            &format!("path {path}"),
            headers,
        );
        paths += &format!(" {path}");
    }
    rule("farthing_others", &format!("not path{paths}"), &hosted.most);
    text + "\tfile_server {\n\t\tprecompressed br\n\t}\n}\n"
}
