//! [`Color`]: the colors of figures, on a light and on a dark background.

use std::fmt::Write;

/// What a color is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// Text and axes.
    Ink,
    /// Grid lines.
    Grid,
    /// The background.
    Paper,
    /// Purchases, gains, the bid.
    Up,
    /// Sales, losses, the ask.
    Down,
    /// The line with this index, from 0; colors repeat after [`Color::LINES_MAX`].
    Line(usize),
}

/// A color on a light and on a dark background, as CSS hexadecimal codes.
type Shades = (&'static str, &'static str);

const INK: Shades = ("#3C4046", "#C9CED6");
const GRID: Shades = ("#E4E6EA", "#343A43");
const PAPER: Shades = ("#FFFFFF", "#1B1F25");

/// Colors that color-blind readers can distinguish (Okabe and Ito 2008), dark enough on white and bright
/// enough on black.
const LINES: [Shades; Color::LINES_MAX] = [
    ("#0072B2", "#5AB0EA"),
    ("#D55E00", "#FF9A4D"),
    ("#009E73", "#35CF9F"),
    ("#B8578E", "#E59CC8"),
    ("#8A6A00", "#D9B64A"),
    ("#3FA4DC", "#A5DBFF"),
    ("#6B6B6B", "#A8A8A8"),
];

impl Color {
    /// How many lines have distinct colors.
    pub(crate) const LINES_MAX: usize = 7;

    pub(super) const fn shades(self) -> Shades {
        match self {
            Self::Ink => INK,
            Self::Grid => GRID,
            Self::Paper => PAPER,
            Self::Up => LINES[0],
            Self::Down => LINES[1],
            Self::Line(number) => LINES[number % Self::LINES_MAX],
        }
    }

    /// Returns red, green and blue for a light background, which is what SVG files use.
    pub(super) fn rgb(self) -> (u8, u8, u8) {
        let code = u32::from_str_radix(&self.shades().0[1..], 16).unwrap_or(0);
        let [_, red, green, blue] = code.to_be_bytes();
        (red, green, blue)
    }

    /// Returns [`Color::Up`] for gains and [`Color::Down`] for losses.
    pub(crate) fn of_sign(value: f64) -> Self {
        if value < 0.0 { Self::Down } else { Self::Up }
    }
}

/// Returns the CSS rules by which a page replaces the colors of its figures by those for a dark background.
///
/// CSS rules override an SVG element's own attributes, so the same SVG also stands alone as a file.
pub(crate) fn dark_rules() -> String {
    let mut rules = String::new();
    for (light, dark) in [INK, GRID, PAPER].iter().chain(&LINES) {
        writeln!(
            rules,
            "svg [fill=\"{light}\"] {{ fill: {dark}; }} svg [stroke=\"{light}\"] {{ stroke: {dark}; }}"
        )
        .ok();
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_distinct_on_both_backgrounds() {
        let all = [INK, GRID, PAPER].into_iter().chain(LINES);
        let (mut light, mut dark): (Vec<&str>, Vec<&str>) = all.unzip();
        assert!(light.iter().chain(&dark).all(|code| code.len() == 7 && code.starts_with('#')));
        for shades in [&mut light, &mut dark] {
            shades.sort_unstable();
            shades.dedup();
            assert_eq!(shades.len(), 3 + Color::LINES_MAX);
        }
        assert_eq!(Color::Up.rgb(), (0, 0x72, 0xB2));
    }

    #[test]
    fn lines_contrast_with_both_backgrounds() {
        let luminance = |code: &str| {
            let code = u32::from_str_radix(&code[1..], 16).unwrap();
            let [_, channels @ ..] = code.to_be_bytes();
            let linear = channels.map(|channel| (f64::from(channel) / 255.0).powf(2.2));
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let contrast = |a: &str, b: &str| {
            let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
            a.max(b) / a.min(b)
        };
        for (light, dark) in LINES.iter().chain([&INK]) {
            // WCAG 2.1, 1.4.11: graphics need a contrast of 3 with adjacent colors; nearly all have it.
            assert!(contrast(light, PAPER.0) > 2.7, "{light}");
            assert!(contrast(dark, PAPER.1) > 5.0, "{dark}");
        }
    }
}
