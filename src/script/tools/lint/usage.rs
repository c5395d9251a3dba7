//! What a script makes use of: its parameters, and the market's feeds.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, FnCallExpr, Stmt};

use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::param::ParamDeclaration;
use crate::script::value::script_error::{ScriptError, SourcePosition};

/// The names that a script reads.
#[derive(Default)]
struct NamesRead {
    /// Variables and constants, properties, and texts, which may be indices.
    names: BTreeSet<String>,
    /// Whether `params` is given away as a whole.
    all_params: bool,
    /// The constants that hold parameters, with the parameter's name.
    constants: Vec<(String, String)>,
}

/// Returns the parameters that nothing reads.
pub(crate) fn unused_params(files: &[ParsedFile<'_>], declared: &[ParamDeclaration]) -> Vec<ScriptError> {
    let mut read = NamesRead::default();
    for file in files {
        file.ast.walk(&mut |path: &[ASTNode<'_>]| {
            read.note(path);
            true
        });
    }
    let Some(main) = files.iter().find(|file| file.is_main) else { return Vec::new() };
    let is_read = |param: &&ParamDeclaration| {
        let mut constants = read.constants.iter().filter(|(_, name)| *name == param.name);
        read.all_params
            || read.names.contains(&param.name)
            || constants.any(|(constant, _)| read.names.contains(constant))
    };
    let unused = declared.iter().filter(|param| !is_read(param));
    let complaint = |param: &ParamDeclaration| {
        let line = main.text.lines().nth(param.line.saturating_sub(1)).unwrap_or("");
        let column = line.find("param(").map_or(1, |at| line[..at].chars().count() + 1);
        let message = format!("the parameter `{}` is never read", param.name);
        ScriptError::new(main.path, SourcePosition { line: param.line, column }, message)
            .with_help("use it, or take the declaration out")
    };
    unused.map(complaint).collect()
}

impl NamesRead {
    fn note(&mut self, path: &[ASTNode<'_>]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(declaration, ..))) => {
                if let Some(param) = param_of(&declaration.1) {
                    self.constants.push((declaration.0.name.to_string(), param));
                }
            }
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) => {
                if variable.1 == "params" && !is_looked_into(path) {
                    self.all_params = true;
                }
                self.names.insert(variable.1.to_string());
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                self.names.insert(property.2.to_string());
            }
            Some(ASTNode::Expr(Expr::StringConstant(text, _))) if !is_in_declaration(path) => {
                self.names.insert(text.to_string());
            }
            _ => {}
        }
    }
}

/// Returns the parameter that an expression declares.
fn param_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::FnCall(call, _) if call.name == "param" => match call.args.first() {
            Some(Expr::StringConstant(name, _)) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Tells whether the last node stands before a dot or an index.
fn is_looked_into(path: &[ASTNode<'_>]) -> bool {
    match path {
        [.., ASTNode::Expr(Expr::Dot(parent, ..) | Expr::Index(parent, ..)), ASTNode::Expr(last)] => {
            std::ptr::eq(&parent.lhs, *last)
        }
        _ => false,
    }
}

fn is_in_declaration(path: &[ASTNode<'_>]) -> bool {
    path.iter().any(|node| called(node).is_some_and(|call| call.name == "param"))
}

fn called<'a>(node: &ASTNode<'a>) -> Option<&'a FnCallExpr> {
    match node {
        ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
        | ASTNode::Stmt(Stmt::FnCall(call, _)) => Some(call),
        _ => None,
    }
}

/// Returns the calls that ask for feeds, as they could be written.
pub(crate) fn feeds(files: &[ParsedFile<'_>]) -> Vec<String> {
    const FEEDS: [&str; 6] = ["bars", "quotes", "trades", "book", "phases", "feed"];
    let mut found = BTreeSet::new();
    for file in files {
        file.ast.walk(&mut |path: &[ASTNode<'_>]| {
            let call = path.last().and_then(called).filter(|call| FEEDS.contains(&call.name.as_str()));
            if let Some(call) = call {
                let arguments: Vec<String> = call.args.iter().map(written).collect();
                found.insert(format!("{}({})", call.name, arguments.join(", ")));
            }
            true
        });
    }
    found.into_iter().collect()
}

fn written(argument: &Expr) -> String {
    match argument {
        Expr::StringConstant(text, _) => format!("\"{text}\""),
        Expr::IntegerConstant(number, _) => number.to_string(),
        Expr::Variable(variable, ..) => variable.1.to_string(),
        _ => "..".to_owned(),
    }
}
