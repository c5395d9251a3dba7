//! [`Statement`]: a statement of SQL that SQLite and PostgreSQL understand.

use std::fmt::Write;

/// A statement of SQL, with `$1` for its first argument. Made by `statements!` only.
///
/// A filter that may be absent is written `CAST($2 AS TEXT) IS NULL OR column = $2`, so that PostgreSQL knows
/// the type of the argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement(pub(super) &'static str, Option<&'static str>);

impl Statement {
    /// Makes one of its text; for `statements!`, which lists it too.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self(sql, None)
    }

    /// Has PostgreSQL carry another text out, with the same arguments and results: where it knows how several
    /// writers keep out of each other's way, which SQLite has one of.
    #[doc(hidden)]
    #[must_use]
    pub const fn on_postgres(self, sql: &'static str) -> Self {
        Self(self.0, Some(sql))
    }

    /// Returns the text for PostgreSQL.
    pub(super) const fn postgres(self) -> &'static str {
        match self.1 {
            Some(sql) => sql,
            None => self.0,
        }
    }

    /// Returns the statement for so many rows of so many columns: its first group of arguments, `($1, ..)`,
    /// is that of one row, and is repeated.
    pub(super) fn of_rows(self, rows: usize, columns: usize, marks: Marks) -> String {
        let (before, group) = self.0.split_once("($1").unwrap_or((self.0, ""));
        let (_, after) = group.split_once(')').unwrap_or_default();
        let mut sql = String::with_capacity(before.len() + after.len() + rows * columns * 7);
        sql.push_str(before);
        for number in 0..rows * columns {
            sql.push_str(match (number, number % columns) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            match marks {
                Marks::Plain => sql.push('?'),
                // A text takes whatever is written to it.
                Marks::Numbered => write!(sql, "${}", number + 1).unwrap_or_default(),
            }
        }
        sql.push(')');
        sql.push_str(after);
        sql
    }
}

/// How the arguments of many rows are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// By their numbers, as PostgreSQL knows them.
    Numbered,
    /// By their order. SQLite looks numbers up one after the other, so that thousands take it a thousand
    /// times as long.
    Plain,
}

/// Declares the statements of a file as constants, and `STATEMENTS`, the list of them, which
/// `database::tests` prepares on both databases.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr $(, postgres: $other:expr)?;)+) => {
        $($(#[$doc])* const $name: $crate::store::database::Statement =
            $crate::store::database::Statement::new($sql)$(.on_postgres($other))?;)+
        /// All statements of this file.
        #[cfg(test)]
        pub(in crate::store) const STATEMENTS: &[$crate::store::database::Statement] = &[$($name,)+];
    };
}
pub(crate) use statements;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_a_row_are_repeated_for_others() {
        let insert = Statement::new("INSERT INTO t (a, b) VALUES ($1,\n  $2) ON CONFLICT (a) DO NOTHING");
        for (rows, marks, groups) in [
            (1, Marks::Numbered, "($1, $2)"),
            (3, Marks::Numbered, "($1, $2), ($3, $4), ($5, $6)"),
            (2, Marks::Plain, "(?, ?), (?, ?)"),
        ] {
            let expected = format!("INSERT INTO t (a, b) VALUES {groups} ON CONFLICT (a) DO NOTHING");
            assert_eq!(insert.of_rows(rows, 2, marks), expected);
        }
        let one = Statement::new("INSERT INTO t VALUES ($1)");
        assert_eq!(one.of_rows(2, 1, Marks::Numbered), "INSERT INTO t VALUES ($1), ($2)");
    }
}
