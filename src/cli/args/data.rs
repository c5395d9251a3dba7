//! Columns and separators, as `bearpit data` is told them.

use crate::data::{ColumnRef, Role};

/// Reads `ROLE=COLUMN`, where the column is a name or a number from 1.
pub(super) fn parse_column(text: &str) -> Result<(Role, ColumnRef), String> {
    let roles = Role::ALL.map(Role::name);
    let (role, column) = text.split_once('=').ok_or("write ROLE=COLUMN, such as close=Last or time=1")?;
    let role = Role::from_name(role.trim()).ok_or_else(|| {
        format!("there is no role `{role}`; {}", bearpit_core::units::suggest(role, &roles))
    })?;
    let column = match column.trim().parse::<usize>() {
        Ok(0) => return Err("columns are counted from 1".to_owned()),
        Ok(number) => ColumnRef::Number(number),
        Err(_) if column.trim().is_empty() => return Err("the column has no name".to_owned()),
        Err(_) => ColumnRef::Name(column.trim().to_owned()),
    };
    Ok((role, column))
}

/// Reads a separator: one character, or `tab`.
pub(super) fn parse_separator(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        "space" => Ok(b' '),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
            _ => Err("write one character such as `;`, or `tab`".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Role;

    #[test]
    fn columns_and_separators_are_written_as_people_do() {
        assert_eq!(
            parse_column("close=Adj Close"),
            Ok((Role::Close, ColumnRef::Name("Adj Close".to_owned())))
        );
        assert_eq!(parse_column("time=1"), Ok((Role::Time, ColumnRef::Number(1))));
        for text in ["close", "closing=1", "close=0", "close= "] {
            assert!(parse_column(text).is_err(), "{text}");
        }
        assert_eq!(["tab", "\\t", ";", " "].map(parse_separator), [b'\t', b'\t', b';', b' '].map(Ok));
        assert!(
            parse_separator("").is_err() && parse_separator("ab").is_err() && parse_separator("x").is_err()
        );
    }
}
