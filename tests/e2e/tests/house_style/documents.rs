//! The links of the documents lead somewhere.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::sources::{documents, root, sources};

/// Lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines.filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// The targets of `[text](target)`, with the numbers of their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let targets = |(number, line): (usize, &str)| {
        let parts = line.split("](").skip(1);
        let ends = parts.filter_map(|part| part.split_once(')'));
        ends.map(|(target, _)| (number, target.to_owned()))
            .collect::<Vec<_>>()
    };
    prose(text).flat_map(targets).collect()
}

/// The anchors that GitHub makes of a page's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter_map(|(_, line)| line.strip_prefix('#'));
    let slug = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

/// `folder/../page.md` without its `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}

#[test]
fn links_lead_to_pages_and_headings_that_are_there() {
    let documents: BTreeMap<PathBuf, String> = documents().into_iter().collect();
    assert!(documents.len() > 40, "{} documents", documents.len());
    let mut broken = Vec::new();
    let mut checked = 0;
    for (page, text) in &documents {
        for (line, link) in links(text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                page.clone()
            } else {
                normal(&page.parent().unwrap().join(path))
            };
            let is_there = match documents.get(&target) {
                Some(text) => anchor.is_empty() || anchors(text).contains(&anchor.to_owned()),
                None => root().join(&target).exists(),
            };
            if !is_there {
                broken.push(format!("{}:{line}: {link}", page.display()));
            }
        }
    }
    assert!(checked > 100, "{checked} links");
    assert!(
        broken.is_empty(),
        "links that lead nowhere:\n{}",
        broken.join("\n")
    );
}

/// The paths in backticks that name a Rust file or a folder.
fn named_files(text: &str) -> Vec<String> {
    let quoted = prose(text).flat_map(|(_, line)| line.split('`').skip(1).step_by(2));
    let is_path = |word: &&str| {
        let is_word = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
        is_word && (word.ends_with(".rs") || (word.contains('/') && word.ends_with('/')))
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

#[test]
fn files_that_the_architecture_names_are_there() {
    let text = crate::sources::read("ARCHITECTURE.md");
    let files: Vec<String> = sources()
        .into_iter()
        .map(|source| format!("/{}", source.path))
        .collect();
    let is_there = |name: &String| {
        let file = format!("/{name}");
        let folder = file.trim_end_matches('/');
        let in_a_source = files
            .iter()
            .any(|path| path.ends_with(&file) || path.contains(&format!("{folder}/")));
        in_a_source || root().join(name).exists()
    };
    let named = named_files(&text);
    assert!(named.len() > 80, "{} files", named.len());
    let missing: Vec<_> = named.into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names {missing:?}");
}

#[test]
fn links_and_headings_are_found() {
    let text = "# A page: `code`, and more\n[a](b.md#c) and [d](#e)\n```\n# no heading\n[x](y)\n```\n## Two-part 1.2";
    assert_eq!(
        links(text),
        [(2, "b.md#c".to_owned()), (2, "#e".to_owned())]
    );
    assert_eq!(anchors(text), ["a-page-code-and-more", "two-part-12"]);
    let text = "`a/b.rs`, `c/` and `d()`, `/v1/e`, `f.md`";
    assert_eq!(named_files(text), ["a/b.rs", "c/"]);
}
