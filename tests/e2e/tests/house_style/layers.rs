//! What may know what: no circles, and the tables of ARCHITECTURE.md.

use crate::imports::{Imports, name};
use crate::sources::{members, read, read_toml, sources};

#[test]
fn no_package_has_a_circle_of_imports() {
    let sources = sources();
    let mut found = Vec::new();
    for member in members() {
        let circles = Imports::of(&member, &sources).circles();
        let circles = circles
            .iter()
            .map(|c| format!("{member}: {}", c.join(" <-> ")));
        found.extend(circles);
    }
    assert!(
        found.is_empty(),
        "circles of imports:\n{}",
        found.join("\n")
    );
}

/// The cells of the rows of the table in `document` whose head is `head`.
fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let rows = document.lines().skip_while(|line| *line != head).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| {
        row.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    });
    let cells: Vec<Vec<String>> = cells.collect();
    assert!(!cells.is_empty(), "ARCHITECTURE.md has no table {head}");
    cells
}

/// The words in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn packages_depend_on_nothing_that_they_must_not_know() {
    let document = read("ARCHITECTURE.md");
    let rows = table(
        &document,
        "| folder | what it is | what it does not depend on |",
    );
    let folders: Vec<&str> = rows
        .iter()
        .flat_map(|row| quoted(&row[0]))
        .map(|f| f.trim_end_matches('/'))
        .collect();
    for member in members() {
        assert!(
            folders.contains(&member.as_str()),
            "ARCHITECTURE.md has no row for {member}/"
        );
    }
    let mut found = Vec::new();
    for row in &rows {
        let [folder] = quoted(&row[0])[..] else {
            panic!("{row:?}: one folder a row");
        };
        for forbidden in quoted(&row[2]) {
            let manifest = read_toml(&format!("{folder}Cargo.toml"));
            let dependencies = manifest["dependencies"].as_table().unwrap();
            let is_there = dependencies.get(forbidden).is_some_and(|dependency| {
                let is_optional = dependency.get("optional").and_then(toml::Value::as_bool);
                is_optional != Some(true)
            });
            if is_there {
                found.push(format!("{folder} depends on {forbidden}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Checks one package's table: no module in a row's first cell uses a module or a crate in its last.
fn modules_know_only_what_they_may(package: &str, head: &str) {
    let document = read("ARCHITECTURE.md");
    let imports = Imports::of(package, &sources());
    let mut found = Vec::new();
    let is_in = |module: &[String], room: &str| module.first().is_some_and(|first| first == room);
    let is_room = |room: &str| imports.uses.keys().any(|module| is_in(module, room));
    let rows = table(&document, head);
    for row in &rows {
        for room in quoted(&row[0]) {
            let room = room.trim_end_matches('/').trim_end_matches(".rs");
            assert!(
                is_room(room),
                "ARCHITECTURE.md names {room}, and {package} has no such module"
            );
            let inside = imports
                .uses
                .iter()
                .filter(|(module, _)| is_in(module, room));
            for (module, uses) in inside {
                for forbidden in quoted(&row[2]) {
                    let by_module = uses.iter().any(|used| is_in(used, forbidden));
                    if by_module || imports.crates[module].contains(forbidden) {
                        found.push(format!("{package}: {} knows {forbidden}", name(module)));
                    }
                }
            }
        }
    }
    let named: Vec<&str> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    for module in imports.uses.keys().filter_map(|module| module.first()) {
        let is_named = named
            .iter()
            .any(|name| name.trim_end_matches('/').trim_end_matches(".rs") == module);
        assert!(
            is_named,
            "ARCHITECTURE.md has no row for {package}/src/{module}"
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_mints_modules_know_only_what_they_may() {
    modules_know_only_what_they_may("mint", "| module | what it does | what it does not know |");
}

#[test]
fn the_wallets_rooms_know_only_what_they_may() {
    modules_know_only_what_they_may("wallet", "| room | what it does | what it does not know |");
}
