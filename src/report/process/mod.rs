//! The page of a scenario's processes: fan charts, sample paths, distributions at the end, and moments.

use crate::analysis::{MomentRow, ProcessPaths};
use crate::report::figures::{Band, Color, Histogram, Line, LineStyle, Lines, Size};
use crate::report::page::{CardTable, PageBuilder, Report, ReportError, html_document, put};
use crate::report::text::{count_text, escape, number_or_dash, significant, time_text};
use bearpit_core::units::SimTime;

/// What the page says of the scenario.
#[derive(Debug, Clone, Copy)]
pub struct ProcessHeader<'a> {
    /// Its name.
    pub scenario: &'a str,
    /// The seed of the first path.
    pub seed: u64,
    /// First and last instant.
    pub span: [SimTime; 2],
}

/// Draws the page.
pub(in crate::report) fn page(
    header: &ProcessHeader<'_>,
    processes: &[ProcessPaths],
) -> Result<Report, ReportError> {
    let mut page = PageBuilder::default();
    let title = format!("Processes of {}", escape(header.scenario));
    let paths = processes.first().map_or(0, |it| it.ends.len() as u64);
    let last = header.seed.wrapping_add(paths.saturating_sub(1));
    let [start, end] = header.span.map(|time| time_text(&time.to_string()));
    put!(&mut page, "<header><h1>{title}</h1><dl>");
    for (name, value) in [
        ("paths", count_text(paths)),
        ("seeds", if paths == 1 { header.seed.to_string() } else { format!("{} to {last}", header.seed) }),
        ("virtual time", format!("{start} to {end}")),
    ] {
        put!(&mut page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    put!(&mut page, "</dl></header>");
    for process in processes {
        section(&mut page, process)?;
    }
    let (body, figures) = page.finish();
    Ok(Report { page: html_document(&format!("{title} · Bearpit"), &body), figures })
}

fn section(page: &mut PageBuilder, process: &ProcessPaths) -> Result<(), ReportError> {
    let symbol = escape(&process.symbol);
    let steps = count_text(process.steps);
    put!(page, "<section><h2>{symbol} <small>{steps} steps a path</small></h2>");
    page.begin_figures();
    fan(page, process)?;
    samples(page, process)?;
    ends(page, process)?;
    page.end_figures();
    moments(page, process);
    put!(page, "</section>");
    Ok(())
}

const NO_PATHS: &str = "there are no paths";

fn fan(page: &mut PageBuilder, process: &ProcessPaths) -> Result<(), ReportError> {
    let title = format!("Value of {} over all paths", process.symbol);
    let mut figure = Lines::new(title, "value".to_owned(), Size::Wide, process.extent);
    let band = |label: &str, [low, high]: [usize; 2], color, opacity| Band {
        label: label.to_owned(),
        points: process.fan.iter().map(|(at, it)| (*at, it[low], it[high])).collect(),
        color,
        opacity,
    };
    figure.bands = vec![
        band("5 to 95 %", [0, 4], Color::Line(5), 0.3),
        band("25 to 75 %", [1, 3], Color::Line(0), 0.45),
    ];
    figure.lines = vec![Line {
        label: "median".to_owned(),
        points: process.fan.iter().map(|(at, it)| (*at, it[2])).collect(),
        style: LineStyle::Line,
        color: Color::Ink,
    }];
    let caption = format!(
        "{} paths at {} equally spaced times: at each time the inner band contains half of the paths and the outer band 90%. The edges are not paths themselves.",
        count_text(process.ends.len() as u64),
        process.fan.len()
    );
    page.figure(&format!("{} fan", process.symbol), &figure, &caption, NO_PATHS)
}

fn samples(page: &mut PageBuilder, process: &ProcessPaths) -> Result<(), ReportError> {
    let title = format!("Sample paths of {}", process.symbol);
    let figure = Lines::new(title, "value".to_owned(), Size::Half, process.extent);
    let figure = (1..).zip(&process.samples).fold(figure, |figure, (number, path)| {
        figure.with(&format!("path {number}"), path.clone(), LineStyle::Line)
    });
    let caption = "The first paths. Path k is the value that a simulation with the k-th of the seeds has.";
    page.figure(&format!("{} paths", process.symbol), &figure, caption, NO_PATHS)
}

fn ends(page: &mut PageBuilder, process: &ProcessPaths) -> Result<(), ReportError> {
    let title = format!("Value of {} at the end", process.symbol);
    let figure = Histogram::of(title, "value", "paths", &process.ends);
    let note = figure.outliers_note();
    page.figure(&format!("{} end", process.symbol), &figure, note.trim(), NO_PATHS)
}

fn moments(page: &mut PageBuilder, process: &ProcessPaths) {
    put!(page, "<h3>Moments at the end</h3>");
    let columns = ["of the", "sample", "standard error", "closed form", "off by, in standard errors"];
    let table = CardTable { columns: &columns, class: "" };
    table.begin(page);
    table.begin_body(page, None);
    for row in &process.moments {
        table.row(page, &format!("{}, {}", row.of, row.name), &cells(row));
    }
    table.end_body(page);
    table.end(page);
    put!(
        page,
        "<p class=\"note\">A closed form is absent where there is none, or where the moment does not exist. Of right means and deviations, one in 16,000 samples is more than four standard errors off; skewness and kurtosis of heavy tails more often.</p>"
    );
}

fn cells(row: &MomentRow) -> [String; 4] {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), significant);
    [significant(row.sample), shown(row.error), shown(row.theory), number_or_dash(row.errors_off(), 2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Extent;

    #[test]
    fn the_page_has_three_figures_and_the_moments_of_each_process() {
        let [start, end]: [SimTime; 2] =
            ["2025-03-03T09:30:00", "2025-03-03T10:30:00"].map(|time| time.parse().unwrap());
        let at = [start.nanos(), end.nanos()];
        let row =
            MomentRow { of: "value", name: "mean", sample: 101.5, error: Some(0.5), theory: Some(100.0) };
        let process = ProcessPaths {
            symbol: "A<B".to_owned(),
            extent: Extent::new(start, end),
            steps: 3_600,
            fan: vec![(at[0], [100.0; 5]), (at[1], [98.0, 99.0, 100.0, 101.0, 102.0])],
            samples: vec![vec![(at[0], 100.0), (at[1], 101.0)]],
            ends: vec![101.0, 99.0, 104.0],
            moments: vec![row.clone(), MomentRow { error: None, theory: None, ..row }],
        };
        let header = ProcessHeader { scenario: "day", seed: 7, span: [start, end] };
        let report = page(&header, &[process]).unwrap();
        let names: Vec<&str> = report.figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(names, ["01-a-b-fan", "02-a-b-paths", "03-a-b-end"]);
        for part in ["Processes of day", "7 to 9", "A&lt;B", "3,600 steps", ">3.00</td>", "5 to 95 %"] {
            assert!(report.page.contains(part), "{part}");
        }
    }
}
