//! [`Sheet`]: a page under construction, with the figures on it.

use std::fmt;

use super::figures::Figure;
use super::text::escape;
use super::{Picture, ReportError};

/// A page under construction, with the figures on it.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    body: String,
    pictures: Vec<Picture>,
}

/// Appends a line of HTML to a sheet; writing to a string cannot fail.
macro_rules! put {
    ($sheet:expr, $($text:tt)*) => {
        std::fmt::Write::write_fmt($sheet, format_args!("{}\n", format_args!($($text)*))).ok()
    };
}
pub(crate) use put;

impl fmt::Write for Sheet {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.body.push_str(text);
        Ok(())
    }
}

impl Sheet {
    /// Appends a figure with its caption, which is HTML; of an empty one it says in words what is missing, which is
    /// `none`.
    ///
    /// `name` is what its file is called.
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
        put!(self, "<figure class=\"{class}\"><div class=\"scroll\">{svg}</div>");
        if !caption.is_empty() {
            put!(self, "<figcaption>{caption}</figcaption>");
        }
        put!(self, "</figure>");
        let name = format!("{:02}-{}", self.pictures.len() + 1, slug(name));
        self.pictures.push(Picture { name, svg });
        Ok(())
    }

    /// Begins figures, which stand side by side where there is room.
    pub(crate) fn begin_figures(&mut self) {
        put!(self, "<div class=\"figures\">");
    }

    /// Ends figures.
    pub(crate) fn end_figures(&mut self) {
        put!(self, "</div>");
    }

    /// Returns what is written, and the figures.
    pub(crate) fn finish(self) -> (String, Vec<Picture>) {
        (self.body, self.pictures)
    }
}

/// Turns a name into one that every file system takes.
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
    fn names_of_files_are_plain() {
        assert_eq!(slug("EMA cross/../ä price ACME"), "ema-cross-price-acme");
        assert_eq!(slug("../.."), "");
    }
}
