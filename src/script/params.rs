//! Parameters: declared in a script, overridden by a scenario, checked against each other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use super::api::Registry;
use super::config::ParamValue;
use super::host::{Outcome, Shared, Stage, described, number, text};
use bearpit_core::units::{nearest, suggest};

/// A parameter as a script declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDeclaration {
    /// Its name.
    pub name: String,
    /// Its value where a scenario gives none; its type is the parameter's.
    pub default: ParamValue,
    /// Which values are allowed.
    pub range: ParamRange,
    /// What it is, in a sentence; may be empty.
    pub about: String,
    /// The line of the declaration, from 1.
    pub line: usize,
}

/// Which values of a parameter are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamRange {
    /// All of its type.
    Any,
    /// Whole numbers from the first to the last, both included.
    Whole(i64, i64),
    /// Numbers from the first to the last, both included.
    Number(f64, f64),
    /// One of these texts.
    Choice(Vec<String>),
}

impl fmt::Display for ParamRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Whole(low, high) => write!(f, "{low} to {high}"),
            Self::Number(low, high) => write!(f, "{low} to {high}"),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&words.join(", "))
            }
        }
    }
}

/// Says what is wrong with a parameter that a scenario gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamComplaint {
    /// The parameter.
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
}

/// The parameters of a script, read as `params.name`; clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Rc<RefCell<Table>>);

#[derive(Debug, Default)]
struct Table {
    given: BTreeMap<String, ParamValue>,
    values: BTreeMap<String, ParamValue>,
    declared: Vec<ParamDeclaration>,
    complaints: Vec<ParamComplaint>,
}

const PARAMS_MAX: usize = 200;

impl Params {
    /// Begins with what the scenario gives, and nothing declared.
    pub(super) fn given(given: &[(String, ParamValue)]) -> Self {
        let given = given.iter().cloned().collect();
        Self(Rc::new(RefCell::new(Table { given, ..Table::default() })))
    }

    /// Returns what the script declared.
    pub(super) fn declared(&self) -> Vec<ParamDeclaration> {
        self.0.borrow().declared.clone()
    }

    /// Returns what is wrong with the values given, once the script has declared all.
    ///
    /// A script that declares nothing takes whatever it is given.
    pub(super) fn complaints(&self) -> Vec<ParamComplaint> {
        let table = self.0.borrow();
        let mut complaints = table.complaints.clone();
        if table.declared.is_empty() {
            return complaints;
        }
        let known: Vec<&str> = table.declared.iter().map(|it| it.name.as_str()).collect();
        for name in table.given.keys().filter(|name| !known.contains(&name.as_str())) {
            complaints.push(ParamComplaint {
                name: name.clone(),
                message: format!("the script has no parameter `{name}`"),
                help: Some(suggest(name, &known)),
            });
        }
        complaints
    }

    /// Returns the parameter called `name`, or an error that says which there are.
    fn get(&self, name: &str) -> Outcome<Dynamic> {
        let table = self.0.borrow();
        let is_quick = table.declared.is_empty();
        let values = if is_quick { &table.given } else { &table.values };
        values.get(name).map(dynamic).ok_or_else(|| {
            let all: Vec<&str> = values.keys().map(String::as_str).collect();
            let near = nearest(name, all.iter().copied());
            let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            let who = if is_quick { "the scenario gives" } else { "the script declares" };
            let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            format!("{who} no parameter `{name}`{near}; there is: {all}").into()
        })
    }

    /// Adds a declaration, and returns the value that is in effect.
    fn declare(&self, declaration: ParamDeclaration) -> Outcome<Dynamic> {
        let name = declaration.name.clone();
        let mut table = self.0.borrow_mut();
        if table.declared.iter().any(|known| known.name == name) {
            return Err(format!("param: `{name}` is declared twice").into());
        }
        if table.declared.len() >= PARAMS_MAX {
            return Err(format!("param: more than {PARAMS_MAX} parameters").into());
        }
        if let Err(why) = declaration.check(&declaration.default) {
            return Err(format!("param: the default of `{name}` {why}").into());
        }
        let mut value = declaration.default.clone();
        if let Some(given) = table.given.get(&name).cloned() {
            match declaration.check(&given) {
                Ok(checked) => value = checked,
                Err(why) => {
                    let message = format!("the parameter `{name}` {why}");
                    let help =
                        (!declaration.about.is_empty()).then(|| format!("{name}: {}", declaration.about));
                    table.complaints.push(ParamComplaint { name: name.clone(), message, help });
                }
            }
        }
        let effective = dynamic(&value);
        table.values.insert(name, value);
        table.declared.push(declaration);
        Ok(effective)
    }
}

impl ParamDeclaration {
    /// Returns a value as one of the parameter's type, or says why it is none.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the parameter.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number beyond 2^53 is nothing to be exact about here"
    )]
    pub fn check(&self, value: &ParamValue) -> Result<ParamValue, String> {
        let value = match (&self.default, value) {
            (ParamValue::Float(_), ParamValue::Int(whole)) => ParamValue::Float(*whole as f64),
            _ => value.clone(),
        };
        if std::mem::discriminant(&value) != std::mem::discriminant(&self.default) {
            return Err(format!("is {}, but must be {}", value.kind(), self.default.kind()));
        }
        let fits = match (&self.range, &value) {
            (ParamRange::Whole(low, high), ParamValue::Int(it)) => low <= it && it <= high,
            (ParamRange::Number(low, high), ParamValue::Float(it)) => low <= it && it <= high,
            (ParamRange::Choice(words), ParamValue::Text(it)) => words.contains(it),
            _ => true,
        };
        if fits { Ok(value) } else { Err(format!("is {value}, but must be in the range {}", self.range)) }
    }
}

