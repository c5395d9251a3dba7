//! All modules of the workspace, and which of them each import reaches, through re-exports.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{self, Contents, Import, Kind};

/// The crates, and where their sources are.
pub(crate) const CRATES: [(&str, &str); 4] = [
    ("bearpit_core", "crates/core/src"),
    ("bearpit_agents", "crates/agents/src"),
    ("bearpit_serve", "serve/src"),
    ("bearpit", "src"),
];

/// A module: its crate first, then the names from the crate's root.
pub(crate) type Module = Vec<String>;

#[derive(Debug)]
pub(crate) struct File {
    /// From the workspace's root.
    pub(crate) path: String,
    pub(crate) module: Module,
    /// `mod.rs`, `lib.rs`: stands for its folder.
    pub(crate) is_facade: bool,
    /// Compiled for tests only.
    pub(crate) is_test: bool,
    pub(crate) contents: Contents,
}

/// The modules of all crates.
#[derive(Debug, Default)]
pub(crate) struct House {
    pub(crate) files: Vec<File>,
    modules: BTreeSet<Module>,
    names: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
    globs: BTreeMap<Module, Vec<Vec<String>>>,
    items: BTreeSet<(Module, String)>,
}

/// How many re-exports are followed: more are a circle.
const FOLLOWED_MAX: usize = 16;

impl House {
    /// Reads files: path from the workspace's root, and text.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut house = Self::default();
        for (path, text) in files {
            let Some((module, is_facade)) = module_of(path) else { continue };
            house.add(File {
                path: path.to_owned(),
                module,
                is_facade,
                is_test: false,
                contents: imports::read(text),
            });
        }
        house.mark_tests();
        house
    }

    fn add(&mut self, file: File) {
        self.modules.insert(file.module.clone());
        for inline in &file.contents.inline_modules {
            self.modules.insert(joined(&file.module, inline));
        }
        for (scope, item) in &file.contents.items {
            self.items.insert((joined(&file.module, scope), item.clone()));
        }
        for import in &file.contents.imports {
            let module = joined(&file.module, &import.scope);
            match &import.kind {
                Kind::Mention => {}
                Kind::Use { name, .. } => {
                    self.names.entry(module).or_default().insert(name.clone(), import.path.clone());
                }
                Kind::Glob { .. } => self.globs.entry(module).or_default().push(import.path.clone()),
            }
        }
        self.files.push(file);
    }

    fn mark_tests(&mut self) {
        let guarded: Vec<Module> = self
            .files
            .iter()
            .flat_map(|file| file.contents.test_modules.iter().map(|name| child(&file.module, name)))
            .collect();
        for file in &mut self.files {
            file.is_test = guarded.iter().any(|it| file.module.starts_with(it));
        }
    }

    /// Returns the modules through which an import goes, the one that defines its target last; none where it
    /// is of no crate of ours.
    pub(crate) fn resolve(&self, file: &File, import: &Import) -> Vec<Module> {
        let mut passed = Vec::new();
        self.follow(&joined(&file.module, &import.scope), &import.path, &mut passed, FOLLOWED_MAX);
        passed
    }

    /// Follows a path as it is written in `module`.
    fn follow(&self, module: &Module, path: &[String], passed: &mut Vec<Module>, fuel: usize) -> Option<()> {
        let fuel = fuel.checked_sub(1)?;
        let first = path.first()?.as_str();
        if first == "crate" {
            return self.walk(module[..1].to_vec(), &path[1..], passed, fuel);
        }
        if CRATES.iter().any(|(name, _)| *name == first) {
            return self.walk(vec![first.to_owned()], &path[1..], passed, fuel);
        }
        if first == "self" || first == "super" {
            let ups = path.iter().skip_while(|it| *it == "self").take_while(|it| *it == "super").count();
            let rest = path.iter().position(|it| it != "self" && it != "super").unwrap_or(path.len());
            let up = module.len().checked_sub(ups).filter(|length| *length > 0)?;
            return self.walk(module[..up].to_vec(), &path[rest..], passed, fuel);
        }
        if self.has(module, first, fuel) { self.walk(module.clone(), path, passed, fuel) } else { None }
    }

    /// Returns the path that a name of a module stands for there.
    fn target(&self, module: &Module, name: &str) -> Option<&Vec<String>> {
        self.names.get(module)?.get(name)
    }

    /// Follows names from a module on.
    fn walk(&self, module: Module, path: &[String], passed: &mut Vec<Module>, fuel: usize) -> Option<()> {
        passed.push(module.clone());
        let Some(first) = path.first() else { return Some(()) };
        let inner = child(&module, first);
        if self.modules.contains(&inner) {
            return self.walk(inner, &path[1..], passed, fuel);
        }
        if self.items.contains(&(module.clone(), first.clone())) {
            return Some(());
        }
        if let Some(target) = self.target(&module, first) {
            return self.follow(&module, &joined(target, &path[1..]), passed, fuel);
        }
        let Some(mut through) = self.through_globs(&module, first, fuel) else { return Some(()) };
        passed.append(&mut through);
        let last = passed.last().cloned()?;
        self.walk(last, path, passed, fuel.checked_sub(1)?)
    }

    /// Returns the modules through which a glob import of `module` brings `name` there, if one does.
    fn through_globs(&self, module: &Module, name: &str, fuel: usize) -> Option<Vec<Module>> {
        let targets = self.globs.get(module)?.iter();
        targets.filter_map(|target| self.through(module, target, fuel)).find(|passed| {
            let last = passed.last().filter(|last| *last != module);
            last.is_some_and(|last| self.has(last, name, fuel))
        })
    }

    fn through(&self, module: &Module, path: &[String], fuel: usize) -> Option<Vec<Module>> {
        let mut passed = Vec::new();
        self.follow(module, path, &mut passed, fuel)?;
        Some(passed)
    }

    fn has(&self, module: &Module, name: &str, fuel: usize) -> bool {
        self.modules.contains(&child(module, name))
            || self.items.contains(&(module.clone(), name.to_owned()))
            || self.target(module, name).is_some()
            || fuel.checked_sub(1).is_some_and(|fuel| self.through_globs(module, name, fuel).is_some())
    }

    /// Returns whether `module` has a folder.
    pub(crate) fn is_folder(&self, module: &[String]) -> bool {
        self.files.iter().any(|file| file.is_facade && file.module == module)
    }
}

