//! Walks the functions of a file, and complains of names that are not there.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use crate::script::tools::lint::known_names::functions;
use crate::script::tools::lint::known_names::{Functions, KnownNames, Verdict};
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::callback::Callback;
use crate::script::value::callback::TEST_PREFIX;
use crate::script::value::param::ParamDeclaration;
use crate::script::value::script_error::ScriptError;
use bearpit_core::units::{nearest, suggest};

/// Complains of all names of a file that are not there.
pub(crate) fn check(
    file: &ParsedFile<'_>,
    names: &KnownNames,
    declared: &[ParamDeclaration],
    errors: &mut Vec<ScriptError>,
) {
    let own = functions(&file.ast);
    let top = FunctionScope::top(&file.ast);
    let called_later = properties_set(&file.ast);
    for part in FunctionScope::all(&file.ast) {
        let visible: BTreeSet<String> = part.declared.union(&top.declared).cloned().collect();
        let mut reader = NameChecker {
            file,
            names,
            own: &own,
            part: &part,
            visible,
            declared,
            called_later: &called_later,
            errors,
        };
        part.ast.walk(&mut |path: &[ASTNode<'_>]| {
            reader.read(path);
            true
        });
    }
}

/// What stands outside of functions, or one function.
struct FunctionScope {
    /// The name of the function, and its arguments.
    function: Option<(String, Vec<String>)>,
    ast: AST,
    /// The variables, constants and modules that it declares anywhere, arguments included.
    declared: BTreeSet<String>,
    /// What modules are imported as.
    imports: BTreeMap<String, String>,
}

impl FunctionScope {
    fn new(function: Option<(String, Vec<String>)>, ast: AST) -> Self {
        let mut declared: BTreeSet<String> =
            function.iter().flat_map(|(_, arguments)| arguments.iter().cloned()).collect();
        let mut imports = BTreeMap::new();
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            let Some(ASTNode::Stmt(statement)) = path.last() else { return true };
            match statement {
                Stmt::Var(declaration, ..) => {
                    declared.insert(declaration.0.name.to_string());
                }
                Stmt::For(head, _) => {
                    declared.insert(head.0.name.to_string());
                    declared.extend(head.1.iter().map(|counter| counter.name.to_string()));
                }
                Stmt::TryCatch(parts, _) => {
                    if let Expr::Variable(caught, ..) = &parts.expr {
                        declared.insert(caught.1.to_string());
                    }
                }
                Stmt::Import(import, _) => {
                    if let Expr::StringConstant(path, _) = &import.0 {
                        imports.insert(import.1.name.to_string(), path.to_string());
                    }
                }
                _ => {}
            }
            true
        });
        Self { function, ast, declared, imports }
    }

    fn top(ast: &AST) -> Self {
        let mut top = ast.clone();
        top.clear_functions();
        Self::new(None, top)
    }

    fn all(ast: &AST) -> Vec<Self> {
        let top = Self::top(ast);
        let outer = top.imports.clone();
        let mut parts = vec![top];
        for function in ast.iter_functions() {
            let mut only = ast.clone_functions_only();
            only.retain_functions(|_, _, name, count| {
                name == function.name && count == function.params.len()
            });
            let arguments = function.params.iter().map(ToString::to_string).collect();
            let mut part = Self::new(Some((function.name.to_owned(), arguments)), only);
            for (alias, path) in &outer {
                part.imports.entry(alias.clone()).or_insert_with(|| path.clone());
            }
            parts.push(part);
        }
        parts
    }

    /// Returns the callback that it is, with what the script calls the arguments.
    fn callback(&self) -> Option<(Callback, &[String])> {
        let (name, arguments) = self.function.as_ref()?;
        let callback = Callback::all().find(|callback| callback.name() == name)?;
        Some((callback, arguments))
    }
}

/// Returns the names that are set as properties or stand in maps: they may hold closures.
fn properties_set(ast: &AST) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(expression)) = path.last() {
            match expression {
                Expr::Property(property, _) => {
                    found.insert(property.2.to_string());
                }
                Expr::Map(map, _) => found.extend(map.0.iter().map(|(name, _)| name.name.to_string())),
                _ => {}
            }
        }
        true
    });
    found
}