fn dynamic(value: &ParamValue) -> Dynamic {
    match value {
        ParamValue::Bool(value) => Dynamic::from_bool(*value),
        ParamValue::Int(value) => Dynamic::from_int(*value),
        ParamValue::Float(value) => Dynamic::from_float(*value),
        ParamValue::Text(text) => text.clone().into(),
    }
}

/// Registers `param`, and `params` as an object.
pub(super) fn register(api: &mut Registry<'_>, host: &Shared) {
    api.engine.register_type_with_name::<Params>("Params");
    api.engine.register_indexer_get(|params: &mut Params, name: ImmutableString| params.get(&name));
    api.engine
        .register_fn("contains", |params: &mut Params, name: ImmutableString| params.get(&name).is_ok());
    api.group("Parameters");
    let forms = [Rc::clone(host), Rc::clone(host), Rc::clone(host)];
    let [plain, ranged, told] = forms;
    type Call<'a> = NativeCallContext<'a>;
    api.function(
        "param",
        "(name: text, default: any, range?: range | array, about?: text) -> any",
        "Declares a parameter, outside of functions, and returns its value: the scenario's, or else the default.",
        "const FAST = param(\"fast\", 12, 1..=500, \"bars of the fast average\");",
    )
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic| {
        declare(&plain, &call, (&name, &default), &[])
    })
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic, a: Dynamic| {
        declare(&ranged, &call, (&name, &default), &[a])
    })
    .form(move |call: Call<'_>, name: Dynamic, default: Dynamic, a: Dynamic, b: Dynamic| {
        declare(&told, &call, (&name, &default), &[a, b])
    });
}

fn declare(
    host: &Shared,
    call: &NativeCallContext<'_>,
    (name, default): (&Dynamic, &Dynamic),
    rest: &[Dynamic],
) -> Outcome<Dynamic> {
    let name = text("param", "name", name)?;
    if host.borrow().stage != Stage::Loading {
        let message = "param: parameters are declared outside of functions: const N = param(..) at the top";
        return Err(message.into());
    }
    let default = value(default).ok_or_else(|| {
        format!(
            "param: the default of `{name}` must be a boolean, a number or a text, but is {}",
            described(default)
        )
    })?;
    let (range, about) = match rest {
        [] => (None, None),
        [about] if about.is_string() => (None, Some(about)),
        [range] => (Some(range), None),
        [range, about, ..] => (Some(range), Some(about)),
    };
    let range = range.map_or(Ok(ParamRange::Any), |range| read_range(&name, &default, range))?;
    let about = about.map_or(Ok(ImmutableString::new()), |about| text("param", "sentence", about))?;
    let line = call.call_position().line().unwrap_or(1);
    let params = host.borrow().params.clone();
    let (name, about) = (name.to_string(), about.to_string());
    params.declare(ParamDeclaration { name, default, range, about, line })
}

fn value(value: &Dynamic) -> Option<ParamValue> {
    let text = || value.clone().into_string().ok().map(ParamValue::Text);
    let whole = || value.as_int().ok().map(ParamValue::Int);
    let float = || value.as_float().ok().filter(|it| it.is_finite()).map(ParamValue::Float);
    value.as_bool().ok().map(ParamValue::Bool).or_else(whole).or_else(float).or_else(text)
}

/// Reads which values are allowed, as fits the type of the default.
fn read_range(name: &str, default: &ParamValue, range: &Dynamic) -> Outcome<ParamRange> {
    let complaint = |wanted: &str| -> Outcome<ParamRange> {
        let message = format!("param: the range of `{name}` must be {wanted}, but is {}", described(range));
        Err(message.into())
    };
    let whole = || {
        let inclusive = range.read_lock::<RangeInclusive<i64>>().map(|it| (*it.start(), *it.end()));
        inclusive.or_else(|| range.read_lock::<Range<i64>>().map(|it| (it.start, it.end.saturating_sub(1))))
    };
    let items = range.read_lock::<Array>().map(|items| items.clone());
    match (default, items) {
        (ParamValue::Bool(_), _) => complaint("left out, since it is a boolean"),
        (ParamValue::Int(_), Some(items)) => match items[..] {
            [ref low, ref high] if low.is_int() && high.is_int() => {
                Ok(ParamRange::Whole(low.as_int().unwrap_or(0), high.as_int().unwrap_or(0)))
            }
            _ => complaint("two whole numbers, or written as 1..=500"),
        },
        (ParamValue::Int(_), None) => match whole() {
            Some((low, high)) => Ok(ParamRange::Whole(low, high)),
            None => complaint("written as 1..=500"),
        },
        (ParamValue::Float(_), Some(items)) => match &items[..] {
            [low, high] => {
                Ok(ParamRange::Number(number("param", "low end", low)?, number("param", "high end", high)?))
            }
            _ => complaint("two numbers, as in [0.0, 1.0]"),
        },
        #[expect(clippy::cast_precision_loss, reason = "an end beyond 2^53 is no end for a broken number")]
        (ParamValue::Float(_), None) => match whole() {
            Some((low, high)) => Ok(ParamRange::Number(low as f64, high as f64)),
            None => complaint("two numbers, as in [0.0, 1.0]"),
        },
        (ParamValue::Text(_), Some(items)) => {
            let words = items.iter().map(|word| Ok(text("param", "choice", word)?.to_string()));
            words.collect::<Outcome<Vec<String>>>().map(ParamRange::Choice)
        }
        (ParamValue::Text(_), None) => complaint("the texts to choose from, as in [\"mid\", \"touch\"]"),
    }
}
