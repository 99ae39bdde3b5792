//! The resource limits of a mint and a paywall, and what happens at each; and that a log which cannot
//! be written stops nothing. docs/how-to/operating.md has the table of bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod bodies;
mod check;
mod connections;
mod exits;
mod logs;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

/// The rows of the tables below `heading` in a document, each with its cells.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document.split_once(&format!("\n{heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && !line.contains("| bound |");
    let cells = |line: &str| {
        line.trim_matches('|')
            .split(" | ")
            .map(str::to_owned)
            .collect()
    };
    section.lines().filter(is_row).map(cells).collect()
}

#[test]
fn every_bound_names_a_test_that_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("../../docs/how-to/operating.md")).unwrap();
    let rows = rows(&document, "## Resource limits");
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        assert_eq!(row.len(), 5, "{row:?}");
        let test = row[4].trim();
        if test == "the same" {
            continue;
        }
        let parts: Vec<&str> = test.split('`').collect();
        let [_, file, _, name, _] = parts[..] else {
            panic!("{test}: not `FILE`: `TEST`");
        };
        let source = std::fs::read_to_string(root.join("tests").join(file)).unwrap();
        assert!(
            source.contains(&format!("fn {name}(")),
            "{file} has no {name}"
        );
    }
}
