//! Which module of a package uses which, read from its sources.
//!
//! A module is a file. Its path is that of its file below `src/`: `store/batch.rs` is `store::batch`, and `lib.rs`,
//! `main.rs` and `mod.rs` stand for their folder. A file uses another if it names something in it, through `crate::…`,
//! `super::…`, `self::…` or a child module's name. Whoever names what a module only passes on (`pub use`) uses the module
//! that it comes from; passing on is no use. Test code does not count.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use crate::sources::{Source, is_test_only};

/// Names that are passed on more often than this are not followed.
const HOPS_MAX: usize = 8;

/// A module's path within its package, without `crate`. The root is empty.
pub(crate) type Module = Vec<String>;

/// The modules of one package, with what each uses of the package and which other crates it names.
pub(crate) struct Imports {
    /// Edges from a module to a module of the same package.
    pub(crate) uses: BTreeMap<Module, BTreeSet<Module>>,
    /// The first segments of the paths that lead out of the package.
    pub(crate) crates: BTreeMap<Module, BTreeSet<String>>,
}

/// What a file says, not resolved yet.
#[derive(Default)]
struct Spoken {
    /// Paths that the file names, with the module in it that names them.
    paths: Vec<Vec<String>>,
    /// Names that the file's `use` lines bring in: paths that begin with one lead nowhere else.
    brought_in: BTreeSet<String>,
    /// What the file passes on: its name here, and where it comes from.
    passed_on: Vec<(String, Vec<String>)>,
}

/// The module of a file, if it is one of the package's.
fn module_of(folder: &str, path: &str) -> Option<Module> {
    let rest = path.strip_prefix(folder)?.strip_prefix("/src/")?;
    let mut module: Module = rest.split('/').map(str::to_owned).collect();
    let file = module.pop()?;
    let stem = file.strip_suffix(".rs")?;
    if !["lib", "main", "mod"].contains(&stem) {
        module.push(stem.to_owned());
    }
    Some(module)
}

fn leaves(tree: &syn::UseTree, before: &[String], into: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, &with(&path.ident), into),
        syn::UseTree::Name(name) if name.ident == "self" => {
            into.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
        }
        syn::UseTree::Name(name) => into.push((name.ident.to_string(), with(&name.ident))),
        syn::UseTree::Rename(rename) => into.push((rename.rename.to_string(), with(&rename.ident))),
        syn::UseTree::Glob(_) => into.push(("*".to_owned(), before.to_vec())),
        syn::UseTree::Group(group) => {
            for item in &group.items {
                leaves(item, before, into);
            }
        }
    }
}

/// Collects the paths of one file.
struct Reader {
    /// The modules written out in the file around the place that is read.
    inside: Vec<String>,
    spoken: Spoken,
}

impl Reader {
    fn path(&mut self, mut path: Vec<String>) {
        // `super` in a module that is written out in the file leads to the file itself.
        for _ in 0..self.inside.len() {
            if path.first().is_some_and(|first| first == "super") {
                path.remove(0);
                if path.first().is_none_or(|first| first != "super") {
                    path.insert(0, "self".to_owned());
                }
            }
        }
        self.spoken.paths.push(path);
    }

