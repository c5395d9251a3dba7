//! [`Tone`]: the colours of figures, on light paper and on dark.

use std::fmt::Write;

/// What a colour is for. Lines take [`Tone::line`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What is written, and axes.
    Ink,
    /// The lines behind everything.
    Grid,
    /// What figures are drawn on.
    Paper,
    /// Purchases, gains, the bid.
    Up,
    /// Sales, losses, the ask.
    Down,
    /// The line of that number, from 0.
    Line(usize),
}

/// A colour on light paper and on dark, as CSS has them.
type Shades = (&'static str, &'static str);

const INK: Shades = ("#3C4046", "#C9CED6");
const GRID: Shades = ("#E4E6EA", "#343A43");
const PAPER: Shades = ("#FFFFFF", "#1B1F25");

/// Colours that colour-blind readers tell apart (Okabe and Ito 2008), dark enough on white, and bright enough
/// on black.
const LINES: [Shades; Tone::LINES_MAX] = [
    ("#0072B2", "#5AB0EA"),
    ("#D55E00", "#FF9A4D"),
    ("#009E73", "#35CF9F"),
    ("#B8578E", "#E59CC8"),
    ("#8A6A00", "#D9B64A"),
    ("#3FA4DC", "#A5DBFF"),
    ("#6B6B6B", "#A8A8A8"),
];

impl Tone {
    /// How many lines have colours of their own.
    pub(crate) const LINES_MAX: usize = 7;

    const fn shades(self) -> Shades {
        match self {
            Self::Ink => INK,
            Self::Grid => GRID,
            Self::Paper => PAPER,
            Self::Up => LINES[0],
            Self::Down => LINES[1],
            Self::Line(number) => LINES[number % Self::LINES_MAX],
        }
    }

    /// Returns red, green and blue on light paper, as files have them.
    pub(super) fn rgb(self) -> (u8, u8, u8) {
        let code = u32::from_str_radix(&self.shades().0[1..], 16).unwrap_or(0);
        let [_, red, green, blue] = code.to_be_bytes();
        (red, green, blue)
    }

    /// Returns [`Tone::Up`] for gains and [`Tone::Down`] for losses.
    pub(crate) fn of_sign(value: f64) -> Self {
        if value < 0.0 { Self::Down } else { Self::Up }
    }
}

/// Returns the rules by which a page turns the colours of its figures into those for dark paper.
///
/// Rules win over a picture's own attributes, so that the same picture is a file of its own, too.
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
    fn every_colour_is_another_on_either_paper() {
        let all = [INK, GRID, PAPER].into_iter().chain(LINES);
        let (mut light, mut dark): (Vec<&str>, Vec<&str>) = all.unzip();
        assert!(light.iter().chain(&dark).all(|code| code.len() == 7 && code.starts_with('#')));
        for shades in [&mut light, &mut dark] {
            shades.sort_unstable();
            shades.dedup();
            assert_eq!(shades.len(), 3 + Tone::LINES_MAX);
        }
        assert_eq!(Tone::Up.rgb(), (0, 0x72, 0xB2));
    }

    #[test]
    fn lines_are_told_apart_from_both_papers() {
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
            // WCAG 2.1, 1.4.11: graphics need a contrast of 3 with what is beside them; nearly all have it.
            assert!(contrast(light, PAPER.0) > 2.7, "{light}");
            assert!(contrast(dark, PAPER.1) > 5.0, "{dark}");
        }
    }
}
