//! Parameters as data: what a kind of agent or process can be given, and the values it is built from.
//!
//! A kind lists its parameters as [`ParamSpec`]s: name, type, range, unit, default, meaning. The scenario
//! reader, its error messages, the tables of the documentation and the JSON schema for editors come from that
//! list. The kind itself is built from [`Values`], and does not depend on the file format they were read
//! from.
//!
//! ```
//! use bearpit_core::params::{NumberRange, ParamDefault, ParamSpec, ParamType, Values};
//!
//! const SPECS: [ParamSpec; 2] = [
//!     ParamSpec::required("initial", ParamType::Number(NumberRange::above(0.0)), "first value"),
//!     ParamSpec::new("drift", ParamType::Number(NumberRange::ANY), ParamDefault::Number(0.0), "drift")
//!         .in_unit("annualized"),
//! ];
//! let values = Values::new().with("initial", 100.0).complete(&SPECS)?;
//! assert_eq!(values.get::<f64>("drift")?, 0.0);
//! let error = Values::new().with("initial", -1.0).complete(&SPECS).unwrap_err();
//! assert_eq!(error.to_string(), "`initial` is -1, but must be a number above 0");
//! # Ok::<(), bearpit_core::params::ParamError>(())
//! ```

mod error;
mod param_type;
mod range;
mod spec;
mod value;
mod values;

pub use error::{ParamError, ParamErrors};
pub use param_type::{Choice, FileFormat, ParamType};
pub use range::{DurationRange, NumberRange};
pub use spec::{ParamDefault, ParamSpec};
pub use value::{FileContent, FromParam, ParamValue, Scalar};
pub use values::Values;
