//! Tables whose rows become cards where the screen is narrow, so that nothing of a row is out of sight.

use super::builder::{PageBuilder, put};

/// A table under construction; names and cells are HTML.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CardTable<'a> {
    /// The names of its columns; the first is that of the head of each row.
    pub(crate) columns: &'a [&'a str],
    /// CSS classes beside that of cards.
    pub(crate) class: &'a str,
}

impl CardTable<'_> {
    /// Begins the table; a body has to be begun, too.
    pub(crate) fn begin(&self, page: &mut PageBuilder) {
        let heads: String = self.columns.iter().map(|name| format!("<th>{name}</th>")).collect();
        put!(
            page,
            "<div class=\"scroll\"><table class=\"cards {}\"><thead><tr>{heads}</tr></thead>",
            self.class
        );
    }

    /// Begins a body, with a title across all columns if there is one.
    pub(crate) fn begin_body(&self, page: &mut PageBuilder, title: Option<&str>) {
        put!(page, "<tbody>");
        if let Some(title) = title {
            put!(
                page,
                "<tr class=\"group\"><th colspan=\"{}\" class=\"group\">{title}</th></tr>",
                self.columns.len()
            );
        }
    }

    /// Writes a row; on a narrow screen each cell stands beside the name of its column.
    pub(crate) fn row(&self, page: &mut PageBuilder, head: &str, cells: &[String]) {
        let names = self.columns.iter().skip(1);
        let cells =
            cells.iter().zip(names).map(|(cell, name)| format!("<td data-name=\"{name}\">{cell}</td>"));
        put!(page, "<tr><th>{head}</th>{}</tr>", cells.collect::<String>());
    }

    /// Ends a body.
    pub(crate) fn end_body(&self, page: &mut PageBuilder) {
        put!(page, "</tbody>");
    }

    /// Ends the table.
    pub(crate) fn end(&self, page: &mut PageBuilder) {
        put!(page, "</table></div>");
    }
}
