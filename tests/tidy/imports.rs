//! Finds in a file's tokens what it imports, names by path, and defines, each with the inline module it is
//! in.

use std::collections::BTreeSet;

use crate::lexer::{self, Token};

/// A path that a file names, as written: `crate::a::B`, `super::C`, `D::E`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
    /// The inline modules around it, outermost first.
    pub(crate) scope: Vec<String>,
    pub(crate) kind: Kind,
    /// Whether it stands in an inline `#[cfg(test)]` module.
    pub(crate) in_test: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A path in code.
    Mention,
    /// Brings one name into scope.
    Use { name: String, is_public: bool },
    /// Brings all names of a module into scope.
    Glob { is_public: bool },
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) imports: Vec<Import>,
    /// Names that occur outside of `use` declarations.
    pub(crate) words: BTreeSet<String>,
    /// Items defined, with the inline modules around them.
    pub(crate) items: BTreeSet<(Vec<String>, String)>,
    pub(crate) inline_modules: BTreeSet<Vec<String>>,
    /// Modules in files of their own that `#[cfg(test)]` guards.
    pub(crate) test_modules: BTreeSet<String>,
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Inline modules that are open: name, depth of braces inside, whether for tests only.
    scope: Vec<(String, usize, bool)>,
    contents: Contents,
}

/// Reads one file.
pub(crate) fn read(text: &str) -> Contents {
    let mut parser = Parser {
        tokens: lexer::read(text).tokens,
        at: 0,
        depth: 0,
        scope: Vec::new(),
        contents: Contents::default(),
    };
    while parser.at < parser.tokens.len() {
        parser.step();
    }
    parser.contents
}

const DEFINES: [&str; 8] = ["struct", "enum", "fn", "trait", "type", "const", "static", "union"];

