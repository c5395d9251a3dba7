//! What people write who come from another language, and what to write instead.

use rhai::{LexError, ParseError, ParseErrorType};

use crate::script::value::script_error::SourcePosition;

/// Words of other languages, and what stands for them here.
const WORDS: [(&str, &str); 35] = [
    ("and", "`and` is written &&"),
    ("or", "`or` is written ||"),
    ("not", "`not` is written !, as in !(a == b)"),
    ("null", ABSENT),
    ("nil", ABSENT),
    ("None", ABSENT),
    ("undefined", ABSENT),
    ("NULL", ABSENT),
    ("NaN", "NaN is written 0.0 / 0.0; an absent value is ()"),
    ("True", "`True` is written true"),
    ("False", "`False` is written false"),
    ("self", "what a strategy keeps is in `this`"),
    ("elif", ELSE_IF),
    ("elsif", ELSE_IF),
    ("elseif", ELSE_IF),
    ("def", FUNCTION),
    ("function", FUNCTION),
    ("func", FUNCTION),
    ("fun", FUNCTION),
    ("async", FUNCTION),
    ("lambda", "a closure is written |x| x + 1"),
    ("var", VARIABLE),
    ("auto", VARIABLE),
    ("match", "`match` is written switch x { 1 => a, _ => b }"),
    ("case", CASES),
    ("default", CASES),
    ("then", BLOCK),
    ("begin", BLOCK),
    ("pass", "a block that does nothing is written { }"),
    ("except", "what fails is caught with try { .. } catch (error) { .. }"),
    ("math", MODULE),
    ("Math", MODULE),
    ("np", MODULE),
    ("ta", MODULE),
    ("class", "there are no classes; what a strategy keeps is in `this`"),
];
const ABSENT: &str = "an absent value is written ()";
const ELSE_IF: &str = "write else if a { .. }";
const FUNCTION: &str = "a function is written fn name(a, b) { .. }";
const VARIABLE: &str = "a variable is declared with let x = 1;";
const CASES: &str = "cases are written switch x { 1 => a, _ => b }";
const BLOCK: &str = "a block stands in braces: if a { .. }";
const MODULE: &str = "functions stand for themselves: sqrt(x), abs(x), max(a, b), sma(20)";
const BRACES: &str = "what follows a condition stands in braces: if a { .. }";
const QUOTES: &str = "a text stands in straight double quotes, \"text\"";
const SPACE: &str =
    "a space of another kind stands here, as pages and word processors have it: write an ordinary one";
const CHARACTER: &str = "a text stands in double quotes, \"text\"; single quotes hold one character";

/// Symbols of other languages, the longer before those that they begin with.
const SYMBOLS: [(&str, &str); 13] = [
    ("===", "write =="),
    ("!==", "write !="),
    ("++", "write x += 1"),
    ("--", "write x -= 1"),
    ("->", "a function does not say what it returns: fn name(a, b) { .. }; a closure is written |x| x + 1"),
    ("<-", "write x = 1"),
    (":=", VARIABLE),
    ("<>", "write !="),
    ("?", "a choice is written if a { b } else { c }"),
    ("#", "a comment begins with //; a map is written #{ a: 1 }"),
    ("~", "write ! for not; there is no ~"),
    ("@", "there are no decorators"),
    ("'", CHARACTER),
];

/// Returns what to write instead of a word that names nothing here.
pub(crate) fn instead_of_word(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(foreign, _)| *foreign == word).map(|(_, help)| *help)
}

/// Returns what to write instead of what does not parse.
pub(crate) fn instead(text: &str, error: &ParseError) -> Option<&'static str> {
    match error.err_type() {
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => return Some(CHARACTER),
        ParseErrorType::BadInput(LexError::UnexpectedInput(found)) => return instead_of_character(found),
        ParseErrorType::Reserved(word) | ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) => {
            let symbol = || SYMBOLS.iter().find(|(symbol, _)| symbol == word).map(|(_, help)| *help);
            if let Some(help) = instead_of_word(word).or_else(symbol) {
                return Some(help);
            }
        }
        _ => {}
    }
    let SourcePosition { line, column } = error.position().into();
    let line: Vec<char> = text.lines().nth(line.checked_sub(1)?)?.chars().collect();
    let (before, after) = line.split_at(column.saturating_sub(1).min(line.len()));
    let (before, after): (String, String) = (before.iter().collect(), after.iter().collect());
    around(&before, &after)
}

/// Returns what to write instead of a character that no program has outside of texts.
fn instead_of_character(found: &str) -> Option<&'static str> {
    match found.chars().next()? {
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2032}' | '\u{2033}' => Some(QUOTES),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some("minus is written -"),
        '\u{d7}' => Some("times is written *"),
        '\u{2264}' => Some("write <="),
        '\u{2265}' => Some("write >="),
        '\u{2260}' => Some("write !="),
        c if c.is_whitespace() => Some(SPACE),
        c if c.is_alphabetic() => Some("names consist of the letters a to z, digits and _"),
        _ => None,
    }
}

/// Looks at what stands before the place that does not parse, and there.
fn around(before: &str, after: &str) -> Option<&'static str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let here: String = after.chars().take_while(|c| is_word(*c)).collect();
    let trimmed = before.trim_end();
    let last = trimmed.rsplit(|c: char| !is_word(c)).next().unwrap_or("");
    if let Some(help) = [here.as_str(), last].into_iter().find_map(instead_of_word) {
        return Some(help);
    }
    let statement = before.rsplit(['{', ';']).next().unwrap_or("");
    let first = statement.split_whitespace().next().unwrap_or("");
    if after.starts_with(':') {
        return match first {
            "let" | "const" => Some("a variable has no declared type: let x = 1;"),
            "fn" | "private" => Some("arguments have no declared types: fn name(a, b) { .. }"),
            "if" | "else" | "for" | "while" | "try" | "}" => Some(BLOCK),
            _ => None,
        };
    }
    if matches!(first, "if" | "while") && trimmed.ends_with(')') && !here.is_empty() {
        return Some(BRACES);
    }
    if (first == "for" || last == "for") && format!("{before}{after}").contains(';') {
        return Some("a loop is written for i in 0..10 { .. }");
    }
    if last == "f" && trimmed.len() == before.len() && after.starts_with(['"', '\'']) {
        return Some("values stand in a text between backticks: `at ${bar.close}`");
    }
    // The place may be the symbol or what follows it.
    let joined = |symbol: &&(&str, &str)| after.starts_with(symbol.0) || trimmed.ends_with(symbol.0);
    SYMBOLS.iter().find(joined).map(|(_, help)| *help)
}
