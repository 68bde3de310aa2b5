//! Which of a tenant's providers serves a model.

use crate::types::provider::ProviderSettings;

/// How well a provider's settings fit a model; the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// A pattern with so many literal characters fits.
    Pattern(usize),
    /// The model is named: in `models`, `aliases` or `deployments`.
    Exact,
}

/// The models a provider's settings name.
pub(crate) struct Routes<'a>(pub(crate) &'a ProviderSettings);

impl Routes<'_> {
    /// How well the settings fit `model`.
    pub(crate) fn fit(&self, model: &str) -> Option<Match> {
        let Self(settings) = self;
        if settings.aliases.contains_key(model) || settings.deployments.contains_key(model) {
            return Some(Match::Exact);
        }
        settings.models.iter().filter_map(|pattern| fit_pattern(pattern, model)).max()
    }
}

fn fit_pattern(pattern: &str, model: &str) -> Option<Match> {
    if !pattern.contains('*') {
        return (pattern == model).then_some(Match::Exact);
    }
    glob(pattern, model).then(|| Match::Pattern(pattern.len() - pattern.matches('*').count()))
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
    fn exact_names_beat_patterns_and_longer_patterns_beat_shorter_ones() {
        let settings = ProviderSettings {
            models: vec!["gpt-4o".into(), "gpt-*".into(), "*".into(), "claude-*-latest".into()],
            aliases: [("fast".into(), "gpt-4o-mini".into())].into(),
            ..ProviderSettings::default()
        };
        let routes = Routes(&settings);
        assert_eq!(routes.fit("gpt-4o"), Some(Match::Exact));
        assert_eq!(routes.fit("fast"), Some(Match::Exact));
        assert_eq!(routes.fit("gpt-4o-mini"), Some(Match::Pattern(4)));
        assert_eq!(routes.fit("claude-3-latest"), Some(Match::Pattern(14)));
        assert_eq!(routes.fit("claude-3"), Some(Match::Pattern(0)));
        assert_eq!(Routes(&ProviderSettings::default()).fit("gpt-4o"), None);
    }

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
