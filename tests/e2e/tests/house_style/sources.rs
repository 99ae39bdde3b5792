//! The workspace's own sources, as the checks read them.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// One source file of the workspace, its path relative to the workspace's root with `/` in it.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Returns whether all of it is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("_tests.rs") || self.path.split('/').any(|part| part == "tests")
    }

    pub(crate) fn parse(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|e| panic!("{}: {e}", self.path))
    }

    /// All identifiers and literals as text, with their lines. Comments are not among them; a doc
    /// comment is one literal.
    pub(crate) fn words(&self) -> Vec<(usize, String)> {
        fn collect(tokens: TokenStream, into: &mut Vec<(usize, String)>) {
            for token in tokens {
                let line = token.span().start().line;
                match token {
                    TokenTree::Group(group) => collect(group.stream(), into),
                    TokenTree::Ident(word) => into.push((line, word.to_string())),
                    TokenTree::Literal(word) => into.push((line, word.to_string())),
                    TokenTree::Punct(_) => {}
                }
            }
        }
        let tokens = self.text.parse();
        let mut words = Vec::new();
        collect(
            tokens.unwrap_or_else(|e| panic!("{}: {e}", self.path)),
            &mut words,
        );
        words
    }

    /// `path:line: word` for each word that `wrong` finds.
    pub(crate) fn find(&self, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        let words = self.words().into_iter();
        words
            .filter(|(_, word)| wrong(word))
            .map(|(line, word)| format!("{}:{line}: {word}", self.path))
            .collect()
    }
}

/// Returns whether an item is compiled for tests alone: `#[cfg(test)]`.
pub(crate) fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.parse_args::<syn::Path>();
        attribute.path().is_ident("cfg") && condition.is_ok_and(|c| c.is_ident("test"))
    })
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub(crate) fn read_toml(path: &str) -> toml::Table {
    read(path).parse().unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The workspace's packages, by their folders.
pub(crate) fn members() -> Vec<String> {
    let manifest = read_toml("Cargo.toml");
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let name = |member: &toml::Value| member.as_str().unwrap().to_owned();
    members.iter().map(name).collect()
}

/// The files below `folder` whose names end in `.ending`, in order, and not those that are built or fetched.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 4] = [".git", "node_modules", "target", "venv"];
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::path);
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
                found.extend(files(&path, ending));
            }
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found
}

/// All pages in Markdown, with their paths from the workspace's root.
pub(crate) fn documents() -> Vec<(PathBuf, String)> {
    let page = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().to_owned(), text)
    };
    files(&root(), "md").into_iter().map(page).collect()
}

/// All Rust files of all packages.
pub(crate) fn sources() -> Vec<Source> {
    let source = |path: PathBuf| {
        let relative = path.strip_prefix(root()).unwrap();
        let parts: Vec<_> = relative.iter().map(|p| p.to_str().unwrap()).collect();
        Source {
            path: parts.join("/"),
            text: fs::read_to_string(&path).unwrap(),
        }
    };
    let packages = members().into_iter().map(|member| root().join(member));
    packages
        .flat_map(|package| files(&package, "rs"))
        .map(source)
        .collect()
}
