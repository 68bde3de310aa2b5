//! Names that a price holds for. A family's price holds for its dated and numbered versions and for nothing else: what is
//! named otherwise may cost otherwise.

/// A name in lower case, with signs that no model's name has: `#` is a digit; `>` at the end a version or nothing; `*` at
/// the end anything; `<` at the beginning a path or a region, as in `us.` or `models/`, or nothing.
#[derive(Debug)]
pub(super) struct Pattern(Box<str>);

/// What may follow the name itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    Version,
    Anything,
}

impl Pattern {
    /// Whether it is more than a name.
    pub(super) fn is_pattern(text: &str) -> bool {
        text.contains(['#', '>', '*', '<'])
    }

    /// `None` where a sign stands in a place where it means nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix('<').unwrap_or(text);
        let name = name.strip_suffix(['>', '*']).unwrap_or(name);
        (!name.is_empty() && !name.contains(['<', '>', '*'])).then(|| Self(text.into()))
    }

    /// Whether a name in lower case fits.
    pub(super) fn fits(&self, name: &str) -> bool {
        let (anywhere, pattern) = match self.0.strip_prefix('<') {
            Some(pattern) => (true, pattern),
            None => (false, &*self.0),
        };
        let (pattern, tail) = match (pattern.strip_suffix('>'), pattern.strip_suffix('*')) {
            (Some(pattern), _) => (pattern, Tail::Version),
            (_, Some(pattern)) => (pattern, Tail::Anything),
            _ => (pattern, Tail::Nothing),
        };
        let ends_of_paths = name.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'/' | b'.'));
        let starts = std::iter::once(0).chain(ends_of_paths.map(|(at, _)| at + 1).filter(|_| anywhere));
        starts.filter_map(|at| rest(pattern, name.get(at..)?)).any(|rest| match tail {
            Tail::Nothing => rest.is_empty(),
            Tail::Version => is_version(rest),
            Tail::Anything => true,
        })
    }
}

/// What follows the name; `None` where the text does not begin with it.
fn rest<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let begins = text.len() >= pattern.len()
        && pattern.bytes().zip(text.bytes()).all(|(sign, byte)| match sign {
            b'#' => byte.is_ascii_digit(),
            _ => sign == byte,
        });
    text.get(pattern.len()..).filter(|_| begins)
}

/// Whether the text is nothing but dates, numbers of versions and words for them: `-20250514`, `-preview-05-20`, `-v1:0`,
/// `@001`, `-latest`. A single digit after a dash is part of another model's name.
fn is_version(mut text: &str) -> bool {
    while let Some(after) = text.strip_prefix(['-', '@', ':']) {
        let separator = text.get(..1).unwrap_or_default();
        let (part, next) = after.split_at(after.find(['-', '@', ':']).unwrap_or(after.len()));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_part = matches!(part, "latest" | "preview" | "exp" | "beta")
            || part.strip_prefix('v').is_some_and(digits)
            || (digits(part) && (part.len() > 1 || separator == ":"));
        if !is_part {
            return false;
        }
        text = next;
    }
    text.is_empty()
}

/// The name with its date written as OpenAI writes it: routers make `-20251211` of `-2025-12-11`. `None` without one.
pub(super) fn with_dashed_date(name: &str) -> Option<String> {
    let digits =
        |part: &str| part.len() == 8 && part.starts_with("20") && part.bytes().all(|byte| byte.is_ascii_digit());
    let date = name.split(['-', ':']).find(|part| digits(part))?;
    let (before, after) = name.split_once(&format!("-{date}"))?;
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    Some(format!("{before}-{year}-{month}-{day}{after}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test is the report")]

    use super::*;

    #[test]
    fn a_family_is_its_versions_and_no_other_model() {
        for (pattern, name, fits) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-2024-08-06", false),
            ("claude-opus-5-########", "claude-opus-5-20261014", true),
            ("claude-opus-5-########", "claude-opus-5-2026101", false),
            ("claude-opus-5-########", "claude-opus-5-202610145", false),
            ("claude-3-opus>", "claude-3-opus", true),
            ("claude-3-opus>", "claude-3-opus-20240229", true),
            ("claude-3-opus>", "claude-3-opus@20240229", true),
            ("claude-3-opus>", "claude-3-opus-20240229-v1:0", true),
            ("claude-3-opus>", "claude-3-opus-latest", true),
            ("claude-3-opus>", "claude-3-opus-2", false),
            ("claude-3-opus>", "claude-3-opus-mini", false),
            ("claude-3-opus>", "claude-3-opus-", false),
            ("claude-3-opus>", "claude-3-opusplus", false),
            ("claude-3-opus>", "my-claude-3-opus", false),
            ("gemini-2.5-pro>", "gemini-2.5-pro-preview-05-06", true),
            ("gemini-2.5-pro>", "gemini-2.5-pro-preview-tts", false),
            ("<amazon.nova-pro>", "us.amazon.nova-pro-v1:0", true),
            ("<amazon.nova-pro>", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", true),
            ("<amazon.nova-pro>", "notamazon.nova-pro", false),
            ("ft:gpt-4o-2024-*", "ft:gpt-4o-2024-08-06:acme::abc", true),
            ("ft:gpt-4o-2024-*", "ft:gpt-4o-mini-2024-07-18:acme::abc", false),
            ("é#", "é5", true),
            ("<a", "é.a", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().fits(name), fits, "{pattern} {name}");
        }
        for pattern in ["", "<", ">", "*", "<>", "a*b", "a>b", "a<b"] {
            assert!(Pattern::parse(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn compact_dates_are_dates() {
        assert_eq!(with_dashed_date("gpt-5.2-20251211").as_deref(), Some("gpt-5.2-2025-12-11"));
        assert_eq!(with_dashed_date("openai/gpt-5-20250807:batch").as_deref(), Some("openai/gpt-5-2025-08-07:batch"));
        assert_eq!(with_dashed_date("gpt-5"), None);
        assert_eq!(with_dashed_date("gpt-5-2025-08-07"), None);
    }
}