fn child(module: &[String], name: &str) -> Module {
    joined(module, &[name.to_owned()])
}

fn joined(module: &[String], path: &[String]) -> Module {
    [module, path].concat()
}

/// Returns the module of a source file, and whether it stands for its folder.
fn module_of(path: &str) -> Option<(Module, bool)> {
    let (name, inside) =
        CRATES.iter().find_map(|(name, dir)| Some((name, path.strip_prefix(dir)?.strip_prefix('/')?)))?;
    let mut module = vec![(*name).to_owned()];
    let parts: Vec<&str> = inside.strip_suffix(".rs")?.split('/').collect();
    let is_facade = matches!(parts.as_slice(), ["lib"] | [_, .., "mod"]);
    let kept = parts.len() - usize::from(is_facade);
    module.extend(parts[..kept].iter().map(|it| (*it).to_owned()));
    Some((module, is_facade))
}

#[test]
fn imports_are_followed_through_re_exports() {
    let house = House::new([
        ("crates/core/src/lib.rs", "pub mod book; pub mod units; pub use book::OrderBook as Shortcut;"),
        ("crates/core/src/book/mod.rs", "mod engine; pub use engine::*;"),
        ("crates/core/src/book/engine/mod.rs", "pub struct OrderBook;"),
        ("src/lib.rs", "pub use bearpit_core::{book, Shortcut};"),
        ("src/cli.rs", "use crate::book::OrderBook; use crate::Shortcut; fn f(a: super::Shortcut) {}"),
        ("src/main.rs", "fn main() { bearpit::cli::main() }"),
    ]);
    let reached = |path: &str| -> Vec<String> {
        let file = house.files.iter().find(|it| it.path == path).into_iter();
        file.flat_map(|file| file.contents.imports.iter().map(|it| house.resolve(file, it)))
            .map(|passed| passed.last().map(|it| it.join("::")).unwrap_or_default())
            .collect()
    };
    assert_eq!(reached("src/cli.rs"), ["bearpit_core::book::engine"; 3]);
    assert_eq!(reached("src/main.rs"), ["bearpit::cli"]);
}
