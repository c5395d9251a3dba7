//! [`Operands`]: how the operands of an operator are written, so that an error can name one that is absent.

use rhai::{ASTFlags, Expr, Position, Token};

use crate::script::value::script_error::SourcePosition;

/// The operands of an operator, by the operator's place.
#[derive(Debug, Clone)]
pub(crate) struct Operands {
    /// The file, as the syntax tree names it.
    pub(crate) file: String,
    pub(crate) position: SourcePosition,
    /// What stands left and right of it; absent where that is long.
    pub(crate) texts: [Option<String>; 2],
    /// Whether it assigns, as `+=` does.
    pub(crate) is_assignment: bool,
}

impl Operands {
    pub(crate) fn of(file: &str, position: Position, sides: [&Expr; 2], is_assignment: bool) -> Self {
        let texts = sides.map(written);
        Self { file: file.to_owned(), position: position.into(), texts, is_assignment }
    }
}

/// Tells whether an operator orders its operands.
pub(crate) const fn is_ordering(operator: Option<&Token>) -> bool {
    matches!(
        operator,
        Some(Token::LessThan | Token::LessThanEqualsTo | Token::GreaterThan | Token::GreaterThanEqualsTo)
    )
}

/// Tells whether the value of an operand can be absent: a number is not, nor is what an operator returns.
pub(crate) fn may_be_absent(operand: &Expr) -> bool {
    match operand {
        Expr::FnCall(call, _) => call.op_token.is_none(),
        Expr::Unit(_)
        | Expr::Variable(..)
        | Expr::ThisPtr(_)
        | Expr::Dot(..)
        | Expr::Index(..)
        | Expr::Stmt(_)
        | Expr::Coalesce(..) => true,
        _ => false,
    }
}

/// Returns an expression as it is written, if it is a name, a chain of names and calls, or a number.
pub(crate) fn written(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Unit(_) => Some("()".to_owned()),
        Expr::ThisPtr(_) => Some("this".to_owned()),
        Expr::Variable(variable, ..) => Some(variable.1.to_string()),
        Expr::Property(property, _) => Some(property.2.to_string()),
        Expr::IntegerConstant(number, _) => Some(number.to_string()),
        Expr::StringConstant(text, _) => Some(format!("\"{text}\"")),
        Expr::FnCall(call, _) if call.op_token.is_some() => None,
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
            let arguments = if call.args.is_empty() { "" } else { ".." };
            Some(format!("{}({arguments})", call.name))
        }
        Expr::Dot(parts, ..) => Some(format!("{}.{}", written(&parts.lhs)?, written(&parts.rhs)?)),
        Expr::Index(parts, flags, _) => {
            Some(format!("{}{}", written(&parts.lhs)?, indexed(&parts.rhs, *flags)?))
        }
        _ => None,
    }
    .filter(|text| text.len() <= SHOWN_MAX)
}

/// The longest operand that is shown, in bytes.
const SHOWN_MAX: usize = 60;

/// Returns the index, and what follows it.
fn indexed(right: &Expr, flags: ASTFlags) -> Option<String> {
    let key = |expression: &Expr| written(expression).unwrap_or_else(|| "..".to_owned());
    match right {
        Expr::Dot(parts, ..) if !flags.contains(ASTFlags::BREAK) => {
            Some(format!("[{}].{}", key(&parts.lhs), written(&parts.rhs)?))
        }
        Expr::Index(parts, inner, _) if !flags.contains(ASTFlags::BREAK) => {
            Some(format!("[{}]{}", key(&parts.lhs), indexed(&parts.rhs, *inner)?))
        }
        last => Some(format!("[{}]", key(last))),
    }
}