    /// `crate::a::b` and `super::a` in what a macro is given, which is no syntax tree.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => {
                    path.push(word.to_string())
                }
                TokenTree::Ident(word) => {
                    self.token_path(std::mem::replace(&mut path, vec![word.to_string()]));
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.token_path(std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.token_path(std::mem::take(&mut path))
                }
            }
            colons = 0;
        }
        self.token_path(path);
    }

    fn token_path(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.path(path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.inside.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.inside.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = Vec::new();
        leaves(&item.tree, &[], &mut found);
        let passes_on = !matches!(item.vis, syn::Visibility::Inherited);
        for (name, path) in found {
            if path.len() > 1 {
                self.spoken.brought_in.insert(name.clone());
            }
            if passes_on && self.inside.is_empty() {
                self.spoken.passed_on.push((name, path));
            } else {
                self.path(path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        self.path(segments.collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

/// The files of one package, read and not resolved yet.
struct Package(BTreeMap<Module, Spoken>);

impl Package {
    /// The path from the package's root that `path` stands for in `module`; `None` if it leads out of the package.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module.as_slice(), rest].concat()),
            "super" => {
                let mut parent = module.clone();
                parent.pop();
                if rest.first().is_some_and(|next| next == "super") {
                    return self.absolute(&parent, rest);
                }
                Some([parent.as_slice(), rest].concat())
            }
            _ => {
                let passed_on = self
                    .0
                    .get(module)
                    .into_iter()
                    .flat_map(|spoken| &spoken.passed_on);
                for (name, from) in passed_on {
                    if name == first && from.first() != Some(first) {
                        return self.absolute(module, from);
                    }
                }
                let child = [module.as_slice(), std::slice::from_ref(first)].concat();
                let is_child = self.0.contains_key(&child);
                is_child.then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// The file that has what the absolute `path` names, through all that is passed on.
    fn home(&self, path: &[String], hops: usize) -> Option<Module> {
        let mut module = path.to_vec();
        while !self.0.contains_key(&module) {
            module.pop()?;
        }
        let name = path.get(module.len());
        let passed_on = name.and_then(|name| {
            let mut passed_on = self.0[&module].passed_on.iter();
            passed_on.find(|(passed, _)| passed == name)
        });
        if let (Some((_, from)), true) = (passed_on, hops > 0)
            && let Some(from) = self.absolute(&module, from)
        {
            return self.home(&from, hops - 1);
        }
        Some(module)
    }
}

impl Imports {
    /// Reads the sources of the package in `folder`.
    pub(crate) fn of(folder: &str, sources: &[Source]) -> Self {
        let mut package = Package(BTreeMap::new());
        for source in sources.iter().filter(|source| !source.is_test()) {
            let Some(module) = module_of(folder, &source.path) else {
                continue;
            };
            let mut reader = Reader {
                inside: Vec::new(),
                spoken: Spoken::default(),
            };
            reader.visit_file(&source.parse());
            // A package with a library and a program has two roots: one room.
            let spoken = package.0.entry(module).or_default();
            spoken.paths.extend(reader.spoken.paths);
            spoken.passed_on.extend(reader.spoken.passed_on);
            spoken.brought_in.extend(reader.spoken.brought_in);
        }
        let mut imports = Self {
            uses: BTreeMap::new(),
            crates: BTreeMap::new(),
        };
        for (module, spoken) in &package.0 {
            let uses = imports.uses.entry(module.clone()).or_default();
            let crates = imports.crates.entry(module.clone()).or_default();
            // A name alone is a local one, or one that this file passes on.
            let is_passed_on =
                |word: &String| spoken.passed_on.iter().any(|(name, _)| name == word);
            let leads_on = |path: &&Vec<String>| path.len() > 1 || path.iter().any(is_passed_on);
            for path in spoken.paths.iter().filter(leads_on) {
                match package.absolute(module, path) {
                    Some(absolute) => uses.extend(package.home(&absolute, HOPS_MAX)),
                    None => crates.extend(
                        path.first()
                            .filter(|first| !spoken.brought_in.contains(*first))
                            .cloned(),
                    ),
                }
            }
            let from_outside = spoken.passed_on.iter().map(|(_, path)| path);
            let from_outside = from_outside.filter(|path| package.absolute(module, path).is_none());
            crates.extend(from_outside.filter_map(|path| path.first().cloned()));
            uses.remove(module);
        }
        imports
    }

    /// Groups of modules that use each other in a circle, files first, then the rooms of each folder: a room is a file
    /// with the folder of its name. A file may use the file that its own folder belongs to: the two are one room.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let edges = self.uses.iter().map(|(from, to)| {
            let to = to.iter().filter(|to| !from.starts_with(to));
            (name(from), to.map(name).collect())
        });
        let mut found = circles(&edges.collect());
        let folders: BTreeSet<Module> = self
            .uses
            .keys()
            .flat_map(|module| (0..module.len()).map(|n| module[..n].to_vec()))
            .collect();
        for folder in folders {
            let room = |module: &Module| {
                let inside = module.len() > folder.len() && module.starts_with(&folder);
                inside.then(|| name(&module[..=folder.len()]))
            };
            let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (from, to) in &self.uses {
                let Some(from) = room(from) else { continue };
                let to = to.iter().filter_map(room).filter(|to| *to != from);
                rooms
                    .entry(from.clone())
                    .or_default()
                    .extend(to.collect::<Vec<_>>());
            }
            for circle in circles(&rooms) {
                if !found.contains(&circle) {
                    found.push(circle);
                }
            }
        }
        found
    }
}

/// `store::batch`; the root is `crate`.
pub(crate) fn name(module: impl AsRef<[String]>) -> String {
    let module = module.as_ref();
    if module.is_empty() {
        "crate".to_owned()
    } else {
        module.join("::")
    }
}

/// The strongly connected components of more than one node.
fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            for next in edges.get(node).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        edges.keys().map(|node| (node, reach(node))).collect();
    let mut found: Vec<Vec<String>> = Vec::new();
    for (node, beyond) in &reached {
        let others = beyond
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(node)));
        let circle: Vec<String> = others.map(|other| (*other).clone()).collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Imports {
        let source = |(path, text): &(&str, &str)| Source {
            path: format!("p/src/{path}"),
            text: (*text).to_owned(),
        };
        Imports::of("p", &files.iter().map(source).collect::<Vec<_>>())
    }

    fn uses(files: &[(&str, &str)], module: &str) -> Vec<String> {
        let imports = imports(files);
        let (_, uses) = imports
            .uses
            .iter()
            .find(|(from, _)| name(from) == module)
            .unwrap();
        uses.iter().map(name).collect()
    }

    #[test]
    fn uses_are_found_however_they_are_written() {
        let others = [
            ("b.rs", "pub struct B;"),
            ("c/mod.rs", "mod d;"),
            ("c/d.rs", "pub fn d() {}"),
        ];
        for text in [
            "use crate::b::B;",
            "use crate::{b::{self, B}, missing::C};",
            "use super::b;",
            "fn a() { crate::b::b(); }",
            "fn a(b: &super::b::B) {}",
            "fn a() { println!(\"{}\", crate::b::B); }",
            "mod e { use super::super::b::B; }",
        ] {
            let files = [&[("a.rs", text)], &others[..]].concat();
            let found = uses(&files, "a");
            assert!(found.contains(&"b".to_owned()), "{text}: {found:?}");
        }
        let files = [&[("a.rs", "use crate::c::d::d;")], &others[..]].concat();
        assert_eq!(uses(&files, "a"), ["c::d"]);
        let files = [&[("c/e.rs", "use super::d::d;")], &others[..]].concat();
        assert_eq!(uses(&files, "c::e"), ["c::d"]);
    }

    #[test]
    fn what_is_no_use_is_not_found() {
        let others = [("b.rs", "pub struct B;")];
        for text in [
            "mod b;",
            "#[cfg(test)] mod tests { use crate::b::B; }",
            "// use crate::b::B;",
            "fn a(b: u8) -> u8 { b }",
            "use std::b::B;",
        ] {
            let files = [&[("a.rs", text)], &others[..]].concat();
            assert!(uses(&files, "a").is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_passed_on_counts_where_it_comes_from() {
        let files = [
            ("lib.rs", "pub use a::A;"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "use crate::A;"),
        ];
        assert_eq!(uses(&files, "b"), ["a"]);
        assert!(uses(&files, "crate").is_empty());
        let files = [("lib.rs", "pub use a::A; fn f() { A::new(); }"), files[1]];
        assert_eq!(uses(&files, "crate"), ["a"]);
    }

    #[test]
    fn other_crates_are_found() {
        let files = [
            ("a.rs", "use hex::encode; fn a(c: axum::Router) { b::c(); }"),
            ("b.rs", ""),
        ];
        let imports = imports(&files);
        let crates = &imports.crates[&vec!["a".to_owned()]];
        assert!(crates.contains("hex") && crates.contains("axum") && !crates.contains("encode"));
    }

    #[test]
    fn circles_of_files_and_of_folders() {
        let circles = |files| imports(files).circles();
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A;"),
        ];
        assert_eq!(circles(&files), [["a", "b", "c"]]);
        assert!(circles(&files[..2]).is_empty());
        // No file uses a file that uses it, but the rooms do.
        let files = [
            ("a/x.rs", "use crate::b::y::Y;"),
            ("a/z.rs", ""),
            ("b/y.rs", ""),
            ("b/w.rs", "use crate::a::z::Z;"),
        ];
        assert_eq!(circles(&files), [["a", "b"]]);
        // A file may use the file that its folder belongs to.
        let files = [
            ("a/mod.rs", "mod x; use x::X;"),
            ("a/x.rs", "use super::A;"),
        ];
        assert!(circles(&files).is_empty());
    }
}
