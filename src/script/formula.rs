//! What can be computed without the interpreter: chains of names, numbers, and the plain operators between
//! them, as in `this.fast.value > this.slow.value` or `(bid - this.fast) * 0.15`.
//!
//! A formula reads and computes; nothing in it can have an effect. So where a value is no number, an
//! operation has no result, or a name is not found, Rhai evaluates the same expression from the start, and
//! says what is wrong with it. Numbers are compared as Rhai compares them.

use rhai::{Dynamic, EvalContext, Expr, FnCallExpr, Token};

use super::paths::Path;

/// Something to compute, of paths `P`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula<P> {
    Path(P),
    Number(Number),
    Operation(Operator, Box<[Self; 2]>),
}

/// A plain number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Broken(f64),
    Whole(i64),
}

/// An operator between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

impl Formula<Path> {
    /// Returns the formula that an expression is, if it is one.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
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
    pub(super) const fn is_literal(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Returns the same formula of other paths.
    pub(super) fn map<Q>(&self, other: &impl Fn(&Path) -> Q) -> Formula<Q> {
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

/// A path that can be read.
pub(super) trait Read {
    /// Returns a copy of what is there, or nothing if Rhai is to look.
    fn read(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Dynamic>;
}

impl<P: Read> Formula<P> {
    /// Returns the value, or nothing if Rhai is to compute it.
    pub(super) fn evaluate(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Dynamic> {
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

impl Number {
    pub(super) fn of(value: &Dynamic) -> Option<Self> {
        let broken = value.as_float().ok().map(Self::Broken);
        broken.or_else(|| value.as_int().ok().map(Self::Whole))
    }

    #[expect(clippy::cast_precision_loss, reason = "Rhai too takes the nearest double of a whole number")]
    const fn to_f64(self) -> f64 {
        match self {
            Self::Broken(broken) => broken,
            Self::Whole(whole) => whole as f64,
        }
    }
}

impl From<Number> for Dynamic {
    fn from(number: Number) -> Self {
        match number {
            Number::Broken(broken) => Self::from_float(broken),
            Number::Whole(whole) => Self::from_int(whole),
        }
    }
}

impl Operator {
    fn of(token: &Token) -> Option<Self> {
        Some(match token {
            Token::Plus => Self::Add,
            Token::Minus => Self::Subtract,
            Token::Multiply => Self::Multiply,
            Token::Divide => Self::Divide,
            Token::LessThan => Self::Less,
            Token::LessThanEqualsTo => Self::AtMost,
            Token::GreaterThan => Self::Greater,
            Token::GreaterThanEqualsTo => Self::AtLeast,
            Token::EqualsTo => Self::Equal,
            Token::NotEqualsTo => Self::Unequal,
            _ => return None,
        })
    }

    /// Returns the operator that an assignment such as `+=` is made with.
    pub(super) fn of_assignment(text: &str) -> Option<Self> {
        Some(match text {
            "+=" => Self::Add,
            "-=" => Self::Subtract,
            "*=" => Self::Multiply,
            "/=" => Self::Divide,
            _ => return None,
        })
    }

    /// Returns the result on two numbers, if there is one.
    pub(super) fn on(self, left: Number, right: Number) -> Option<Dynamic> {
        match self.number_on(left, right) {
            Some(number) => Some(number.into()),
            None => self.holds(left, right).map(Dynamic::from_bool),
        }
    }

    /// Returns the result, if it is a number.
    fn number_on(self, left: Number, right: Number) -> Option<Number> {
        if let (Number::Whole(left), Number::Whole(right)) = (left, right) {
            let whole = match self {
                Self::Add => left.checked_add(right),
                Self::Subtract => left.checked_sub(right),
                Self::Multiply => left.checked_mul(right),
                Self::Divide => left.checked_div(right),
                _ => None,
            };
            return whole.map(Number::Whole);
        }
        let (left, right) = (left.to_f64(), right.to_f64());
        Some(Number::Broken(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            _ => return None,
        }))
    }

    /// Tells whether a comparison holds.
    fn holds(self, left: Number, right: Number) -> Option<bool> {
        if let (Number::Whole(left), Number::Whole(right)) = (left, right) {
            return Some(match self {
                Self::Less => left < right,
                Self::AtMost => left <= right,
                Self::Greater => left > right,
                Self::AtLeast => left >= right,
                Self::Equal => left == right,
                Self::Unequal => left != right,
                _ => return None,
            });
        }
        // Broken numbers count as equal if they are as near as two doubles can be.
        let (left, right) = (left.to_f64(), right.to_f64());
        let scale = if left * right == 0.0 { 1.0 } else { left.abs().max(right.abs()) };
        // No number beside a zero; Rhai takes them for equal.
        let more = if scale == 0.0 { 0.0 } else { (left - right) / scale };
        Some(match self {
            Self::Less => more < -f64::EPSILON,
            Self::AtMost => more < f64::EPSILON,
            Self::Greater => more > f64::EPSILON,
            Self::AtLeast => more > -f64::EPSILON,
            Self::Equal => more.abs() <= f64::EPSILON,
            Self::Unequal => more.abs() > f64::EPSILON,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod property_tests {
    use std::rc::Rc;

    use proptest::prelude::*;
    use rhai::{Engine, Scope};

    use super::super::limits::Meter;
    use super::super::nodes::{Nodes, understand};
    use super::super::paths::Fields;

    /// Names of all kinds of values, numbers at the ends of their ranges, and what is nowhere.
    const LEAVES: [&str; 17] = [
        "a",
        "b",
        "m.x",
        "m.n.y",
        "m.n",
        "m.none",
        "text",
        "list",
        "no",
        "0",
        "1",
        "7",
        "9223372036854775807",
        "0.0",
        "0.1",
        "1e308",
        "2.5e-17",
    ];
    const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="];
    const ASSIGNMENTS: [&str; 6] = ["=", "+=", "-=", "*=", "/=", "%="];

    fn expressions() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(&LEAVES[..]).prop_map(str::to_owned);
        leaf.prop_recursive(4, 16, 2, |inner| {
            (inner.clone(), prop::sample::select(&OPERATORS[..]), inner)
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})"))
        })
    }

    /// Evaluates a script as it is written, or as it is run; an error is told with its place.
    fn told(script: &str, is_charged: bool) -> String {
        drop(super::super::engine::language());
        let mut engine = Engine::new();
        engine.set_fail_on_invalid_map_property(true);
        let mut ast = engine.compile(script).unwrap();
        if is_charged {
            let mut nodes = Nodes::default();
            ast = nodes.charged(&ast).unwrap();
            understand(&mut engine, &Meter::new(1_000_000), &Rc::new(nodes), &Fields::default());
        }
        match engine.eval_ast_with_scope::<rhai::Dynamic>(&mut Scope::new(), &ast) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        }
    }

    proptest! {
        #[test]
        fn prop_a_formula_is_what_rhai_computes(
            expression in expressions(),
            a in prop::num::f64::ANY,
            b in any::<i64>(),
        ) {
            // What Rhai reads back is the same number; it knows no literal of these.
            let a = if a.is_finite() { format!("{a:?}") } else { "(0.0 / 0.0)".to_owned() };
            let script = format!(
                "let a = {a}; let b = {b}; let text = \"t\"; let list = [1, 2]; \
                 let m = #{{ x: {a}, n: #{{ y: {b} }} }};\n{expression}"
            );
            prop_assert_eq!(told(&script, true), told(&script, false), "{}", script);
        }

        #[test]
        fn prop_an_assignment_does_what_rhai_does(
            assignment in prop::sample::select(&ASSIGNMENTS[..]),
            expression in expressions(),
            old in prop::sample::select(&["0", "1.5", "-7", "[1]", "\"t\"", "true", "()"][..]),
            name in prop::sample::select(&["x", "fresh"][..]),
        ) {
            let script = format!(
                "let a = 0.5; let b = 3; let text = \"t\"; let list = [1, 2]; \
                 fn f(a, b, text, list) {{ let m = #{{ x: a, n: #{{ y: b }} }}; this.{name} {assignment} {expression}; }} \
                 let map = #{{ x: {old} }}; let error = ();\n\
                 try {{ map.f(a, b, text, list); }} catch (e) {{ error = e; }}\n`${{map}} ${{error}}`"
            );
            prop_assert_eq!(told(&script, true), told(&script, false), "{}", script);
        }
    }
}
