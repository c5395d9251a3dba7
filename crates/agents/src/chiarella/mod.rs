//! Fundamentalists, chartists and noise: the models of Chiarella and Iori, and the extended Chiarella model.

mod extended;
mod iori;

pub(crate) use extended::KIND as EXTENDED_CHIARELLA;
pub use extended::{ExtendedChiarella, ExtendedChiarellaConfig};
pub(crate) use iori::KIND as CHIARELLA_IORI;
pub use iori::{ChiarellaIori, ChiarellaIoriConfig};
