//! [`PageBuilder`]: a page under construction, with the figures on it.

use std::fmt;

use super::error::ReportError;
use super::output::SvgFigure;
use crate::report::figures::Figure;
use crate::report::text::escape;

/// A page under construction, with the figures on it.
#[derive(Debug, Default)]
pub(crate) struct PageBuilder {
    body: String,
    figures: Vec<SvgFigure>,
}

/// Appends a line of HTML to a page; writing to a string cannot fail.
macro_rules! put {
    ($page:expr, $($text:tt)*) => {
        std::fmt::Write::write_fmt($page, format_args!("{}\n", format_args!($($text)*))).ok()
    };
}
pub(crate) use put;

impl fmt::Write for PageBuilder {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.body.push_str(text);
        Ok(())
    }
}

impl PageBuilder {
    /// Appends a figure with its caption, which is HTML. An empty figure is replaced by its title and the
    /// sentence `none`, which says why it is empty.
    ///
    /// `name` becomes the file name of the figure.
    ///
    /// # Errors
    /// [`ReportError::Figure`] if the figure cannot be drawn.
    pub(crate) fn figure(
        &mut self,
        name: &str,
        figure: &dyn Figure,
        caption: &str,
        none: &str,
    ) -> Result<(), ReportError> {
        if figure.is_empty() {
            let title = escape(figure.title());
            put!(self, "<p class=\"none\"><strong>{title}</strong>: {none}</p>");
            return Ok(());
        }
        let svg = figure.draw()?;
        let class = if figure.is_wide() { "wide" } else { "half" };
        match figure.draw_narrow()? {
            Some(narrow) => put!(
                self,
                "<figure class=\"{class}\"><div class=\"on-desk\">{svg}</div><div class=\"on-phone\">{narrow}</div>"
            ),
            None if figure.is_wide() => put!(
                self,
                "<figure class=\"{class}\"><div class=\"scroll sized\">{svg}</div><p class=\"swipe\">Scroll sideways to see all of it.</p>"
            ),
            None => put!(self, "<figure class=\"{class}\"><div>{svg}</div>"),
        };
        if !caption.is_empty() {
            put!(self, "<figcaption>{caption}</figcaption>");
        }
        put!(self, "</figure>");
        let name = format!("{:02}-{}", self.figures.len() + 1, slug(name));
        self.figures.push(SvgFigure { name, svg });
        Ok(())
    }

    /// Begins a group of figures, which are placed side by side where there is room.
    pub(crate) fn begin_figures(&mut self) {
        put!(self, "<div class=\"figures\">");
    }

    /// Ends a group of figures.
    pub(crate) fn end_figures(&mut self) {
        put!(self, "</div>");
    }

    /// Returns the HTML of the body, and the figures.
    pub(crate) fn finish(self) -> (String, Vec<SvgFigure>) {
        (self.body, self.figures)
    }
}

/// Turns a name into one that is valid on every file system.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_matches('-').chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_plain() {
        assert_eq!(slug("EMA cross/../ä price ACME"), "ema-cross-price-acme");
        assert_eq!(slug("../.."), "");
    }
}
