//! The figure of an estimate: a fan of what something will be worth, and the distribution at the end.

use crate::analysis::Extent;
use crate::report::figures::{Band, Color, Figure, Histogram, Line, LineStyle, Lines, Size};
use crate::report::page::{ReportError, SvgFigure};
use bearpit_core::units::SimTime;

/// What the figure of an estimate shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimateFigure {
    /// Its title.
    pub title: String,
    /// The first and the last instant.
    pub span: [SimTime; 2],
    /// What it is worth at first: a line across.
    pub present: f64,
    /// The quantiles at 5, 25, 50, 75 and 95 %, by time.
    pub fan: Vec<(SimTime, [f64; 5])>,
    /// What it is worth at the end, by path.
    pub ends: Vec<f64>,
}

/// How wide the fan is, and how high, in pixels; the distribution stands below it.
const FAN_PIXELS: [u32; 2] = [1_080, 340];
/// How high the distribution is.
const ENDS_HEIGHT: u32 = 300;

/// Draws the figure: one picture with both parts.
pub(in crate::report) fn figure(data: &EstimateFigure) -> Result<SvgFigure, ReportError> {
    let (fan, ends) = (fan(data).draw()?, ends(data).draw()?);
    let [width, height] = FAN_PIXELS;
    let all = height + ENDS_HEIGHT;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{all}\" viewBox=\"0 0 {width} {all}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{fan}<g transform=\"translate(0,{height})\">{ends}</g></svg>"
    );
    Ok(SvgFigure { name: "estimate".to_owned(), svg })
}

fn fan(data: &EstimateFigure) -> Lines {
    let [start, end] = data.span;
    let mut figure = Lines::new(data.title.clone(), "worth".to_owned(), Size::Wide, Extent::new(start, end));
    let band = |label: &str, [low, high]: [usize; 2], color, opacity| Band {
        label: label.to_owned(),
        points: data.fan.iter().map(|(at, it)| (at.nanos(), it[low], it[high])).collect(),
        color,
        opacity,
    };
    figure.bands = vec![
        band("5 to 95 %", [0, 4], Color::Line(5), 0.3),
        band("25 to 75 %", [1, 3], Color::Line(0), 0.45),
    ];
    figure.lines = vec![
        Line {
            label: "median".to_owned(),
            points: data.fan.iter().map(|(at, it)| (at.nanos(), it[2])).collect(),
            style: LineStyle::Line,
            color: Color::Ink,
        },
        Line {
            label: "at present".to_owned(),
            points: [start, end].map(|at| (at.nanos(), data.present)).to_vec(),
            style: LineStyle::Line,
            color: Color::Line(1),
        },
    ];
    figure
}

fn ends(data: &EstimateFigure) -> Histogram {
    Histogram::of("Worth at the end".to_owned(), "worth", "paths", &data.ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_and_a_distribution_stand_in_one_picture() {
        let [start, end]: [SimTime; 2] =
            ["2025-03-03T09:30:00", "2025-03-03T10:30:00"].map(|time| time.parse().unwrap());
        let data = EstimateFigure {
            title: "A<B after 1 h".to_owned(),
            span: [start, end],
            present: 100.0,
            fan: vec![(start, [100.0; 5]), (end, [98.0, 99.0, 100.0, 101.0, 102.0])],
            ends: (0..100).map(|path| 95.0 + f64::from(path) / 10.0).collect(),
        };
        let drawn = figure(&data).unwrap();
        for part in ["A&lt;B after 1 h", "5 to 95 %", "at present", "Worth at the end"] {
            assert!(drawn.svg.contains(part), "{part}");
        }
        assert_eq!(drawn.svg.matches("<svg ").count(), drawn.svg.matches("</svg>").count());
        assert_eq!(figure(&data).unwrap(), drawn);
    }

    #[test]
    fn what_does_not_vary_is_drawn_too() {
        let at = SimTime::from_nanos(0);
        let data = EstimateFigure {
            title: "cash".to_owned(),
            span: [at, at],
            present: 0.0,
            fan: vec![(at, [0.0; 5])],
            ends: vec![0.0; 3],
        };
        assert!(figure(&data).unwrap().svg.ends_with("</svg>"));
    }
}
