//! [`ParamError`] and [`ParamErrors`]: why a kind cannot be built from the values it was given.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why a kind cannot be built from the values it was given.
///
/// [`ParamError::param`] names the parameter, so that whoever read the values can point at it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParamError {
    /// A parameter without a default was not given.
    #[error("`{param}` is missing")]
    Missing {
        /// The parameter.
        param: &'static str,
    },
    /// The kind has no such parameter.
    #[error("there is no parameter `{param}`; {help}")]
    Unknown {
        /// What was given.
        param: String,
        /// What there is.
        help: String,
    },
    /// A value is of another type, or out of range.
    #[error("`{param}` is {value}, but must be {allowed}")]
    NotAllowed {
        /// The parameter.
        param: &'static str,
        /// Its value, as text.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value does not go with another one, or with the market it is for.
    #[error("{message}")]
    Invalid {
        /// The parameter.
        param: &'static str,
        /// What is wrong.
        message: String,
        /// What could be done about it.
        help: Option<String>,
    },
    /// One entry of a table parameter, or one item of a list, is wrong.
    #[error("{message}")]
    InvalidEntry {
        /// The parameter.
        param: &'static str,
        /// The entry's key, or the item's number from 1.
        entry: String,
        /// What is wrong.
        message: String,
        /// What could be done about it.
        help: Option<String>,
    },
    /// A file that a parameter names is wrong, or a file that this one names.
    #[error("{}:{line}:{column}: {message}", file.display())]
    InFile {
        /// The parameter.
        param: &'static str,
        /// The file.
        file: PathBuf,
        /// Its text.
        text: Arc<str>,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
        /// What could be done about it.
        help: Option<String>,
    },
}

impl ParamError {
    /// Says that a value does not go with another one, or with the market it is for.
    #[must_use]
    pub fn invalid(param: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { param, message: message.into(), help: None }
    }

    /// Says that an item of a list, numbered from 1, does not go with others.
    #[must_use]
    pub fn invalid_item(param: &'static str, number: usize, message: impl Into<String>) -> Self {
        Self::InvalidEntry { param, entry: number.to_string(), message: message.into(), help: None }
    }

    /// Adds what could be done about it, where the error has room for that.
    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        if let Self::Invalid { help, .. } | Self::InvalidEntry { help, .. } | Self::InFile { help, .. } =
            &mut self
        {
            *help = Some(text.into());
        }
        self
    }

    /// Returns the parameter that is to blame.
    #[must_use]
    pub fn param(&self) -> &str {
        match self {
            Self::Unknown { param, .. } => param,
            Self::Missing { param }
            | Self::NotAllowed { param, .. }
            | Self::Invalid { param, .. }
            | Self::InvalidEntry { param, .. }
            | Self::InFile { param, .. } => param,
        }
    }

    /// Returns what could be done about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Missing { .. } | Self::NotAllowed { .. } => None,
            Self::Unknown { help, .. } => Some(help),
            Self::Invalid { help, .. } | Self::InvalidEntry { help, .. } | Self::InFile { help, .. } => {
                help.as_deref()
            }
        }
    }
}

/// Everything that is wrong with the values of a kind; at least one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamErrors(Vec<ParamError>);

impl ParamErrors {
    /// Returns `Ok` if nothing is wrong, or all that is.
    ///
    /// # Errors
    /// The errors, if there are any.
    pub fn check(errors: Vec<ParamError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// Returns the errors.
    #[must_use]
    pub fn errors(&self) -> &[ParamError] {
        &self.0
    }
}

impl From<ParamError> for ParamErrors {
    fn from(error: ParamError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ParamErrors {
    /// Writes one error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ParamErrors {}
