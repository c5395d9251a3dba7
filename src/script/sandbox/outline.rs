//! [`Outline`]: what a part of a script mentions, read from Rhai's syntax tree into types of our own.
//!
//! The checks of `tools/lint` and the reading of imports see nothing else of the tree.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Position, Stmt};

use crate::script::value::script_error::SourcePosition;

/// The function that declares a parameter.
const PARAM: &str = "param";
/// The function, and the field, that is the number of items of an array or a text.
const LENGTH: &str = "len";

/// One function of a script, or what stands outside of functions.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The function; absent for what stands outside of functions.
    pub(crate) function: Option<FunctionHead>,
    /// The calls, in the order of the text.
    pub(crate) calls: Vec<Call>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) field_chains: Vec<FieldChain>,
    /// Names of fields that are read or set.
    pub(crate) properties: BTreeSet<String>,
    /// Names of entries in maps that are written out.
    pub(crate) map_keys: BTreeSet<String>,
    /// Texts that are written out, but for those in declarations of parameters.
    pub(crate) texts: BTreeSet<String>,
    /// The variables, constants, loop variables and caught errors that are declared anywhere in it.
    pub(crate) declared: BTreeSet<String>,
    /// The names to which something is assigned, and those that are declared as variables.
    pub(crate) assigned: BTreeSet<String>,
    /// What is assigned or acted on, by the variable that it begins with.
    pub(crate) changes: Vec<Change>,
    /// The constants and variables that are declared with an integer.
    pub(crate) integers: BTreeMap<String, i64>,
    /// The constants and variables that are declared with the value of a parameter.
    pub(crate) param_constants: Vec<ParamConstant>,
    /// The paths of imported modules, by what they are imported as.
    pub(crate) imports: BTreeMap<String, String>,
}

/// A function's name, and what it calls its arguments.
#[derive(Debug)]
pub(crate) struct FunctionHead {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

/// A call of a function or an operator.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// What stands before the `::`, if anything.
    pub(crate) module: Option<String>,
    pub(crate) arguments: Vec<Argument>,
    /// The variable that a method is called on, where it is one.
    pub(crate) object: Option<String>,
    pub(crate) kind: CallKind,
    pub(crate) position: SourcePosition,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// As `name(..)`.
    Function,
    /// As `object.name(..)`.
    Method,
    /// As in `a + b`.
    Operator,
}

/// An argument as it is written.
#[derive(Debug)]
pub(crate) enum Argument {
    Text(String),
    Integer(i64),
    Variable(String),
    /// A number of items, as in `list.len()`.
    Length,
    Other,
}

/// A variable that is read or assigned to.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Whether it is one of a module, as in `lib::name`.
    pub(crate) is_qualified: bool,
    /// Whether only a part of it is looked at, as in `name.field` or `name[0]`.
    pub(crate) is_looked_into: bool,
    pub(crate) position: SourcePosition,
}

/// A place that a statement may change, such as `name`, `name[0]` or `name.field`.
#[derive(Debug)]
pub(crate) struct Change {
    /// The variable that it begins with.
    pub(crate) name: String,
    pub(crate) position: SourcePosition,
    pub(crate) kind: ChangeKind,
}

/// How a variable may be changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// As in `name = 1` or `name += 1`.
    Assigned,
    /// As in `name.field = 1` or `name[0] = 1`.
    PartAssigned,
    /// By a call of this function, as in `name.push(1)` or `push(name, 1)`.
    Called(String),
}

/// A chain of fields such as `head.first.second`, up to what is not a field.
#[derive(Debug)]
pub(crate) struct FieldChain {
    pub(crate) head: ChainHead,
    pub(crate) fields: Vec<FieldName>,
}

/// What a chain of fields begins with.
#[derive(Debug)]
pub(crate) enum ChainHead {
    Variable(String),
    /// What a function returns.
    Call(String),
    Other,
}

/// A field's name, and where it stands.
#[derive(Debug)]
pub(crate) struct FieldName {
    pub(crate) name: String,
    pub(crate) position: SourcePosition,
}

/// A constant or variable with the value of a parameter, as in `const FAST = param("fast", 12)`.
#[derive(Debug)]
pub(crate) struct ParamConstant {
    pub(crate) constant: String,
    pub(crate) param: String,
}

/// An import statement.
#[derive(Debug)]
pub(crate) struct ImportStatement {
    /// Absent where it is not written as a text.
    pub(crate) path: Option<String>,
    pub(crate) position: SourcePosition,
}

/// Returns the import statements of a file, anywhere in it.
pub(crate) fn imports(ast: &AST) -> Vec<ImportStatement> {
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, position))) = path.last() {
            found.push(ImportStatement { path: text_of(&import.0), position: (*position).into() });
        }
        true
    });
    found
}

