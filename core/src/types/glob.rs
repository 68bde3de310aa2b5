//! Patterns in which `*` stands for any run of characters.

/// How well a pattern fits a text; the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// A pattern with so many literal characters fits.
    Pattern(usize),
    /// It is the text itself.
    Exact,
}

/// How well a pattern fits, if it does.
pub(crate) fn fit_pattern(pattern: &str, text: &str) -> Option<Match> {
    if !pattern.contains('*') {
        return (pattern == text).then_some(Match::Exact);
    }
    glob(pattern, text).then(|| Match::Pattern(pattern.len() - pattern.matches('*').count()))
}

/// Whether `text` fits a pattern in which `*` stands for any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, fits) in [
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "acb", false),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("**", "", true),
            ("a*b*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
