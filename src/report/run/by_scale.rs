//! Lines that share an axis, and lines that need one of their own.

use crate::report::figures::Line;

/// Lines whose values differ by more than this do not share an axis: the smaller one would look flat.
const RATIO_MAX: f64 = 100.0;

/// Groups lines by how large their values are; the first group is that of the first line.
pub(super) fn by_scale(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut groups: Vec<(f64, f64, Vec<Line>)> = Vec::new();
    for line in lines {
        let values = line.points.iter().map(|point| point.1.abs()).filter(|value| value.is_finite());
        let size = values.fold(0.0, f64::max);
        let fits = |group: &&mut (f64, f64, Vec<Line>)| {
            size == 0.0 || group.1 == 0.0 || (size <= group.0 * RATIO_MAX && size * RATIO_MAX >= group.1)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                if size > 0.0 {
                    group.0 = if group.0 == 0.0 { size } else { group.0.min(size) };
                }
                group.1 = group.1.max(size);
                group.2.push(line);
            }
            None => groups.push((size, size, vec![line])),
        }
    }
    groups.into_iter().map(|(.., lines)| lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::{Color, LineStyle};

    #[test]
    fn what_differs_by_a_hundred_has_an_axis_of_its_own() {
        let line = |label: &str, value: f64| Line {
            label: label.to_owned(),
            points: vec![(0, 0.0), (1, value), (2, f64::NAN)],
            style: LineStyle::Line,
            color: Color::Line(0),
        };
        let lines =
            vec![line("a", 50.0), line("b", -4_000.0), line("c", 6_000.0), line("d", 0.0), line("e", 7.0)];
        let groups = by_scale(lines);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.iter().map(|line| line.label.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "b", "d"], vec!["c"], vec!["e"]]);
    }
}