impl Outline {
    /// Returns whether a name is that of an argument or a variable in it.
    pub(crate) fn mentions_as_own(&self, name: &str) -> bool {
        self.declared.contains(name)
            || self.function.iter().flat_map(|it| &it.arguments).any(|argument| argument == name)
    }

    /// Returns the outlines of a file: first of what stands outside of functions, then of each function.
    pub(crate) fn all(ast: &AST) -> Vec<Self> {
        let mut top = ast.clone();
        top.clear_functions();
        let mut outlines = vec![Self::of(None, &top)];
        for function in ast.iter_functions() {
            let mut only = ast.clone_functions_only();
            only.retain_functions(|_, _, name, count| {
                name == function.name && count == function.params.len()
            });
            let arguments = function.params.iter().map(ToString::to_string).collect();
            outlines.push(Self::of(Some(FunctionHead { name: function.name.to_owned(), arguments }), &only));
        }
        outlines
    }

    fn of(function: Option<FunctionHead>, ast: &AST) -> Self {
        let mut outline = Self { function, ..Self::default() };
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Stmt(statement)) => outline.statement(statement),
                Some(ASTNode::Expr(expression)) => outline.expression(expression, path),
                _ => {}
            }
            true
        });
        outline
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Var(declaration, ..) => {
                let constant = declaration.0.name.to_string();
                self.declared.insert(constant.clone());
                self.assigned.insert(constant.clone());
                if let Expr::IntegerConstant(number, _) = &declaration.1 {
                    self.integers.insert(constant.clone(), *number);
                }
                let param = param_of(&declaration.1);
                self.param_constants.extend(param.map(|param| ParamConstant { constant, param }));
            }
            Stmt::For(head, _) => {
                let counter = head.1.iter().map(|counter| counter.name.to_string());
                let names: Vec<String> = counter.chain([head.0.name.to_string()]).collect();
                self.declared.extend(names.iter().cloned());
                self.assigned.extend(names);
            }
            Stmt::TryCatch(parts, _) => {
                if let Expr::Variable(caught, ..) = &parts.expr {
                    self.declared.insert(caught.1.to_string());
                }
            }
            Stmt::Import(import, _) => {
                let path = text_of(&import.0);
                self.imports.extend(path.map(|path| (import.1.name.to_string(), path)));
            }
            Stmt::Assignment(assignment) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    self.assigned.insert(variable.1.to_string());
                    self.change(&assignment.1.lhs, ChangeKind::Assigned);
                } else if let Expr::Dot(parts, ..) | Expr::Index(parts, ..) = &assignment.1.lhs {
                    self.change(&parts.lhs, ChangeKind::PartAssigned);
                }
            }
            Stmt::FnCall(call, position) => self.function_call(call, *position),
            _ => {}
        }
    }

    fn function_call(&mut self, call: &FnCallExpr, position: Position) {
        self.calls.push(Call::of(call, CallKind::Function, position));
        if let Some(first) = call.args.first()
            && call.op_token.is_none()
            && call.namespace.is_empty()
        {
            self.change(first, ChangeKind::Called(call.name.to_string()));
        }
    }

    /// Notes what may change a place that begins with `root`, if that is a variable.
    fn change(&mut self, root: &Expr, kind: ChangeKind) {
        if let Expr::Variable(variable, _, position) = root
            && variable.2.is_empty()
        {
            let (name, position) = (variable.1.to_string(), (*position).into());
            self.changes.push(Change { name, position, kind });
        }
    }

    fn expression(&mut self, expression: &Expr, path: &[ASTNode<'_>]) {
        if let Expr::Dot(parts, ..) | Expr::Index(parts, ..) = expression
            && let Some(method) = last_method(expression).filter(|_| !continues_chain(path))
        {
            self.change(&parts.lhs, ChangeKind::Called(method.to_owned()));
        }
        match expression {
            Expr::FnCall(call, position) => self.function_call(call, *position),
            Expr::MethodCall(call, position) => {
                let object = object_of(path);
                self.calls.push(Call { object, ..Call::of(call, CallKind::Method, *position) });
            }
            Expr::Variable(variable, _, position) => self.variables.push(Variable {
                name: variable.1.to_string(),
                is_qualified: !variable.2.is_empty(),
                is_looked_into: is_looked_into(path),
                position: (*position).into(),
            }),
            Expr::Property(property, _) => drop(self.properties.insert(property.2.to_string())),
            Expr::Map(map, _) => self.map_keys.extend(map.0.iter().map(|(name, _)| name.name.to_string())),
            Expr::StringConstant(text, _) if !is_in_declaration(path) => {
                self.texts.insert(text.to_string());
            }
            Expr::Dot(pair, ..) if !is_right_of_dot(path) => {
                self.field_chains
                    .push(FieldChain { head: ChainHead::of(&pair.lhs), fields: fields_of(&pair.rhs) });
            }
            _ => {}
        }
    }
}

