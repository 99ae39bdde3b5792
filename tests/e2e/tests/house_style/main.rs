//! The house's style and ARCHITECTURE.md's invariants, checked on the workspace's own sources.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod documents;
mod imports;
mod layers;
mod sources;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use sources::{Source, is_test_only, members, read_toml, sources};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// The files' breaches of one rule together, so that one run shows all of them.
fn nothing_breaks(rule: &str, check: impl Fn(&Source) -> Vec<String>) {
    let breaches: Vec<String> = sources().iter().flat_map(check).collect();
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

/// Lines of a file without its `#[cfg(test)] mod … { … }` blocks.
fn lines_without_tests(source: &Source) -> usize {
    let test_lines: usize = source
        .parse()
        .items
        .iter()
        .filter_map(|item| {
            let syn::Item::Mod(module) = item else {
                return None;
            };
            is_test_only(&module.attrs).then(|| module.span())
        })
        .map(|span| span.end().line - span.start().line + 1)
        .sum();
    source.text.lines().count() - test_lines
}

fn too_long_a_file(source: &Source) -> Vec<String> {
    if source.is_test() {
        return Vec::new();
    }
    let lines = lines_without_tests(source);
    let breach = format!("{}:1: {lines} lines", source.path);
    (lines > FILE_LINES_MAX)
        .then_some(breach)
        .into_iter()
        .collect()
}

/// Collects functions that are too long, from the line of their signature to their last.
struct LongFunctions<'a> {
    path: &'a str,
    found: Vec<String>,
}

