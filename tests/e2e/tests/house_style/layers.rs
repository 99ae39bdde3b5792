//! What may know what: no circles, and the tables of ARCHITECTURE.md.

use std::collections::BTreeMap;

use crate::imports::{Imports, name};
use crate::sources::{members, read, read_toml, sources};

/// The cells of each row of the table whose head begins with `head`.
fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let from = document.lines().skip_while(|line| !line.starts_with(head));
    let rows = from.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        row.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    rows.map(cells).collect()
}

/// The words in backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn no_package_has_a_circle_of_imports() {
    let sources = sources();
    let mut found = Vec::new();
    for member in members() {
        let imports = Imports::of(&member, &sources);
        found.extend(
            imports
                .circles()
                .iter()
                .map(|circle| format!("{member}: {}", circle.join(" <-> "))),
        );
    }
    assert!(
        found.is_empty(),
        "circles of imports:\n{}",
        found.join("\n")
    );
}
