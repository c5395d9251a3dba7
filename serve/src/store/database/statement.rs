//! [`Statement`]: a statement of SQL that SQLite and PostgreSQL understand.

/// A statement of SQL, with `$1` for its first argument. Made by `statements!` only.
///
/// A filter that may be absent is written `CAST($2 AS TEXT) IS NULL OR column = $2`, so that PostgreSQL knows
/// the type of the argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement(pub(super) &'static str);

impl Statement {
    /// Makes one of its text; for `statements!`, which lists it too.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(sql: &'static str) -> Self {
        Self(sql)
    }
}

/// Declares the statements of a file as constants, and `STATEMENTS`, the list of them, which
/// `database::tests` prepares on both databases.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: $crate::store::database::Statement =
            $crate::store::database::Statement::new($sql);)+
        /// All statements of this file.
        #[cfg(test)]
        pub(in crate::store) const STATEMENTS: &[$crate::store::database::Statement] = &[$($name,)+];
    };
}
pub(crate) use statements;
