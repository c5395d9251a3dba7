//! [`Report`]: a finished page with its figures.

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One self-contained HTML page.
    pub page: String,
    /// The figures on it, in order.
    pub figures: Vec<SvgFigure>,
}

/// A figure that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SvgFigure {
    /// A file name without an extension: lowercase letters, digits and `-`.
    pub name: String,
    /// The SVG, for a light background.
    pub svg: String,
}
