//! [`IndicatorHandle`]: a script's handle to an indicator.

mod input;
mod parts;

pub(crate) use input::IndicatorInput;
pub(crate) use parts::{PART_NAMES, Parts};

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use rhai::Dynamic;

use crate::script::value::arguments::{ScriptResult, number, optional, type_word};
use crate::script::value::views::BarView;
use bearpit_agents::indicators::{Indicator, NotAllowed, Scale};

/// How many inputs the indicators of one script may hold in total; a million of the largest kind take 90 MB.
pub(crate) const HELD_MAX: u32 = 1_000_000;

/// What each indicator counts besides its inputs, in the same unit, so that the number of small ones is
/// limited too.
pub(crate) const OVERHEAD: u32 = 100;

/// The inputs that the indicators of one script hold.
#[derive(Debug, Default)]
pub(crate) struct IndicatorBudget(Cell<u32>);

/// A part of the budget, returned when the indicator is dropped.
#[derive(Debug)]
struct BudgetLease {
    budget: Rc<IndicatorBudget>,
    held: u32,
}

impl BudgetLease {
    fn take(budget: &Rc<IndicatorBudget>, inputs: u32) -> Option<Self> {
        let held = inputs + OVERHEAD;
        let all = budget.0.get() + held;
        (all <= HELD_MAX).then(|| {
            budget.0.set(all);
            Self { budget: Rc::clone(budget), held }
        })
    }
}

impl Drop for BudgetLease {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.0.get() - self.held);
    }
}

