//! What a provider's answers are billed as: whose prices apply, for which model, times what. Knows no price.

use super::kinds::incomplete;
use crate::{
    error::Result,
    pricing::has_prices_of,
    types::{
        price::{Billing, Ratio},
        provider::ProviderInfo,
    },
};

/// Kinds that the table of prices has, and its names for them. Software that people run themselves costs them no tokens,
/// and routers that do not say who answered have no price.
const PRICES_OF: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("azure", "azure"),
    ("baseten", "baseten"),
    ("cerebras", "cerebras"),
    ("deepseek", "deepseek"),
    ("fireworks", "fireworks"),
    ("gemini", "google"),
    ("groq", "groq"),
    ("mistral", "mistral"),
    ("moonshot", "moonshotai"),
    ("novita", "novita"),
    ("openrouter", "openrouter"),
    ("perplexity", "perplexity"),
    ("together", "together"),
    ("xai", "x-ai"),
];

/// The most that a multiplier may be, and the part of one that it is at least.
const MOST: u64 = 10;

/// What an answer is billed as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Billed<'a> {
    /// Whose prices of the table apply; `None` for providers that it does not have.
    pub(crate) prices_of: Option<&'a str>,
    /// The model that served, as far as anybody says.
    pub(crate) model: Option<&'a str>,
    /// The model it is billed as instead.
    pub(crate) billed_as: Option<&'a str>,
    pub(crate) multiplier: Ratio,
}

impl<'a> Billed<'a> {
    /// What an answer of this provider is billed as. `deployment` is what was asked for, `answered` the model that the
    /// answer names.
    pub(crate) fn of(info: &'a ProviderInfo, deployment: Option<&'a str>, answered: Option<&'a str>) -> Self {
        let billing = info.settings.billing.as_deref();
        let own = deployment.and_then(|deployment| billing?.deployments.get(deployment));
        let kind = || PRICES_OF.iter().find(|(kind, _)| *kind == info.kind).map(|(_, prices_of)| *prices_of);
        let multiplier = own.and_then(|own| own.multiplier).or(billing.and_then(|billing| billing.multiplier));
        let asked = if info.kind == "azure" { deployed_model(info, deployment) } else { deployment };
        Self {
            prices_of: billing.and_then(|billing| billing.provider.as_deref()).or_else(kind),
            model: answered.or(asked),
            billed_as: own.and_then(|own| own.model.as_deref()),
            multiplier: multiplier.unwrap_or(Ratio::ONE),
        }
    }
}

/// The model that the settings say a deployment is of. Its name is the tenant's own and says nothing.
fn deployed_model<'a>(info: &'a ProviderInfo, deployment: Option<&str>) -> Option<&'a str> {
    let mut models = info.settings.deployments.iter().filter(|(_, known)| Some(known.as_str()) == deployment);
    match (models.next(), models.next()) {
        (Some((model, _)), None) => Some(model),
        _ => None,
    }
}

/// Refuses prices of nobody, and multipliers that are slips.
pub(super) fn check_billing(billing: &Billing) -> Result<()> {
    if let Some(provider) = billing.provider.as_deref().filter(|provider| !has_prices_of(provider)) {
        let message =
            format!("billing.provider {provider:?} has no prices in the table; openai and anthropic have some");
        return Err(incomplete("billing.provider", message));
    }
    let of_deployments = billing.deployments.values().filter_map(|own| own.multiplier);
    for multiplier in billing.multiplier.into_iter().chain(of_deployments) {
        let is_within = |most: Ratio, least: Ratio| most.is_at_least(multiplier, 1) && multiplier.is_at_least(least, 1);
        if !Ratio::new(MOST, 1).zip(Ratio::new(1, MOST)).is_some_and(|(most, least)| is_within(most, least)) {
            let message = format!("billing has the multiplier {multiplier}; it must be between 1/{MOST} and {MOST}");
            return Err(incomplete("billing.multiplier", message));
        }
    }
    Ok(())
}