struct NameChecker<'a> {
    file: &'a ParsedFile<'a>,
    names: &'a KnownNames,
    own: &'a Functions,
    part: &'a FunctionScope,
    visible: BTreeSet<String>,
    declared: &'a [ParamDeclaration],
    called_later: &'a BTreeSet<String>,
    errors: &'a mut Vec<ScriptError>,
}

impl NameChecker<'_> {
    fn complain(&mut self, position: Position, message: String, help: Option<String>) {
        let error = ScriptError::new(self.file.path, position.into(), message);
        self.errors.push(ScriptError { help, ..error });
    }

    fn read(&mut self, path: &[ASTNode<'_>]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => self.call(call, *position, false),
            Some(ASTNode::Expr(Expr::FnCall(call, position))) => self.call(call, *position, false),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => self.call(call, *position, true),
            Some(ASTNode::Expr(Expr::Variable(variable, _, position))) if variable.2.is_empty() => {
                self.variable(&variable.1, *position);
            }
            Some(ASTNode::Expr(Expr::Dot(pair, ..))) if !is_right_of_dot(path) => {
                self.fields(&pair.lhs, &pair.rhs);
            }
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, position: Position) {
        if self.visible.contains(name) || name == "params" || name.contains('$') {
            return;
        }
        let help = match self.names.api.function(name) {
            Some(_) => Some(format!("`{name}` is a function: write {name}()")),
            None => nearest(name, self.visible.iter().map(String::as_str).chain(["params", "this"]))
                .map(|near| format!("did you mean `{near}`?")),
        };
        self.complain(position, format!("there is no variable `{name}` here"), help);
    }

    fn call(&mut self, call: &FnCallExpr, position: Position, is_method: bool) {
        let (name, count) = (call.name.as_str(), call.args.len());
        if call.op_token.is_some() || self.visible.contains(name) {
            return;
        }
        if !call.namespace.is_empty() {
            return self.call_in_module(call, position);
        }
        let verdict = if is_method {
            if self.called_later.contains(name) {
                return;
            }
            self.names.judge_method(self.own, name, count)
        } else {
            self.names.judge(self.own, name, count)
        };
        match verdict {
            Verdict::NamesInScope => self.call_of_test(name, position),
            Verdict::Counts(known) => {
                let entry = self.names.api.function(name);
                let takes = match entry {
                    Some(entry) => entry.arguments().to_owned(),
                    None => counts(&known),
                };
                self.complain(
                    position,
                    format!("`{name}` is given {}, but takes {takes}", arguments(count)),
                    None,
                );
            }
            Verdict::Unknown => {
                let near = nearest(name, self.names.all(self.own));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                self.complain(position, format!("there is no function `{name}`"), help);
            }
        }
    }

    fn call_in_module(&mut self, call: &FnCallExpr, position: Position) {
        let alias = call.namespace.root().to_owned();
        let Some(path) = self.part.imports.get(&alias).cloned() else {
            let help = nearest(&alias, self.part.imports.keys().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            return self.complain(position, format!("nothing is imported as `{alias}`"), help);
        };
        let (name, count) = (call.name.as_str(), call.args.len());
        match self.names.judge_in(&path, name, count) {
            None | Some(Verdict::NamesInScope) => {}
            Some(Verdict::Counts(known)) => {
                let message =
                    format!("`{alias}::{name}` is given {}, but takes {}", arguments(count), counts(&known));
                self.complain(position, message, None);
            }
            Some(Verdict::Unknown) => {
                let there: Vec<&str> = self.names.in_module(&path).collect();
                let help = suggest(name, &there);
                self.complain(position, format!("`{path}` has no function `{name}`"), Some(help));
            }
        }
    }

    /// Complains of a function of tests in a callback, which runs without it.
    fn call_of_test(&mut self, name: &str, position: Position) {
        if self.own.contains_key(name) || !self.names.is_for_tests(name) {
            return;
        }
        if let Some((callback, _)) = self.part.callback() {
            let message = format!("`{name}` is for tests, but `{}` runs without them", callback.name());
            let help = format!("only tests, functions called {TEST_PREFIX}.., can call it");
            self.complain(position, message, Some(help));
        }
    }

    /// Follows `left.right.., ` as long as the types are known.
    fn fields(&mut self, left: &Expr, right: &Expr) {
        if let Expr::Variable(variable, ..) = left
            && variable.1 == "params"
            && self.is_params()
        {
            return self.param(right);
        }
        let Some(mut owner) = self.object(left) else { return };
        let mut rest = Some(right);
        while let Some(expression) = rest {
            let (field, after) = match expression {
                Expr::Dot(pair, ..) => (&pair.lhs, Some(&pair.rhs)),
                other => (other, None),
            };
            let Expr::Property(property, position) = field else { return };
            let name = property.2.as_str();
            let Some(entry) = self.names.api.fields_of(&owner).find(|entry| entry.name == name) else {
                let known: Vec<&str> = self.names.api.fields_of(&owner).map(|entry| entry.name).collect();
                let help = suggest(name, &known);
                return self.complain(
                    *position,
                    format!("the type {owner} has no field `{name}`"),
                    Some(help),
                );
            };
            if !self.names.is_object(entry.value) {
                return;
            }
            owner = entry.value.to_owned();
            rest = after;
        }
    }

    /// Returns the type of an expression, if it is certain and has fields.
    fn object(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Variable(variable, ..) if variable.2.is_empty() => {
                let (callback, arguments) = self.part.callback()?;
                let index = arguments.iter().position(|argument| *argument == *variable.1)?;
                let usual = callback.arguments().get(index)?;
                // What is declared anew, or assigned, may be anything.
                let is_own = !reassigned(&self.part.ast, &variable.1);
                self.names.object_given(usual).filter(|_| is_own).map(str::to_owned)
            }
            Expr::FnCall(call, _)
                if call.namespace.is_empty() && !self.own.contains_key(call.name.as_str()) =>
            {
                self.names.object_returned(&call.name).map(str::to_owned)
            }
            _ => None,
        }
    }

    /// Tells whether `params` means the parameters of the script here.
    fn is_params(&self) -> bool {
        let is_init = self.part.callback().is_some_and(|(callback, _)| callback == Callback::Init);
        is_init || !self.visible.contains("params")
    }

    fn param(&mut self, right: &Expr) {
        let field = if let Expr::Dot(pair, ..) = right { &pair.lhs } else { right };
        let Expr::Property(property, position) = field else { return };
        let name = property.2.as_str();
        if self.declared.is_empty() || self.declared.iter().any(|known| known.name == name) {
            return;
        }
        let known: Vec<&str> = self.declared.iter().map(|it| it.name.as_str()).collect();
        let message = format!("the script declares no parameter `{name}`");
        self.complain(*position, message, Some(suggest(name, &known)));
    }
}

/// Tells whether the last node is what stands right of a dot, which is read with what stands left of it.
fn is_right_of_dot(path: &[ASTNode<'_>]) -> bool {
    match path {
        [.., ASTNode::Expr(Expr::Dot(parent, ..)), ASTNode::Expr(last)] => std::ptr::eq(&parent.rhs, *last),
        _ => false,
    }
}

/// Tells whether a function declares a name anew, or assigns to it.
fn reassigned(ast: &AST, name: &str) -> bool {
    !ast.walk(&mut |path: &[ASTNode<'_>]| match path.last() {
        Some(ASTNode::Stmt(Stmt::Var(declaration, ..))) => declaration.0.name != name,
        Some(ASTNode::Stmt(Stmt::For(head, _))) => {
            head.0.name != name && head.1.as_ref().is_none_or(|counter| counter.name != name)
        }
        Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => match &assignment.1.lhs {
            Expr::Variable(variable, ..) => variable.1 != name,
            _ => true,
        },
        _ => true,
    })
}

fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

fn counts(known: &BTreeSet<usize>) -> String {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    known.join(" or ")
}
