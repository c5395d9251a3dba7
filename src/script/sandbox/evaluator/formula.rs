//! [`Formula`]: an expression that can be computed without the interpreter.
//!
//! Chains of names, numbers, and the plain operators between them, as in `this.fast.value > this.slow.value`
//! or `(bid - this.fast) * 0.15`. A formula reads and computes; nothing in it can have an effect. So where a
//! value is no number, an operation has no result, or a name is not found, Rhai evaluates the same expression
//! from the start, and reports what is wrong with it.

use rhai::{Dynamic, EvalContext, Expr, FnCallExpr};

use crate::script::sandbox::evaluator::arithmetic::{Number, Operator};
use crate::script::sandbox::evaluator::field_access::{Path, Read};

/// Something to compute, of paths `P`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formula<P> {
    Path(P),
    Number(Number),
    Operation(Operator, Box<[Self; 2]>),
}

impl Formula<Path> {
    /// Returns the formula that an expression is, if it is one.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::IntegerConstant(whole, _) => Some(Self::Number(Number::Whole(*whole))),
            Expr::FloatConstant(broken, _) => Some(Self::Number(Number::Broken(**broken))),
            Expr::FnCall(call, _) => Self::of_operation(call),
            _ => Path::of(expr).map(Self::Path),
        }
    }

    fn of_operation(call: &FnCallExpr) -> Option<Self> {
        let [left, right] = &call.args[..] else { return None };
        let operator = Operator::of(call.op_token.as_ref()?)?;
        Some(Self::Operation(operator, Box::new([Self::of(left)?, Self::of(right)?])))
    }

    /// Tells whether it is no more than a number that is written there.
    pub(crate) const fn is_literal(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Returns the same formula of other paths.
    pub(crate) fn map<Q>(&self, other: &impl Fn(&Path) -> Q) -> Formula<Q> {
        match self {
            Self::Path(path) => Formula::Path(other(path)),
            Self::Number(number) => Formula::Number(*number),
            Self::Operation(operator, sides) => {
                let [left, right] = &**sides;
                Formula::Operation(*operator, Box::new([left.map(other), right.map(other)]))
            }
        }
    }
}

impl<P: Read> Formula<P> {
    /// Returns the value, or nothing if Rhai is to compute it.
    pub(crate) fn evaluate(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Dynamic> {
        match self {
            Self::Path(path) => path.read(context),
            Self::Number(number) => Some((*number).into()),
            Self::Operation(operator, sides) => {
                operator.on(sides[0].number(context)?, sides[1].number(context)?)
            }
        }
    }

    fn number(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Path(path) => Number::of(&path.read(context)?),
            Self::Operation(operator, sides) => {
                operator.number_on(sides[0].number(context)?, sides[1].number(context)?)
            }
        }
    }
}
