//! A table of prices: providers, their models, and which of them a name means. It never takes one model for another.

use std::borrow::Cow;

use super::{
    pattern::{Pattern, with_dashed_date},
    rates::{Rates, When},
};
use crate::types::time::Timestamp;

/// What answers call the tier that everybody gets.
const STANDARD_TIERS: [&str; 3] = ["default", "standard", "on_demand"];

/// The models of one provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) id: Box<str>,
    /// Providers whose models it offers too, at their prices.
    pub(super) also: Vec<Box<str>>,
    pub(super) models: Vec<Model>,
    /// Names in full, sorted, and which model each means.
    names: Vec<(Box<str>, usize)>,
    patterns: Vec<(Pattern, usize)>,
}

/// One model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: Box<str>,
    /// `None` where what it costs is not known.
    pub(super) rates: Option<Rates>,
    /// Rates that hold at other times; the last one that holds wins.
    pub(super) periods: Vec<(When, Option<Rates>)>,
    /// What is otherwise for a tier; for each unit the first one that holds wins.
    pub(super) tiers: Vec<TierRates>,
}

/// What a tier has otherwise.
#[derive(Debug)]
pub(super) struct TierRates {
    pub(super) tier: Box<str>,
    pub(super) when: When,
    pub(super) rates: Rates,
}

impl Provider {
    pub(super) fn new(id: &str, also: Vec<Box<str>>) -> Self {
        Self { id: id.into(), also, models: Vec::new(), names: Vec::new(), patterns: Vec::new() }
    }

    /// Adds a model under its names and patterns; what is there already is not taken from another. `Err` names a pattern
    /// that is none.
    pub(super) fn add(&mut self, model: Model, names: &[Cow<'_, str>]) -> Result<(), String> {
        let index = self.models.len();
        for name in names {
            let name = name.to_lowercase();
            if !Pattern::is_pattern(&name) {
                self.names.push((name.into(), index));
            } else if let Some(pattern) = Pattern::parse(&name) {
                self.patterns.push((pattern, index));
            } else {
                return Err(name);
            }
        }
        self.models.push(model);
        Ok(())
    }

    /// To be called once all models are in. Of two models of one name the first one has it.
    pub(super) fn finish(&mut self) {
        self.names.sort();
        self.names.dedup_by(|later, earlier| later.0 == earlier.0);
        self.names.shrink_to_fit();
    }

    /// The model of that name, in lower case.
    pub(super) fn model(&self, name: &str) -> Option<&Model> {
        let named = self.names.binary_search_by(|(known, _)| (**known).cmp(name)).ok();
        let index = match named.and_then(|at| self.names.get(at)) {
            Some((_, index)) => *index,
            None => self.patterns.iter().find(|(pattern, _)| pattern.fits(name))?.1,
        };
        self.models.get(index)
    }
}

/// The model a provider means by a name, and whose it is.
pub(super) fn find<'t>(providers: &'t [Provider], provider: &str, name: &str) -> Option<(&'t Provider, &'t Model)> {
    let by_id = |id: &str| providers.iter().find(|provider| *provider.id == *id);
    let provider = by_id(provider)?;
    let look_up = |name: &str| {
        let own = provider.model(name).map(|model| (provider, model));
        own.or_else(|| {
            let mut others = provider.also.iter().filter_map(|id| by_id(id));
            others.find_map(|other| other.model(name).map(|model| (other, model)))
        })
    };
    let name = name.to_lowercase();
    look_up(&name).or_else(|| look_up(&with_dashed_date(&name)?))
}

/// Whether it is the tier that everybody gets; a response that names none was served at it.
pub(super) fn is_standard(tier: Option<&str>) -> bool {
    tier.is_none_or(|tier| STANDARD_TIERS.contains(&tier))
}

impl Model {
    /// The rates at that time for that tier. `None` where there are none: a tier without a price is not served at the
    /// standard one.
    pub(super) fn at(&self, tier: Option<&str>, at: Timestamp) -> Option<Cow<'_, Rates>> {
        let period = self.periods.iter().rev().find(|(when, _)| when.holds(at));
        let standard = period.map_or(&self.rates, |(_, rates)| rates).as_ref()?;
        let Some(tier) = tier.filter(|tier| !is_standard(Some(tier))) else { return Some(Cow::Borrowed(standard)) };
        let of_tier = || self.tiers.iter().filter(|rates| *rates.tier == *tier);
        let mut holding: Vec<_> = of_tier().filter(|rates| rates.when.holds(at)).collect();
        if holding.is_empty() {
            // The first price that is known of a tier is dated by when somebody looked, not by when it began.
            holding.push(of_tier().min_by_key(|rates| rates.when.from)?);
        }
        let mut rates = standard.clone();
        // The first one wins, so that it comes last.
        for otherwise in holding.into_iter().rev() {
            for (unit, rate) in otherwise.rates.iter() {
                rates.set(unit, rate.clone());
            }
        }
        Some(Cow::Owned(rates))
    }
}
