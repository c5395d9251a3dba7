//! [`png`]: renders a figure as pixels.
//!
//! The renderer and its font are compiled only with the Cargo feature `png`.

use std::error::Error as StdError;
#[cfg(feature = "png")]
use std::sync::Arc;

#[cfg(feature = "png")]
use resvg::tiny_skia::{Pixmap, Transform};
#[cfg(feature = "png")]
use resvg::usvg::{Options, Tree, fontdb};

use super::{ReportError, SvgFigure};

/// Whether this build renders PNG: it has the Cargo feature `png`.
pub const HAS_PNG: bool = cfg!(feature = "png");

/// How to build with the feature `png`.
pub const NO_PNG: &str = "this bearpit was built without PNG; build it with the feature `png`: \
    cargo run --release --features png -- report RUN --figures DIR --png";

/// Pixels per SVG unit in each direction: sharp on high-density screens and in print.
#[cfg(feature = "png")]
const SCALE: f32 = 2.0;

/// Renders a figure as a PNG file.
///
/// Text uses a font that is part of the program, so that the same figure gives the same bytes on every
/// machine.
///
/// # Errors
/// [`ReportError::Png`] if the SVG is not valid, or this build has no renderer ([`HAS_PNG`]).
pub fn png(figure: &SvgFigure) -> Result<Vec<u8>, ReportError> {
    encode(&figure.svg).map_err(|cause| ReportError::Png { figure: figure.name.clone(), cause })
}

#[cfg(not(feature = "png"))]
fn encode(_: &str) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
    Err(NO_PNG.into())
}

#[cfg(feature = "png")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand pixels, which the figure itself has as integers"
)]
fn encode(svg: &str) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|family| family.0.clone());
    fonts.set_sans_serif_family(family.unwrap_or_default());
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let mut pixels = Pixmap::new(width as u32, height as u32).ok_or("it has no size")?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    Ok(pixels.encode_png()?)
}
