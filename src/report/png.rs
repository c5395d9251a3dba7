//! [`png`]: a figure as pixels.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::{Picture, ReportError};

/// How many pixels stand for one of the figure's, each way: sharp on screens of high density, and in print.
const SCALE: f32 = 2.0;

/// Turns a figure into a PNG file.
///
/// Letters are those of a font in the program, so that the same figure gives the same bytes on every machine.
///
/// # Errors
/// [`ReportError::Pixels`] if the figure is no picture.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand pixels, which the picture itself has as whole numbers"
)]
pub fn png(picture: &Picture) -> Result<Vec<u8>, ReportError> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|family| family.0.clone());
    fonts.set_sans_serif_family(family.unwrap_or_default());
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let wrong = |what: &str| ReportError::Pixels(format!("{}: {what}", picture.name));
    let tree = Tree::from_str(&picture.svg, &options).map_err(|error| wrong(&error.to_string()))?;
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let pixels = Pixmap::new(width as u32, height as u32);
    let mut pixels = pixels.ok_or_else(|| wrong("it has no size"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| wrong(&error.to_string()))
}
