//! [`Values`]: the values that a kind is built from, by name.

use std::any::Any;
use std::collections::BTreeMap;

use super::error::ParamError;
use super::spec::ParamSpec;
use super::value::{FileContent, FromParam, ParamValue};
use crate::units::suggest;

/// The values of a kind's parameters, by name.
#[derive(Debug, Clone, Default)]
pub struct Values {
    values: BTreeMap<&'static str, ParamValue>,
}

impl Values {
    /// Begins without any value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; a later one of the same name replaces the earlier.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<ParamValue>) -> Self {
        self.set(name, value.into());
        self
    }

    /// Sets a value.
    pub fn set(&mut self, name: &'static str, value: ParamValue) {
        self.values.insert(name, value);
    }

    /// Returns the value of a parameter.
    ///
    /// # Errors
    /// [`ParamError::Missing`] if it is absent, [`ParamError::NotAllowed`] if it is of another type; neither
    /// happens to a parameter that is asked for as its [`ParamSpec`] says.
    pub fn get<T: FromParam>(&self, name: &'static str) -> Result<T, ParamError> {
        self.given(name)?.ok_or(ParamError::Missing { param: name })
    }

    /// Returns the value of a parameter that may be absent.
    ///
    /// # Errors
    /// [`ParamError::NotAllowed`] if it is of another type.
    pub fn given<T: FromParam>(&self, name: &'static str) -> Result<Option<T>, ParamError> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        let wrong = || ParamError::NotAllowed {
            param: name,
            value: value.to_string(),
            allowed: T::WANTED.to_owned(),
        };
        T::from_param(value).map(Some).ok_or_else(wrong)
    }

    /// Returns the content of the file that a parameter names.
    ///
    /// # Errors
    /// As for [`Values::get`]; also if the content is no `T`.
    pub fn content<T: Any + Clone + Send + Sync>(&self, name: &'static str) -> Result<T, ParamError> {
        let file: FileContent = self.get(name)?;
        let wrong = || ParamError::NotAllowed {
            param: name,
            value: format!("a file of another format ({})", file.path.display()),
            allowed: std::any::type_name::<T>().to_owned(),
        };
        file.content().cloned().ok_or_else(wrong)
    }

    /// Checks the values against the parameters of a kind, and adds the defaults of those that are absent.
    ///
    /// # Errors
    /// The first value that is unknown, missing, of the wrong type or out of its range.
    pub fn complete(mut self, specs: &[ParamSpec]) -> Result<Self, ParamError> {
        for name in self.values.keys() {
            if !specs.iter().any(|spec| spec.name == *name) {
                let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
                return Err(ParamError::Unknown { param: (*name).to_owned(), help: suggest(name, &known) });
            }
        }
        for spec in specs {
            match self.values.get(spec.name) {
                Some(value) if !spec.value.admits(value) => {
                    let (value, allowed) = (value.to_string(), spec.value.to_string());
                    return Err(ParamError::NotAllowed { param: spec.name, value, allowed });
                }
                Some(_) => {}
                None if spec.is_required() => return Err(ParamError::Missing { param: spec.name }),
                None => {
                    if let Some(value) = spec.default.value() {
                        self.values.insert(spec.name, value);
                    }
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, DurationRange, NumberRange, ParamDefault, ParamType, Scalar};
    use super::*;
    use crate::units::{Decimal, InstrumentId, Quantity, SimDuration, SimTime};

    const WEIGHT: ParamType = ParamType::Number(NumberRange::at_least(0.0));
    const INNER: [ParamSpec; 1] = [ParamSpec::required("mean", WEIGHT, "mean")];
    const CHOICES: [Choice; 2] = [Choice { name: "mid", doc: "" }, Choice { name: "value", doc: "" }];

    fn admits(value: ParamType, given: impl Into<ParamValue>) -> bool {
        value.admits(&given.into())
    }

    #[test]
    fn each_type_admits_its_own_values_within_their_range() {
        let span = SimDuration::from_secs(1);
        assert!(admits(ParamType::Flag, true) && !admits(ParamType::Flag, 1_i64));
        let count = ParamType::Integer { min: 1, max: 9 };
        assert!(admits(count, 9_i64) && !admits(count, 10_i64) && !admits(count, 1.0));
        assert!(admits(WEIGHT, 0.0) && !admits(WEIGHT, -1.0) && !admits(WEIGHT, f64::NAN));
        assert!(admits(ParamType::Duration(DurationRange::Positive), span));
        assert!(!admits(ParamType::Duration(DurationRange::Positive), SimDuration::ZERO));
        assert!(admits(ParamType::Date, SimTime::from_nanos(0)));
        assert!(!admits(ParamType::Date, SimTime::from_nanos(1)));
        assert!(admits(ParamType::Text, "x") && !admits(ParamType::Text, " "));
        assert!(admits(ParamType::Choice(&CHOICES), "mid") && !admits(ParamType::Choice(&CHOICES), "med"));
        assert!(
            admits(ParamType::Price, Decimal::new(1, 3)) && !admits(ParamType::Price, Decimal::new(0, 0))
        );
        assert!(admits(ParamType::TickDistance, 1_i64) && !admits(ParamType::TickDistance, 0_i64));
        assert!(
            admits(ParamType::Quantity, Quantity::new(1)) && !admits(ParamType::Quantity, Quantity::ZERO)
        );
        let scalars = |value| vec![("fast".to_owned(), Scalar::Float(value))];
        assert!(admits(ParamType::Scalars, scalars(1.0)) && !admits(ParamType::Scalars, scalars(f64::NAN)));
    }

    #[test]
    fn lists_and_tables_admit_what_their_items_admit() {
        let list = |value: f64| vec![ParamValue::Number(1.0), ParamValue::Number(value)];
        assert!(admits(ParamType::List(&WEIGHT), list(2.0)) && !admits(ParamType::List(&WEIGHT), list(-2.0)));
        let weights = |value: f64| vec![(InstrumentId::new(0), ParamValue::Number(value))];
        assert!(admits(ParamType::ByInstrument(&WEIGHT), weights(0.5)));
        assert!(!admits(ParamType::ByInstrument(&WEIGHT), weights(-0.5)));
        assert!(admits(ParamType::Table(&INNER), Values::new().with("mean", 1.0)));
        assert!(!admits(ParamType::Table(&INNER), Values::new()));
    }

    #[test]
    fn a_file_has_the_content_of_its_format() {
        let values = Values::new().with("file", FileContent::new("x.txt", 5_u8));
        assert_eq!(values.content::<u8>("file"), Ok(5));
        let error = values.content::<u16>("file").unwrap_err();
        assert_eq!(error.to_string(), "`file` is a file of another format (x.txt), but must be u16");
    }

    #[test]
    fn completing_adds_defaults_and_finds_what_is_wrong() {
        let specs = [
            ParamSpec::required("initial", WEIGHT, "first"),
            ParamSpec::new(
                "reference",
                ParamType::Choice(&CHOICES),
                ParamDefault::Choice("mid"),
                "reference",
            ),
            ParamSpec::new("mean", WEIGHT, ParamDefault::Derived("`initial`"), "mean"),
        ];
        let values = Values::new().with("initial", 5.0).complete(&specs).unwrap();
        assert_eq!(values.get::<String>("reference").unwrap(), "mid");
        assert_eq!(values.given::<f64>("mean"), Ok(None));
        assert_eq!(values.get::<f64>("mean"), Err(ParamError::Missing { param: "mean" }));
        let error = |values: Values| values.complete(&specs).unwrap_err();
        assert_eq!(error(Values::new()), ParamError::Missing { param: "initial" });
        let unknown = error(Values::new().with("inital", 1.0));
        assert_eq!(unknown.param(), "inital");
        assert!(unknown.to_string().contains("did you mean `initial`?"), "{unknown}");
        let wrong = error(Values::new().with("initial", 5.0).with("reference", "med"));
        assert_eq!(wrong.to_string(), "`reference` is \"med\", but must be \"mid\" or \"value\"");
        let other_type = values.get::<bool>("initial").unwrap_err();
        assert_eq!(other_type.to_string(), "`initial` is 5, but must be a flag");
    }
}