impl Parser {
    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|it| it.is(text))
    }

    fn name(&self, at: usize) -> Option<String> {
        self.tokens.get(at).filter(|it| it.is_name()).map(|it| it.text.clone())
    }

    fn names_in_scope(&self) -> Vec<String> {
        self.scope.iter().map(|(name, ..)| name.clone()).collect()
    }

    fn step(&mut self) {
        let token = self.tokens[self.at].clone();
        match token.text.as_str() {
            "{" => self.depth += 1,
            "}" => {
                if self.scope.last().is_some_and(|(_, depth, _)| *depth == self.depth) {
                    self.scope.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            "use" if !self.is(self.at + 1, "<") => return self.declaration(),
            "mod" => self.module(),
            "macro_rules" => self.define(self.at + 2),
            word if DEFINES.contains(&word) => self.define(self.at + 1),
            _ if token.is_name() => return self.mention(),
            _ => {}
        }
        self.at += 1;
    }

    fn define(&mut self, at: usize) {
        if let Some(name) = self.name(at) {
            let scope = self.names_in_scope();
            self.contents.items.insert((scope, name));
        }
    }

    /// `mod name {` or `mod name;`
    fn module(&mut self) {
        let Some(name) = self.name(self.at + 1) else { return };
        let is_test = self.is_for_tests();
        if self.is(self.at + 2, "{") {
            self.scope.push((name, self.depth + 1, is_test));
            let scope = self.names_in_scope();
            self.contents.inline_modules.insert(scope);
        } else if is_test {
            self.contents.test_modules.insert(name);
        }
    }

    /// Returns whether `#[cfg(test)]` stands before the declaration at hand.
    fn is_for_tests(&self) -> bool {
        let before: Vec<&str> = self.tokens[..self.at].iter().map(|it| it.text.as_str()).collect();
        let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
        [&[][..], &["pub"], &["pub", "(", "crate", ")"], &["pub", "(", "super", ")"]]
            .iter()
            .any(|visibility| before.ends_with(&[&attribute[..], visibility].concat()))
    }

    fn mention(&mut self) {
        let line = self.tokens[self.at].line;
        let mut path = Vec::new();
        // `pub(in crate::a)` names a module, but imports nothing.
        let before = self.at.checked_sub(3).map_or(&[][..], |from| &self.tokens[from..self.at]);
        let is_visibility = before.iter().map(|it| it.text.as_str()).eq(["pub", "(", "in"]);
        while let Some(name) = self.name(self.at) {
            self.contents.words.insert(name.clone());
            path.push(name);
            self.at += 1;
            if !self.is(self.at, "::") {
                break;
            }
            self.at += 1;
        }
        if path.len() > 1 && !is_visibility {
            self.record(line, path, Kind::Mention);
        }
    }

    fn record(&mut self, line: usize, path: Vec<String>, kind: Kind) {
        let in_test = self.scope.iter().any(|(_, _, is_test)| *is_test);
        let scope = self.names_in_scope();
        self.contents.imports.push(Import { line, path, scope, kind, in_test });
    }

    /// `use a::{b, c::d as e, f::*};`
    fn declaration(&mut self) {
        let before = |ahead: usize| self.at.checked_sub(ahead).is_some_and(|at| !self.is(at, ";"));
        let is_public = (before(1) && self.is(self.at - 1, "pub"))
            || (before(1)
                && self.is(self.at - 1, ")")
                && (2..6).any(|ahead| before(ahead) && self.is(self.at - ahead, "pub")));
        self.at += 1;
        self.tree(&[], is_public);
    }

    /// One branch of a use tree; stops behind it.
    fn tree(&mut self, prefix: &[String], is_public: bool) {
        let line = self.tokens.get(self.at).map_or(0, |it| it.line);
        let mut path = prefix.to_vec();
        while self.at < self.tokens.len() {
            if self.is(self.at, "{") {
                self.at += 1;
                while self.at < self.tokens.len() && !self.is(self.at, "}") {
                    self.tree(&path, is_public);
                    if self.is(self.at, ",") || self.is(self.at, ";") {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            }
            if self.is(self.at, "*") {
                self.at += 1;
                return self.record(line, path, Kind::Glob { is_public });
            }
            if self.is(self.at, ",") || self.is(self.at, ";") || self.is(self.at, "}") {
                break;
            }
            if self.is(self.at, "as") {
                let name = self.name(self.at + 1).unwrap_or_default();
                self.at += 2;
                return self.record(line, path, Kind::Use { name, is_public });
            }
            if let Some(name) = self.name(self.at)
                && (name != "self" || path.is_empty())
            {
                path.push(name);
            }
            self.at += 1;
        }
        if let Some(name) = path.last().cloned() {
            self.record(line, path, Kind::Use { name, is_public });
        }
    }
}

#[cfg(test)]
fn paths(text: &str) -> Vec<String> {
    read(text).imports.iter().map(|it| it.path.join("::")).collect()
}

#[test]
fn use_trees_are_read_over_many_lines() {
    let text = "use crate::{\n    a::{self, B as C},\n    d::*,\n};\npub(crate) use self::e::F;\nuse super::super::g;";
    assert_eq!(paths(text), ["crate::a", "crate::a::B", "crate::d", "self::e::F", "super::super::g"]);
    let kinds: Vec<Kind> = read(text).imports.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds[1], Kind::Use { name: "C".into(), is_public: false });
    assert_eq!(kinds[2], Kind::Glob { is_public: false });
    assert_eq!(kinds[3], Kind::Use { name: "F".into(), is_public: true });
}

#[test]
fn paths_in_code_are_read_and_comments_are_not() {
    assert_eq!(paths("fn f(b: &crate::book::Book) -> impl A + use<'_> {}"), ["crate::book::Book"]);
    assert_eq!(paths("// like crate::book::Book\nconst A: &str = \"crate::b::C\";"), [""; 0]);
    assert_eq!(paths("pub(in crate::book) fn f() {}\nfor a in crate::b::C {}"), ["crate::b::C"]);
    assert_eq!(paths("macro_rules! m { () => { $crate::market::Fact } }"), ["crate::market::Fact"]);
}

#[test]
fn inline_modules_and_tests_are_known() {
    let contents = read(
        "mod a { use super::B; }\n#[cfg(test)]\nmod tests { use super::*; }\n#[cfg(test)]\npub(crate) mod c;",
    );
    assert_eq!(contents.imports[0].scope, ["a"]);
    assert!(!contents.imports[0].in_test);
    assert!(contents.imports[1].in_test);
    assert!(contents.test_modules.contains("c"));
}