impl LongFunctions<'_> {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let start = signature.span().start().line;
        let lines = block.span().end().line - start + 1;
        if lines > FUNCTION_LINES_MAX {
            let (path, name) = (self.path, &signature.ident);
            self.found
                .push(format!("{path}:{start}: {name}, {lines} lines"));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn too_long_functions(source: &Source) -> Vec<String> {
    let mut functions = LongFunctions {
        path: &source.path,
        found: Vec::new(),
    };
    functions.visit_file(&source.parse());
    functions.found
}

/// SQL in the mint outside its store.
fn sql_outside_the_store(source: &Source) -> Vec<String> {
    let inside = ["mint/src/store/", "mint/src/store.rs"];
    let concerns = source.path.starts_with("mint/src/");
    if !concerns || inside.iter().any(|path| source.path.starts_with(path)) {
        return Vec::new();
    }
    const SQL: [&str; 7] = [
        "SELECT ",
        "INSERT INTO",
        "UPDATE ",
        "DELETE FROM",
        "CREATE TABLE",
        "PRAGMA ",
        "BEGIN IMMEDIATE",
    ];
    source.find(|word| word == "rusqlite" || SQL.iter().any(|sql| word.contains(sql)))
}

/// Private keys in the mint outside its keyring.
fn keys_outside_the_keyring(source: &Source) -> Vec<String> {
    let concerns = source.path.starts_with("mint/src/");
    if !concerns || source.path.starts_with("mint/src/keyring") {
        return Vec::new();
    }
    source.find(|word| word == "SecretKey")
}

/// Files, sockets, clocks, threads and the environment in the protocol.
fn input_and_output_in_the_protocol(source: &Source) -> Vec<String> {
    if !source.path.starts_with("protocol/src/") {
        return Vec::new();
    }
    const FORBIDDEN: [&str; 7] = [
        "SystemTime",
        "Instant",
        "TcpStream",
        "TcpListener",
        "File",
        "tokio",
        "async",
    ];
    let mut found = source.find(|word| FORBIDDEN.contains(&word));
    const MODULES: [&str; 7] = ["env", "fs", "io", "net", "process", "thread", "time"];
    for pair in source.words().windows(2) {
        let (line, module) = &pair[1];
        if pair[0].1 == "std" && MODULES.contains(&module.as_str()) {
            found.push(format!("{}:{line}: std::{module}", source.path));
        }
    }
    found
}

/// Prints that panic when what they print cannot be written.
fn prints_that_panic(source: &Source) -> Vec<String> {
    const PROGRAMS: [&str; 6] = [
        "client/src/",
        "mint/src/",
        "paywall/src/",
        "publisher/src/",
        "service/src/",
        "wallet/src/",
    ];
    if !PROGRAMS
        .iter()
        .any(|program| source.path.starts_with(program))
    {
        return Vec::new();
    }
    source.find(|word| ["print", "println", "eprint", "eprintln"].contains(&word))
}

#[test]
fn no_program_panics_because_it_cannot_print() {
    let rule =
        "lines for people are written by farthing_service::say, or with their error looked at";
    nothing_breaks(rule, prints_that_panic);
}

/// JSON from outside that is not read by `protocol/src/json.rs`, and so takes an array for an object.
fn lenient_json(source: &Source) -> Vec<String> {
    const PRODUCT: [&str; 9] = [
        "client",
        "mint",
        "paywall",
        "protocol",
        "publisher",
        "service",
        "wallet",
        "wallet-cli",
        "wallet-web",
    ];
    let concerns = PRODUCT.iter().any(|package| {
        let rest = source.path.strip_prefix(package);
        rest.is_some_and(|rest| rest.starts_with("/src/"))
    });
    if !concerns || source.is_test() || source.path == "protocol/src/json.rs" {
        return Vec::new();
    }
    // Tests stand at a file's end.
    let product = source.text.split("#[cfg(test)]\nmod ").next();
    let product = Source {
        path: source.path.clone(),
        text: product.unwrap_or_default().to_owned(),
    };
    const READERS: [&str; 3] = ["from_slice", "from_str", "from_reader"];
    let words = product.words();
    let pairs = words
        .windows(2)
        .filter(|pair| pair[0].1 == "serde_json" && READERS.contains(&pair[1].1.as_str()));
    pairs
        .map(|pair| format!("{}:{}: serde_json::{}", source.path, pair[1].0, pair[1].1))
        .collect()
}

#[test]
fn files_hold_one_idea() {
    let rule = format!("files have {FILE_LINES_MAX} lines at the most, tests aside");
    nothing_breaks(&rule, too_long_a_file);
}

#[test]
fn functions_fit_a_screen() {
    let rule = format!("functions have {FUNCTION_LINES_MAX} lines at the most");
    nothing_breaks(&rule, too_long_functions);
}

#[test]
fn only_the_mints_store_speaks_sql() {
    nothing_breaks("only mint/src/store speaks SQL", sql_outside_the_store);
}

#[test]
fn only_the_mints_keyring_holds_private_keys() {
    let rule = "only mint/src/keyring names SecretKey";
    nothing_breaks(rule, keys_outside_the_keyring);
}

#[test]
fn json_is_read_strictly() {
    let rule = "JSON is read by farthing_protocol::json, which takes no array for an object";
    nothing_breaks(rule, lenient_json);
}

#[test]
fn the_protocol_does_no_input_and_output() {
    let rule = "the protocol is pure";
    nothing_breaks(rule, input_and_output_in_the_protocol);
    let manifest = read_toml("protocol/Cargo.toml");
    let dependencies = manifest["dependencies"].as_table().unwrap();
    assert!(!dependencies.is_empty());
    for name in ["axum", "getrandom", "hyper", "reqwest", "rusqlite", "tokio"] {
        assert!(!dependencies.contains_key(name), "{name} in the protocol");
    }
}

#[test]
fn every_package_opts_in_to_the_workspaces_lints() {
    let workspace = read_toml("Cargo.toml");
    assert_eq!(
        workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
    // What wasm_bindgen writes is unsafe code that allows itself, which a forbidden lint cannot be.
    let mut of_wallet_web = workspace["workspace"]["lints"].clone();
    of_wallet_web["rust"]["unsafe_code"] = "deny".into();
    for member in members() {
        let manifest = read_toml(&format!("{member}/Cargo.toml"));
        if member == "wallet-web" {
            assert_eq!(manifest["lints"], of_wallet_web, "{member}/Cargo.toml");
            continue;
        }
        let lints = manifest.get("lints").and_then(|l| l.get("workspace"));
        let opted_in = lints.and_then(toml::Value::as_bool);
        assert_eq!(
            opted_in,
            Some(true),
            "{member}/Cargo.toml: [lints] workspace = true"
        );
    }
}

#[test]
fn the_walk_sees_the_sources() {
    let sources = sources();
    let has = |path: &str| sources.iter().any(|s| s.path == path);
    assert!(has("protocol/src/lib.rs"));
    assert!(has("protocol/src/suite/ristretto255.rs"));
    assert!(has("tests/e2e/tests/house_style/main.rs"));
    assert!(!sources.iter().any(|s| s.path.contains("target/")));
    for member in members() {
        let prefix = format!("{member}/");
        assert!(
            sources.iter().any(|s| s.path.starts_with(&prefix)),
            "{member}"
        );
    }
}

mod the_checks_find {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn files_that_are_too_long() {
        let line = "const A: u8 = 0;\n";
        let most = line.repeat(FILE_LINES_MAX);
        let over = format!("{most}{line}");
        assert!(too_long_a_file(&source("mint/src/a.rs", &most)).is_empty());
        let found = too_long_a_file(&source("mint/src/a.rs", &over));
        assert_eq!(found, ["mint/src/a.rs:1: 501 lines"]);
        for test in [
            "mint/src/a_tests.rs",
            "mint/tests/a.rs",
            "tests/testkit/src/a.rs",
        ] {
            assert!(too_long_a_file(&source(test, &over)).is_empty(), "{test}");
        }
        let with_tests = format!("{most}#[cfg(test)]\nmod tests {{\n{over}}}\n");
        assert!(too_long_a_file(&source("mint/src/a.rs", &with_tests)).is_empty());
        let with_more = format!("{most}#[cfg(unix)]\nmod more {{\n{line}}}\n");
        assert_eq!(
            too_long_a_file(&source("mint/src/a.rs", &with_more)).len(),
            1
        );
    }

    #[test]
    fn functions_that_are_too_long() {
        let body = |lines: usize| format!("fn f() {{\n{}}}\n", "();\n".repeat(lines - 2));
        let find = |text: &str| too_long_functions(&source("a.rs", text)).len();
        assert_eq!(find(&body(FUNCTION_LINES_MAX)), 0);
        let over = body(FUNCTION_LINES_MAX + 1);
        assert_eq!(find(&over), 1);
        assert_eq!(find(&format!("/// Says much.\n#[test]\n{over}")), 1);
        assert_eq!(find(&format!("impl A {{\n{over}}}")), 1);
        assert_eq!(find(&format!("trait A {{\n{over}}}")), 1);
        assert_eq!(find(&format!("mod a {{ fn g() {{ {over} }} }}")), 2);
        let found = too_long_functions(&source("a.rs", &format!("\n{over}")));
        assert_eq!(found, ["a.rs:2: f, 71 lines"]);
    }

    #[test]
    fn sql_in_the_wrong_place() {
        let find = |path: &str, text: &str| sql_outside_the_store(&source(path, text));
        let query = r#"const A: &str = "SELECT 1";"#;
        assert_eq!(
            find("mint/src/a.rs", query),
            [r#"mint/src/a.rs:1: "SELECT 1""#]
        );
        let found = find("mint/src/a.rs", "\nuse rusqlite::Error;");
        assert_eq!(found, ["mint/src/a.rs:2: rusqlite"]);
        assert!(find("mint/src/store/a.rs", query).is_empty());
        assert!(find("wallet/src/a.rs", query).is_empty());
        assert!(find("mint/src/a.rs", "// rusqlite\nfn select() {}").is_empty());
    }

    #[test]
    fn prints() {
        let find = |path: &str, text: &str| prints_that_panic(&source(path, text));
        let text = "fn f() { eprintln!(\"x\"); }";
        assert_eq!(find("mint/src/a.rs", text), ["mint/src/a.rs:1: eprintln"]);
        assert!(find("mint/src/a.rs", "// eprintln!").is_empty());
        assert!(find("tests/testkit/src/a.rs", text).is_empty());
    }

    #[test]
    fn private_keys_in_the_wrong_place() {
        let find = |path: &str, text: &str| keys_outside_the_keyring(&source(path, text));
        let text = "struct A { key: SecretKey }";
        assert_eq!(find("mint/src/a.rs", text), ["mint/src/a.rs:1: SecretKey"]);
        assert!(find("mint/src/keyring.rs", text).is_empty());
        assert!(find("mint/src/keyring/a.rs", text).is_empty());
        assert!(find("protocol/src/a.rs", text).is_empty());
    }

    #[test]
    fn json_that_is_read_leniently() {
        let find = |path: &str, text: &str| lenient_json(&source(path, text));
        let text = "fn a() { serde_json::from_slice(b) }";
        assert_eq!(
            find("wallet/src/a.rs", text),
            ["wallet/src/a.rs:1: serde_json::from_slice"]
        );
        assert!(find("wallet/src/a_tests.rs", text).is_empty());
        assert!(find("tests/testkit/src/a.rs", text).is_empty());
        assert!(find("protocol/src/json.rs", text).is_empty());
        let test = format!("#[cfg(test)]\nmod tests {{ {text} }}");
        assert!(find("mint/src/a.rs", &test).is_empty());
        assert!(find("mint/src/a.rs", "fn a() { serde_json::to_vec(b) }").is_empty());
        assert!(find("mint/src/a.rs", "fn a() { json::from_slice(b) }").is_empty());
    }

    #[test]
    fn input_and_output() {
        let find = |path: &str, text| input_and_output_in_the_protocol(&source(path, text)).len();
        assert_eq!(find("protocol/src/a.rs", "use std::fs;"), 1);
        assert_eq!(
            find("protocol/src/a.rs", "fn a() { std::time::Instant::now(); }"),
            2
        );
        assert_eq!(find("protocol/src/a.rs", "use std::fmt; // std::fs"), 0);
        assert_eq!(find("mint/src/a.rs", "use std::fs;"), 0);
    }
}
