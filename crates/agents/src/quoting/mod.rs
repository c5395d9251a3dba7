//! Market makers that quote by a closed form: Avellaneda and Stoikov, and Gueant, Lehalle and
//! Fernandez-Tapia.

mod formulas;
mod maker;

pub use formulas::{AvellanedaStoikov, Glft, QuoteFormula};
pub(crate) use maker::{AVELLANEDA_STOIKOV, GLFT};
pub use maker::{OptimalMaker, OptimalMakerConfig};
