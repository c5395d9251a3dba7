//! Splits Rust source into tokens, without comments and literals: as much of the grammar as imports need.

/// An identifier, or one character of punctuation (`::` is one token).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(crate) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a source text, and the lines on which a comment stands.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comment_lines: Vec<usize>,
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    line: usize,
    source: Source,
}

/// Reads a source text. What is not Rust gives tokens without meaning, never an endless loop.
pub(crate) fn read(text: &str) -> Source {
    let mut lexer = Lexer { text: text.chars().collect(), at: 0, line: 1, source: Source::default() };
    while let Some(c) = lexer.peek(0) {
        lexer.token(c);
    }
    lexer.source.comment_lines.dedup();
    lexer.source
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            if self.peek(0) == Some('\n') {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn push(&mut self, length: usize) {
        let end = (self.at + length).min(self.text.len());
        let token = Token { text: self.text[self.at..end].iter().collect(), line: self.line };
        self.source.tokens.push(token);
        self.skip(length);
    }

    fn token(&mut self, c: char) {
        match (c, self.peek(1)) {
            ('/', Some('/')) => {
                self.source.comment_lines.push(self.line);
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.skip(1);
                }
            }
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            ('r' | 'b' | 'c', Some('"' | '#' | '\'' | 'r')) if self.prefixed() => {}
            (':', Some(':')) => self.push(2),
            (c, _) if c.is_alphanumeric() || c == '_' => {
                let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
                let length = self.text[self.at..].iter().take_while(|c| is_part(c)).count();
                self.push(length);
            }
            (c, _) if c.is_whitespace() => self.skip(1),
            _ => self.push(1),
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            self.source.comment_lines.push(self.line);
            match (c, self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.skip(1);
        while let Some(c) = self.peek(0) {
            self.skip(if c == '\\' { 2 } else { 1 });
            if c == '"' {
                return;
            }
        }
    }

    /// A character, or the mark of a lifetime, whose name is then a token without meaning.
    fn quote(&mut self) {
        let is_character = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.skip(1);
        if !is_character {
            return;
        }
        while let Some(c) = self.peek(0) {
            self.skip(if c == '\\' { 2 } else { 1 });
            if c == '\'' {
                return;
            }
        }
    }

    /// Takes `r"..."`, `br#"..."#`, `b"..."`, `c"..."` and `b'.'`; returns false where a name begins instead.
    fn prefixed(&mut self) -> bool {
        let follows_name = self.at > 0 && self.text[self.at - 1].is_alphanumeric();
        let letters = self.text[self.at..].iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
        let is_raw = self.text[self.at..self.at + letters].contains(&'r');
        let hashes = self.text[self.at + letters..].iter().take_while(|c| **c == '#').count();
        match self.peek(letters + hashes) {
            _ if follows_name || letters > 2 => return false,
            Some('"') if is_raw => self.raw_string(letters + hashes, hashes),
            Some('"') if hashes == 0 => {
                self.skip(letters);
                self.string();
            }
            Some('\'') if hashes == 0 && letters == 1 && self.peek(0) == Some('b') => {
                self.skip(1);
                self.quote();
            }
            _ => return false,
        }
        true
    }

    fn raw_string(&mut self, prefix: usize, hashes: usize) {
        self.skip(prefix + 1);
        while let Some(c) = self.peek(0) {
            self.skip(1);
            if c == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.skip(hashes);
                return;
            }
        }
    }
}

#[test]
fn comments_and_literals_are_no_tokens() {
    let words = |text: &str| -> Vec<String> { read(text).tokens.into_iter().map(|it| it.text).collect() };
    assert_eq!(words("a::b // c::d\n/* e /* f */ g */ h"), ["a", "::", "b", "h"]);
    assert_eq!(
        words(r##"x("crate::\"y", r#"crate::"z"#, b"w", 'c', '\'', b'"') 'a"##).join(" "),
        "x ( , , , , , ) a"
    );
    assert_eq!(words("number break r b c"), ["number", "break", "r", "b", "c"]);
}

#[test]
fn lines_of_tokens_and_comments_are_counted() {
    let source = read("//! a\n\nfn b() {} // c\n/* d\ne */\nlet s = \"x\ny\"; z");
    assert_eq!(source.comment_lines, [1, 3, 4, 5]);
    assert_eq!(source.tokens.last().map(|it| it.line), Some(7));
}
