//! Suggestions for misspelled names, for error messages.

/// How long a word is at most that may be a misspelled name.
const BYTES_MAX: usize = 256;

/// Returns the candidate nearest to `word`, if one is near; one that differs in case only is.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > BYTES_MAX {
        return None;
    }
    let distance = |candidate: &str| {
        if word.eq_ignore_ascii_case(candidate) {
            return usize::from(word != candidate);
        }
        strsim::damerau_levenshtein(word, candidate)
    };
    let scored = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
    let best = scored.min_by_key(|(distance, _)| *distance)?;
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    (best.0 <= allowed).then_some(best.1)
}

/// Returns `did you mean ..?` if a name is near, and the list of allowed names.
pub fn suggest(word: &str, allowed: &[&str]) -> String {
    let list = allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(word, allowed.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? allowed: {list}"),
        None if allowed.is_empty() => "no name is allowed here".to_owned(),
        None => format!("allowed: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("volatilty", ["volatility", "mean"]), Some("volatility"));
        assert_eq!(nearest("colour", ["volatility", "mean"]), None);
        assert_eq!(nearest("VOLATILITY", ["volatile", "volatility"]), Some("volatility"));
    }
}
