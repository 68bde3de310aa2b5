//! Which of a tenant's providers serves a model.

use crate::types::{
    glob::{Match, fit_pattern},
    provider::ProviderSettings,
};

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
}
