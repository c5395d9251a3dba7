//! [`ParamSpec`]: one parameter of a kind, described.

use std::fmt;

use super::param_type::ParamType;
use super::value::ParamValue;
use crate::units::SimDuration;

/// One parameter of a kind, with everything that a reader, the documentation or an editor needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamSpec {
    /// The key under which it is given.
    pub name: &'static str,
    /// What its value may be.
    pub value: ParamType,
    /// The unit of its value, where the type does not say it.
    pub unit: Option<&'static str>,
    /// What holds if it is not given.
    pub default: ParamDefault,
    /// What it means, without its unit, range and default.
    pub doc: &'static str,
}

/// What holds if a parameter is not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamDefault {
    /// It must be given.
    Required,
    /// A flag.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A length of time.
    Duration(SimDuration),
    /// A word of a [`ParamType::Choice`].
    Choice(&'static str),
    /// The value stays absent, and the kind decides; the text says how.
    Derived(&'static str),
}

impl ParamSpec {
    /// Describes a parameter that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, value: ParamType, default: ParamDefault, doc: &'static str) -> Self {
        Self { name, value, unit: None, default, doc }
    }

    /// Describes a parameter that must be given.
    #[must_use]
    pub const fn required(name: &'static str, value: ParamType, doc: &'static str) -> Self {
        Self::new(name, value, ParamDefault::Required, doc)
    }

    /// Names the unit.
    #[must_use]
    pub const fn in_unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// Changes what it means, for a parameter that several kinds share.
    #[must_use]
    pub const fn meaning(self, doc: &'static str) -> Self {
        Self { doc, ..self }
    }

    /// Returns whether it must be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default == ParamDefault::Required
    }
}

impl ParamDefault {
    /// Returns the value that it stands for, if it stands for one.
    #[must_use]
    pub fn value(&self) -> Option<ParamValue> {
        match *self {
            Self::Required | Self::Derived(_) => None,
            Self::Flag(value) => Some(ParamValue::Flag(value)),
            Self::Integer(value) => Some(ParamValue::Integer(value)),
            Self::Number(value) => Some(ParamValue::Number(value)),
            Self::Duration(span) => Some(ParamValue::Duration(span)),
            Self::Choice(word) => Some(ParamValue::Text(word.to_owned())),
        }
    }
}

impl fmt::Display for ParamDefault {
    /// Writes the default as the documentation shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::Flag(value) => write!(f, "`{value}`"),
            Self::Integer(value) => write!(f, "`{value}`"),
            Self::Number(value) => write!(f, "`{value}`"),
            Self::Duration(span) => write!(f, "`\"{span}\"`"),
            Self::Choice(word) => write!(f, "`\"{word}\"`"),
            Self::Derived(text) => f.write_str(text),
        }
    }
}
