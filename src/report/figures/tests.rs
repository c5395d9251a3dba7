//! Whatever the values are, a figure is valid XML without `NaN` or `inf`.

use roxmltree::Document;

use super::*;
use crate::analysis::Extent;
use bearpit_core::units::SimTime;

fn extent() -> Extent {
    Extent::new(SimTime::from_nanos(0), SimTime::from_nanos(1_000_000_000))
}

/// Draws a figure, and returns the texts in it.
fn texts(figure: &dyn Figure) -> Vec<String> {
    assert!(!figure.is_empty());
    let svg = figure.draw().unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let document = Document::parse(&svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| node.text().unwrap_or_default().trim().to_owned()).collect()
}

fn lines(points: Vec<(i64, f64)>) -> Lines {
    Lines::new("a <title> & more".to_owned(), "price".to_owned(), Size::Half, extent()).with(
        "one",
        points,
        LineStyle::Area,
    )
}

#[test]
fn lines_have_title_units_and_a_legend_if_there_are_several() {
    let alone = lines(vec![(0, 1.0), (500_000_000, 2.0)]);
    let written = texts(&alone);
    assert!(written.contains(&"a <title> & more".to_owned()) && written.contains(&"price".to_owned()));
    assert!(!written.contains(&"one".to_owned()), "one line needs no legend");
    let written = texts(&alone.with("two", vec![(0, 3.0)], LineStyle::Steps));
    assert!(written.contains(&"one".to_owned()) && written.contains(&"two".to_owned()));
}

#[test]
fn a_name_that_is_too_long_is_cut_and_one_that_is_no_xml_cleaned() {
    let mut figure = lines(vec![(0, 1.0)]).with(&"y".repeat(300), vec![(0, 2.0)], LineStyle::Line);
    figure.title = format!("a\u{1}\u{ffff}b{}", "x".repeat(200));
    let written = texts(&figure);
    assert!(written.iter().all(|text| text.chars().count() <= 56), "{written:?}");
    assert!(written.iter().any(|text| text.starts_with("abxxx") && text.ends_with('…')), "{written:?}");
}

#[test]
fn gaps_single_points_and_flat_lines_are_drawn() {
    texts(&lines(vec![(0, 5.0), (1, f64::NAN), (500_000_000, 5.0), (600_000_000, f64::INFINITY)]));
    texts(&lines(vec![(0, 0.0)]));
    texts(&lines(vec![(0, 1e300), (1, -1e300)]));
    assert!(lines(vec![(0, f64::NAN)]).is_empty() && lines(Vec::new()).is_empty());
}

#[test]
fn bands_and_marks_are_drawn_and_named() {
    let mut figure = lines(vec![(0, 1.0), (900_000_000, 2.0)]);
    let points = vec![(0, 0.5, 1.5), (900_000_000, 1.0, 3.0)];
    figure.bands.push(Band { label: "half of all".to_owned(), points, color: Color::Line(0), opacity: 0.2 });
    figure.fills.push(FillMarker { at: 10, value: 1.0, buys: true, weight: 0.0 });
    figure.fills.push(FillMarker { at: 20, value: 1.5, buys: false, weight: 1.0 });
    let written = texts(&figure);
    for name in ["half of all", "bought", "sold"] {
        assert!(written.contains(&name.to_owned()), "{written:?}");
    }
}

#[test]
fn the_other_figures_say_what_they_show() {
    let values: Vec<f64> = (0..200).map(|it| f64::from(it - 90)).collect();
    let written = texts(&Histogram::of("returns".to_owned(), "return (%)", "minutes", &values));
    assert!(written.contains(&"return (%)".to_owned()) && written.contains(&"minutes".to_owned()));
    let dots = vec![Dot { x: -1.0, y: 2.0, color: Color::Up }];
    let (x_label, y_label) = ("worst".to_owned(), "best".to_owned());
    let written = texts(&Scatter { title: "trips".to_owned(), x_label, y_label, legend: Vec::new(), dots });
    assert!(written.contains(&"worst".to_owned()) && written.contains(&"best".to_owned()));
    let bars = Bars {
        title: "parts".to_owned(),
        y_label: "currency".to_owned(),
        x_label: String::new(),
        names: vec!["spread".to_owned(), "fees".to_owned()],
        series: vec![BarSeries { label: String::new(), values: vec![12.0, -3.5], color: None }],
        shows_values: true,
    };
    let written = texts(&bars);
    for name in ["spread", "fees", "12.0", "−3.5"] {
        assert!(written.contains(&name.to_owned()), "{written:?}");
    }
    let rows = vec![("2025".to_owned(), vec![Some(1.5), None, Some(-2.25)])];
    let columns = ["Jan", "Feb", "Mar"].map(str::to_owned).to_vec();
    let heat =
        Heatmap { title: "months".to_owned(), x_label: "month".to_owned(), columns, rows, decimals: 1 };
    let written = texts(&heat);
    assert!(written.contains(&"1.5".to_owned()) && written.contains(&"−2.2".to_owned()), "{written:?}");
}

#[test]
fn a_chart_names_its_series_and_its_band() {
    let series = |label: &str, points: Vec<(f64, f64)>, style| Series {
        label: label.to_owned(),
        points,
        style,
        color: Color::Line(0),
    };
    let chart = Chart {
        title: "correlogram".to_owned(),
        x_label: "lag".to_owned(),
        y_label: "autocorrelation".to_owned(),
        band: Some((0.5, "by chance".to_owned())),
        log_y: false,
        series: vec![
            series("returns", vec![(1.0, 0.1), (2.0, f64::NAN)], SeriesStyle::Dots),
            series("sizes", vec![(1.0, -0.3)], SeriesStyle::Triangles),
        ],
    };
    let written = texts(&chart);
    for name in ["correlogram", "lag", "autocorrelation", "by chance", "returns", "sizes"] {
        assert!(written.contains(&name.to_owned()), "{name}: {written:?}");
    }
    let svg = chart.draw().unwrap();
    // One in the legend, one in the plot area: a value that is not finite is not drawn.
    assert_eq!((svg.matches("<circle").count(), svg.matches("<polygon").count()), (2, 2), "{svg}");
    assert!(Chart { series: Vec::new(), ..chart }.is_empty());
}

#[test]
fn a_chart_in_powers_of_ten_leaves_out_what_has_none() {
    let points = vec![(-1.0, 0.004), (0.0, 0.4), (1.0, 0.0), (2.0, -1.0)];
    let series = Series { label: "density".to_owned(), points, style: SeriesStyle::Line, color: Color::Up };
    let chart = Chart {
        title: "density".to_owned(),
        x_label: "return".to_owned(),
        y_label: "density".to_owned(),
        band: None,
        log_y: true,
        series: vec![series],
    };
    let written = texts(&chart);
    assert!(written.contains(&"0.1".to_owned()) && written.contains(&"0.01".to_owned()), "{written:?}");
    let none = Series { points: vec![(1.0, 0.0)], ..chart.series[0].clone() };
    assert!(Chart { series: vec![none], ..chart }.is_empty());
}
