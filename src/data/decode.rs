//! From bytes to text: UTF-8 and UTF-16, with or without a byte order mark.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Mark,
    /// UTF-16, little-endian.
    Utf16Little,
    /// UTF-16, big-endian.
    Utf16Big,
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
    /// `\r`.
    Cr,
}

/// The bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum NotText {
    #[error("byte {byte:#04x} is not valid UTF-8; the file must be UTF-8 or UTF-16 text")]
    Utf8 { at: usize, byte: u8 },
    #[error("the file begins as UTF-16, but is no valid UTF-16 text")]
    Utf16,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Mark => "UTF-8 with a byte order mark",
            Self::Utf16Little => "UTF-16, little-endian",
            Self::Utf16Big => "UTF-16, big-endian",
        })
    }
}

impl fmt::Display for LineEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
            Self::Cr => "CR",
        })
    }
}

impl LineEnd {
    /// Returns how the first line ends.
    pub(super) fn of(text: &str) -> Self {
        match text.find(['\r', '\n']).map(|at| &text[at..]) {
            Some(end) if end.starts_with("\r\n") => Self::CrLf,
            Some(end) if end.starts_with('\r') => Self::Cr,
            _ => Self::Lf,
        }
    }
}

/// Decodes a text; a byte order mark is taken off.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), NotText> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest, 3).map(|text| (text, Encoding::Utf8Mark));
    }
    let wide = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((rest, Encoding::Utf16Little)),
        [0xfe, 0xff, rest @ ..] => Some((rest, Encoding::Utf16Big)),
        // A table begins with ASCII, which has a zero in every other byte.
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some((bytes, Encoding::Utf16Little)),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some((bytes, Encoding::Utf16Big)),
        _ => None,
    };
    match wide {
        Some((rest, encoding)) => Ok((Cow::Owned(utf16(rest, encoding)?), encoding)),
        None => utf8(bytes, 0).map(|text| (text, Encoding::Utf8)),
    }
}

fn utf8(bytes: &[u8], before: usize) -> Result<Cow<'_, str>, NotText> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let at = error.valid_up_to();
        NotText::Utf8 { at: before + at, byte: bytes.get(at).copied().unwrap_or_default() }
    })
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotText::Utf16);
    }
    let units = pairs.iter().map(|pair| match encoding {
        Encoding::Utf16Big => u16::from_be_bytes(*pair),
        _ => u16::from_le_bytes(*pair),
    });
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| NotText::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_each_encoding_is_the_same() {
        let text = "time,close\n2024-01-02,1.5 \u{20ac}\n";
        let wide = |mark: bool, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let mark = mark.then_some(0xfeff_u16);
            mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
        };
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8Mark),
            (wide(true, u16::to_le_bytes), Encoding::Utf16Little),
            (wide(false, u16::to_le_bytes), Encoding::Utf16Little),
            (wide(true, u16::to_be_bytes), Encoding::Utf16Big),
            (wide(false, u16::to_be_bytes), Encoding::Utf16Big),
        ] {
            assert_eq!(decode(&bytes), Ok((Cow::Borrowed(text), encoding)));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        assert_eq!(decode(b"ab\xe9,"), Err(NotText::Utf8 { at: 2, byte: 0xe9 }));
        assert_eq!(decode(b"\xff\xfea"), Err(NotText::Utf16));
        assert_eq!(decode(b"\xff\xfe\x00\xd8"), Err(NotText::Utf16));
        assert_eq!(decode(b"").map(|(text, _)| text), Ok(Cow::Borrowed("")));
    }

    #[test]
    fn line_ends_are_those_of_the_first_line() {
        assert_eq!(
            ["a\nb", "a\r\nb\n", "a\rb", ""].map(LineEnd::of),
            [LineEnd::Lf, LineEnd::CrLf, LineEnd::Cr, LineEnd::Lf]
        );
    }
}
