//! What a call costs: asks the overrides of its tenant, those of the gateway, and the table that is in force. The table
//! may be exchanged at any time; a call that is being priced keeps the one it began with.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

use super::{
    overrides::{Asked, Override, Overrides},
    rule::Rule,
    snapshot::{BUNDLED, Snapshot, slip},
    table::is_standard,
};
use crate::{
    error::{Error, ErrorCode, Result},
    types::{
        price::{LoadedPrices, PriceOverride, PriceSource, Ratio, Unit},
        time::Timestamp,
        usage::Usage,
    },
};

/// The prices of one gateway.
#[derive(Debug)]
pub(crate) struct PriceBook {
    /// `None` is the table that comes with the library, which is read when it is first needed.
    loaded: RwLock<Option<Arc<Snapshot>>>,
    overrides: Overrides,
}

/// A call, as far as its price depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served<'a> {
    /// Whose prices of the table apply; `None` for providers that it does not have.
    pub(crate) prices_of: Option<&'a str>,
    /// The tenant's name of the provider.
    pub(crate) provider: &'a str,
    /// The model that served.
    pub(crate) model: &'a str,
    /// The model it is billed as, where the provider's settings say so.
    pub(crate) billed_as: Option<&'a str>,
    /// The tier the response names. One that names none was served at the standard price.
    pub(crate) tier: Option<&'a str>,
    pub(crate) multiplier: Ratio,
    pub(crate) at: Timestamp,
}

impl Served<'_> {
    /// The model whose price applies.
    fn billed(&self) -> &str {
        self.billed_as.unwrap_or(self.model)
    }
}

/// What a call consumed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consumed<'a> {
    pub(crate) usage: &'a Usage,
    /// Counts that no leaf has.
    pub(crate) extra: &'a BTreeMap<String, i64>,
}

/// What came of pricing a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Priced {
    /// At most `i64::MAX`, so that it fits its column. `None` means unpriced, which is not the same as free.
    pub(crate) cost_pico_usd: Option<i64>,
    pub(crate) version: Option<String>,
    /// By which rates, and by what else its price depends on.
    pub(crate) rule: Option<Rule>,
}

impl PriceBook {
    /// A book with the overrides of a gateway's configuration and the table that comes with the library.
    pub(crate) fn new(overrides: &[PriceOverride]) -> Self {
        Self { loaded: RwLock::default(), overrides: Overrides::new(overrides) }
    }

    /// Prices a call. Unpriced are: no usage at all, a model or a tier that nobody has a price for, a count without a rate,
    /// a negative count, and a cost beyond 9.2 million dollars.
    pub(crate) fn price(&self, served: &Served<'_>, consumed: Consumed<'_>, own: Option<&Overrides>) -> Priced {
        if consumed.usage.is_empty() {
            return Priced::default();
        }
        let Some(rule) = self.rule(served, consumed.usage, own) else {
            // What it depends on is kept where it cannot be found out later.
            let rule = Some(Rule::unpriced(served)).filter(|_| served.prices_of.is_some() || !is_standard(served.tier));
            return Priced { rule, ..Priced::default() };
        };
        match rule.cost(consumed).and_then(|cost| i64::try_from(cost).ok()) {
            Some(cost) => {
                Priced { cost_pico_usd: Some(cost), version: Some(rule.version().to_owned()), rule: Some(rule) }
            }
            None => Priced { rule: Some(Rule::unpriced(served)), ..Priced::default() },
        }
    }

    fn rule(&self, served: &Served<'_>, usage: &Usage, own: Option<&Overrides>) -> Option<Rule> {
        let asked = Asked { provider: served.provider, model: served.billed(), tier: served.tier };
        let by_override = |source, row: &Override| Rule::of_override(served, source, row);
        if let Some(row) = own.and_then(|own| own.find(asked)) {
            return Some(by_override(PriceSource::Tenant, row));
        }
        if let Some(row) = self.overrides.find(asked) {
            return Some(by_override(PriceSource::Gateway, row));
        }
        let table = self.table()?;
        let (provider, model) = table.find(served.prices_of?, served.billed())?;
        // The tiers of whoever offers another's models are its own, and not known.
        let is_own = served.prices_of == Some(&*provider.id);
        let rates = model.at(served.tier, served.at).filter(|_| is_own || is_standard(served.tier))?;
        let input_tokens = u64::try_from(usage.input_tokens().unwrap_or_default()).ok()?;
        Some(Rule::of_table(served, (&table.version, &provider.id, &model.id), (&rates, input_tokens)))
    }

    /// Exchanges the table. `invalid_prices` where the file is damaged or a price in it is a hundred times what it was, or
    /// a hundredth; `prices_too_new` where its schema is newer than this library's, and `prices_too_old` where its prices
    /// are older than those in force. The old table stays then.
    pub(crate) fn load(&self, bytes: &[u8], now: Timestamp) -> Result<LoadedPrices> {
        const DAY_MS: i64 = 86_400_000;
        let new = Arc::new(Snapshot::read(bytes)?);
        if new.as_of > now.plus_millis(2 * DAY_MS) {
            let message = format!("the prices {} are of a day that has not come yet", new.version);
            return Err(Error::new(ErrorCode::InvalidPrices, message));
        }
        let mut loaded = self.loaded.write();
        let old = match &*loaded {
            Some(loaded) => Some(Arc::clone(loaded)),
            None => BUNDLED.as_ref().ok().map(Arc::clone),
        };
        if let Some(old) = &old {
            if new.as_of < old.as_of {
                let message = format!("the prices {} are older than those in force, {}", new.version, old.version);
                return Err(Error::new(ErrorCode::PricesTooOld, message));
            }
            if let Some((provider, model, unit)) = slip(old, &new) {
                let message = format!(
                    "the price of {} {} for {unit:?} is a hundred times what it was, or a hundredth: one of the two is wrong",
                    provider.id, model.id
                );
                return Err(Error::new(ErrorCode::InvalidPrices, message));
            }
        }
        let previous_version = old.map(|old| old.version.clone()).unwrap_or_default();
        let models = u64::try_from(new.models()).unwrap_or(u64::MAX);
        let version = new.version.clone();
        *loaded = Some(new);
        Ok(LoadedPrices { version, previous_version, models })
    }

    /// The table's standard rate for a model, whoever offers it; the first one that has it.
    pub(super) fn usual(&self, model: &str, unit: Unit, now: Timestamp) -> Option<Ratio> {
        let (table, model) = (self.table()?, model.to_lowercase());
        let models = table.providers.iter().filter_map(|provider| provider.model(&model));
        models.filter_map(|model| Some(model.at(None, now)?.of(unit)?.base)).next()
    }

    /// The table in force; `None` where there is none, which the log has said.
    fn table(&self) -> Option<Arc<Snapshot>> {
        if let Some(loaded) = &*self.loaded.read() {
            return Some(Arc::clone(loaded));
        }
        BUNDLED.as_ref().ok().map(Arc::clone)
    }
}

/// Whether the library's own table has prices of that provider.
pub(crate) fn has_prices_of(provider: &str) -> bool {
    BUNDLED.as_ref().is_ok_and(|table| table.has_provider(provider))
}