impl Call {
    fn of(call: &FnCallExpr, kind: CallKind, position: Position) -> Self {
        Self {
            name: call.name.to_string(),
            module: (!call.namespace.is_empty()).then(|| call.namespace.root().to_owned()),
            arguments: call.args.iter().map(Argument::of).collect(),
            object: None,
            kind: if call.op_token.is_some() { CallKind::Operator } else { kind },
            position: position.into(),
        }
    }
}

impl Argument {
    fn of(expression: &Expr) -> Self {
        match expression {
            Expr::StringConstant(text, _) => Self::Text(text.to_string()),
            Expr::IntegerConstant(number, _) => Self::Integer(*number),
            Expr::Variable(variable, ..) => Self::Variable(variable.1.to_string()),
            Expr::Dot(parts, ..) => match &parts.rhs {
                Expr::MethodCall(call, _) if call.name == LENGTH && call.args.is_empty() => Self::Length,
                Expr::Property(property, _) if property.2 == LENGTH => Self::Length,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

impl ChainHead {
    fn of(expression: &Expr) -> Self {
        match expression {
            Expr::Variable(variable, ..) if variable.2.is_empty() => Self::Variable(variable.1.to_string()),
            Expr::FnCall(call, _) if call.namespace.is_empty() => Self::Call(call.name.to_string()),
            _ => Self::Other,
        }
    }
}

/// Returns the fields that stand right of a dot, up to what is not a field.
fn fields_of(right: &Expr) -> Vec<FieldName> {
    let mut fields = Vec::new();
    let mut rest = Some(right);
    while let Some(expression) = rest {
        let (field, after) = match expression {
            Expr::Dot(pair, ..) => (&pair.lhs, Some(&pair.rhs)),
            other => (other, None),
        };
        let Expr::Property(property, position) = field else { break };
        fields.push(FieldName { name: property.2.to_string(), position: (*position).into() });
        rest = after;
    }
    fields
}

fn text_of(expression: &Expr) -> Option<String> {
    if let Expr::StringConstant(text, _) = expression { Some(text.to_string()) } else { None }
}

/// Returns the parameter that an expression declares.
fn param_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::FnCall(call, _) if call.name == PARAM => text_of(call.args.first()?),
        _ => None,
    }
}

/// Returns the name of the method that a chain ends with, as in `name[0].push(1)`.
fn last_method(chain: &Expr) -> Option<&str> {
    let right = match chain {
        Expr::Dot(parts, ..) => &parts.rhs,
        Expr::Index(parts, flags, _) if !flags.contains(ASTFlags::BREAK) => &parts.rhs,
        _ => return None,
    };
    if let Expr::MethodCall(call, _) = right { Some(call.name.as_str()) } else { last_method(right) }
}

/// Returns whether the last node is the rest of a chain that begins in an earlier node.
fn continues_chain(path: &[ASTNode<'_>]) -> bool {
    match path {
        [.., ASTNode::Expr(Expr::Index(_, flags, _)), _] if flags.contains(ASTFlags::BREAK) => false,
        [.., ASTNode::Expr(Expr::Dot(parent, ..) | Expr::Index(parent, ..)), ASTNode::Expr(last)] => {
            std::ptr::eq(&parent.rhs, *last)
        }
        _ => false,
    }
}

/// Returns whether the last node is the right side of a dot, which is read together with its left side.
fn is_right_of_dot(path: &[ASTNode<'_>]) -> bool {
    match path {
        [.., ASTNode::Expr(Expr::Dot(parent, ..)), ASTNode::Expr(last)] => std::ptr::eq(&parent.rhs, *last),
        _ => false,
    }
}

/// Returns the variable on which the last node, a method, is called.
fn object_of(path: &[ASTNode<'_>]) -> Option<String> {
    let [.., ASTNode::Expr(Expr::Dot(parts, ..)), ASTNode::Expr(last)] = path else { return None };
    match &parts.lhs {
        Expr::Variable(variable, ..) if std::ptr::eq(&parts.rhs, *last) => Some(variable.1.to_string()),
        _ => None,
    }
}

/// Returns whether the last node is the left side of a dot or an index.
fn is_looked_into(path: &[ASTNode<'_>]) -> bool {
    match path {
        [.., ASTNode::Expr(Expr::Dot(parent, ..) | Expr::Index(parent, ..)), ASTNode::Expr(last)] => {
            std::ptr::eq(&parent.lhs, *last)
        }
        _ => false,
    }
}

/// Returns whether the last node is inside the declaration of a parameter.
fn is_in_declaration(path: &[ASTNode<'_>]) -> bool {
    let call = |node: &ASTNode<'_>| match node {
        ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
        | ASTNode::Stmt(Stmt::FnCall(call, _)) => call.name == PARAM,
        _ => false,
    };
    path.iter().any(call)
}