/// The arguments of an update.
#[derive(Clone, Copy)]
pub(crate) enum InputArgs<'a> {
    Numbers(&'a [f64]),
    Bar(&'a BarView),
}

/// Why an indicator cannot do what a script requests; the caller adds which indicator it is.
#[derive(Debug, thiserror::Error)]
enum IndicatorError {
    #[error("update takes {takes}")]
    NotTaken { takes: &'static str },
    #[error(transparent)]
    Refused(#[from] NotAllowed),
    #[error("there is no `{name}`; there is {}", known.join(", "))]
    NoPart { name: String, known: Vec<&'static str> },
}

/// An indicator of any kind. Its value is the first of its parts.
trait DynIndicator {
    /// Updates it, and returns its value.
    fn update(&mut self, given: InputArgs<'_>) -> Result<Option<f64>, IndicatorError>;
    /// Returns a part of its value.
    fn part(&self, name: &str) -> Result<Option<f64>, IndicatorError>;
    /// Returns the first part of its value.
    fn first(&self) -> Option<f64>;
    fn part_names(&self) -> Vec<&'static str>;
    fn is_ready(&self) -> bool;
    fn rescale(&mut self, by: Scale);
    fn reset(&mut self);
    /// What an update accepts, in words.
    fn takes(&self) -> &'static str;
}

impl<I: Indicator<Input: IndicatorInput, Value: Parts>> DynIndicator for I {
    fn update(&mut self, given: InputArgs<'_>) -> Result<Option<f64>, IndicatorError> {
        let input = match given {
            InputArgs::Numbers(numbers) => I::Input::of_numbers(numbers),
            InputArgs::Bar(bar) => I::Input::of_bar(bar),
        };
        let Some(input) = input else { return Err(IndicatorError::NotTaken { takes: self.takes() }) };
        match Indicator::update(self, input) {
            Ok(value) => Ok(value.and_then(|value| value.first())),
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn part(&self, name: &str) -> Result<Option<f64>, IndicatorError> {
        let parts = I::Value::PARTS;
        let asked = if name == "value" { parts.first() } else { parts.iter().find(|it| it.0 == name) };
        match asked {
            Some((_, read)) => Ok(self.value().and_then(|value| read(&value))),
            None => Err(IndicatorError::NoPart { name: name.to_owned(), known: self.part_names() }),
        }
    }

    fn first(&self) -> Option<f64> {
        self.value().and_then(|value| value.first())
    }

    fn part_names(&self) -> Vec<&'static str> {
        I::Value::PARTS.iter().map(|part| part.0).collect()
    }

    fn is_ready(&self) -> bool {
        Indicator::is_ready(self)
    }

    fn rescale(&mut self, by: Scale) {
        Indicator::rescale(self, by);
    }

    fn reset(&mut self) {
        Indicator::reset(self);
    }

    fn takes(&self) -> &'static str {
        I::Input::TAKES
    }
}

/// An indicator of a script; clones are the same indicator, because Rhai clones whatever a script reads from
/// `this` or passes to a function.
#[derive(Clone)]
pub(crate) struct IndicatorHandle(Rc<NamedIndicator<dyn DynIndicator>>);

struct NamedIndicator<A: ?Sized> {
    /// The call that made it, for messages.
    call: String,
    _lease: BudgetLease,
    /// Its value before the last update.
    previous: Cell<Option<f64>>,
    indicator: RefCell<A>,
}

impl IndicatorHandle {
    /// Makes the handle of an indicator that holds so many inputs.
    ///
    /// # Errors
    /// The constructor's refusal, or that the script's budget is used up.
    pub(crate) fn make<I>(
        budget: &Rc<IndicatorBudget>,
        call: String,
        inputs: u32,
        made: Result<I, NotAllowed>,
    ) -> ScriptResult<Self>
    where
        I: Indicator<Input: IndicatorInput, Value: Parts> + 'static,
    {
        let indicator = made.map_err(|refusal| format!("{call}: {refusal}"))?;
        let Some(lease) = BudgetLease::take(budget, inputs) else {
            return Err(format!(
                "{call}: the indicators of a script may hold {HELD_MAX} inputs together, and {OVERHEAD} count \
                 for each indicator; take shorter periods, or make them once, in on_start"
            )
            .into());
        };
        let (previous, indicator) = (Cell::default(), RefCell::new(indicator));
        Ok(Self(Rc::new(NamedIndicator { call, _lease: lease, previous, indicator })))
    }

    /// Updates it, and returns its value.
    pub(crate) fn feed(&self, given: InputArgs<'_>) -> ScriptResult<Option<f64>> {
        let mut indicator = self.0.indicator.borrow_mut();
        self.0.previous.set(indicator.first());
        let fed = indicator.update(given);
        fed.map_err(|refusal| format!("{}: {refusal}", self.0.call).into())
    }

    pub(crate) fn update(&self, given: InputArgs<'_>) -> ScriptResult<Dynamic> {
        self.feed(given).map(optional)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.0.indicator.borrow().is_ready()
    }

    /// Multiplies its past.
    pub(crate) fn rescale(&self, by: Scale) {
        self.0.indicator.borrow_mut().rescale(by);
    }

    /// Multiplies its past, as a script asks for.
    pub(crate) fn rescale_by(&self, price: &Dynamic, volume: &Dynamic) -> ScriptResult<()> {
        let factor = |what, given| -> ScriptResult<f64> {
            let factor = number(&self.0.call, what, given)?;
            if factor.is_finite() && factor > 0.0 {
                return Ok(factor);
            }
            Err(format!("rescale: the {what} must be above 0, not {factor}").into())
        };
        self.rescale(Scale {
            price: factor("price factor", price)?,
            volume: factor("volume factor", volume)?,
        });
        Ok(())
    }

    pub(crate) fn reset(&self) {
        self.0.indicator.borrow_mut().reset();
        self.0.previous.set(None);
    }

    /// Returns its value before the last update, and after it.
    pub(crate) fn last_two(&self) -> (Option<f64>, Option<f64>) {
        (self.0.previous.get(), self.value())
    }

    pub(crate) fn value(&self) -> Option<f64> {
        self.0.indicator.borrow().first()
    }

    /// Returns whether an update accepts exactly one number.
    pub(crate) fn takes_a_number(&self) -> bool {
        self.0.indicator.borrow().takes() == <f64 as IndicatorInput>::TAKES
    }

    /// Describes what an update accepts.
    pub(crate) fn takes(&self) -> String {
        format!("update takes {}", self.0.indicator.borrow().takes())
    }

    pub(crate) fn update_with<const N: usize>(&self, given: [Dynamic; N]) -> ScriptResult<Dynamic> {
        let mut numbers = [0.0; N];
        for (slot, given) in numbers.iter_mut().zip(&given) {
            *slot = number(&self.0.call, "input", given)?;
        }
        self.update(InputArgs::Numbers(&numbers))
    }

    pub(crate) fn part(&self, name: &str) -> ScriptResult<Dynamic> {
        let part = self.0.indicator.borrow().part(name);
        part.map(optional).map_err(|error| format!("{}: {error}", self.0.call).into())
    }

    /// Makes the error of an update with a wrong argument.
    pub(crate) fn not_with(&self, given: &Dynamic) -> ScriptResult<Dynamic> {
        let takes = self.0.indicator.borrow().takes();
        let given = if given.is_unit() { "()" } else { type_word(given) };
        Err(format!("{}: update takes {takes}, not {given}", self.0.call).into())
    }
}

impl fmt::Debug for IndicatorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for IndicatorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indicator = self.0.indicator.borrow();
        f.write_str(&self.0.call)?;
        if !indicator.is_ready() {
            return f.write_str(": not ready");
        }
        for (i, name) in indicator.part_names().into_iter().enumerate() {
            f.write_str(if i == 0 { ": " } else { ", " })?;
            match indicator.part(name) {
                Ok(Some(part)) => write!(f, "{name} {part:?}")?,
                _ => write!(f, "{name} ()")?,
            }
        }
        Ok(())
    }
}
