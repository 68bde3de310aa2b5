//! Prices traces anew: with the prices that are in force now, for the time of each trace.

use std::{sync::Arc, time::Instant};

use super::{
    Gateway,
    retain::{Pace, STATEMENT},
    upkeep::in_time,
};
use crate::{
    clock,
    error::{Error, Result},
    pricing::{Consumed, PriceBook, Rule, Served},
    provider::{Billed, Provider},
    registry::{ActiveTenant, Registry},
    store::{Price, PricePlace, Priceable, PricedTrace, Store},
    types::{
        ids::TenantId,
        price::{RepriceQuery, RepriceReport},
        time::Timestamp,
        usage::UsageSource,
    },
};

/// Tenants that are looked up at a time.
const TENANTS_AT_ONCE: u32 = 100;

/// What pricing the traces of one tenant takes.
struct Pricer {
    book: Arc<PriceBook>,
    tenant: Arc<ActiveTenant>,
    providers: Vec<Arc<Provider>>,
}

impl Gateway {
    /// Prices traces anew, while calls go on: by the table and the overrides that are in force now, each for its own time.
    /// Where a provider is still there, what it is billed as now applies, else what it was. A trace that nobody has a price
    /// for any more keeps the one it has, and so does one whose usage is an estimate or unknown.
    ///
    /// Doing it again changes nothing. When it fails half-way, what is done is done; calling it again does the rest. The
    /// sums of analytics follow in the same transactions.
    pub async fn reprice(&self, query: RepriceQuery) -> Result<RepriceReport> {
        self.core.open()?;
        let (since, until) = (query.since.unwrap_or(Timestamp::from_millis(0)), query.until.unwrap_or_else(clock::now));
        if since >= until {
            return Err(Error::invalid("since", format!("since is {since}, which is not before until, {until}")));
        }
        let (store, registry) = (self.core.store.clone(), Arc::clone(&self.core.registry));
        let (book, one) = (Arc::clone(&self.core.prices), query.tenant_id);
        let work = async move {
            let mut report = RepriceReport::default();
            let mut after = None;
            loop {
                let (tenants, next) = match &one {
                    Some(tenant) => (vec![tenant.clone()], None),
                    None => page(&store, after.as_ref()).await?,
                };
                for id in &tenants {
                    let pricer = Pricer::new(&registry, id, Arc::clone(&book)).await?;
                    pricer.reprice(&store, (since, until), &mut report).await?;
                }
                match next {
                    Some(next) => after = Some(next),
                    None => return Ok(report),
                }
            }
        };
        self.core.background.run(work).await
    }
}

/// The next tenants, and the last of them where there may be more.
async fn page(store: &Store, after: Option<&TenantId>) -> Result<(Vec<TenantId>, Option<TenantId>)> {
    let page = in_time(STATEMENT, store.list_tenants(after, TENANTS_AT_ONCE)).await?;
    let tenants: Vec<_> = page.tenants.into_iter().map(|tenant| tenant.id).collect();
    let next = tenants.last().cloned().filter(|_| page.next_cursor.is_some());
    Ok((tenants, next))
}

impl Pricer {
    async fn new(registry: &Registry, id: &TenantId, book: Arc<PriceBook>) -> Result<Self> {
        let tenant = registry.tenant(id).await?;
        let providers = registry.all_providers(&tenant).into_iter().filter_map(Result::ok).collect();
        Ok(Self { book, tenant, providers })
    }

    async fn reprice(
        &self,
        store: &Store,
        (since, until): (Timestamp, Timestamp),
        report: &mut RepriceReport,
    ) -> Result<()> {
        let (mut pace, mut after) = (Pace::new(), PricePlace::before(since));
        loop {
            let begun = Instant::now();
            let which = Priceable { tenant: &self.tenant.tenant.id, until, after, limit: pace.rows() };
            let piece = in_time(STATEMENT, store.reprice(which, |trace| self.price(trace))).await?;
            report.traces += piece.traces;
            report.changed += piece.changed;
            report.unpriced += piece.unpriced;
            report.difference_usd.0 += piece.difference.0;
            match piece.last {
                Some(last) => after = last,
                None => return Ok(()),
            }
            pace.rest(store, begun).await?;
        }
    }

    /// The price of a trace by now; `None` where it has nothing to be priced by.
    fn price(&self, trace: &PricedTrace) -> Option<Price> {
        if trace.usage_source != UsageSource::Reported {
            return None;
        }
        let before: Option<Rule> = trace.price.rule.as_deref().and_then(|rule| serde_json::from_str(rule).ok());
        let name = trace.provider.as_deref().unwrap_or_default();
        let provider = self.providers.iter().find(|provider| provider.name() == name);
        // The column has what was asked for where the answer named no model.
        let (deployment, model) = (trace.deployment.as_deref(), trace.model.as_deref());
        let billed = match (provider, &before) {
            (Some(provider), _) => Billed::of(&provider.info, deployment, model.filter(|_| model != deployment)),
            (None, Some(rule)) => Billed {
                prices_of: rule.prices_of(),
                model,
                billed_as: rule.billed_as(),
                multiplier: rule.multiplier(),
            },
            (None, None) => return None,
        };
        let served = Served {
            prices_of: billed.prices_of,
            provider: name,
            model: billed.model.unwrap_or_default(),
            billed_as: billed.billed_as,
            tier: before.as_ref().and_then(Rule::tier),
            multiplier: billed.multiplier,
            at: trace.created_at,
        };
        let consumed = Consumed { usage: &trace.usage, extra: &trace.usage_extra };
        let priced = self.book.price(&served, consumed, self.tenant.prices.as_deref());
        if priced.cost_pico_usd.is_none() && trace.price.cost_pico_usd.is_some() {
            return Some(trace.price.clone());
        }
        Some(Price {
            cost_pico_usd: priced.cost_pico_usd,
            version: priced.version,
            rule: priced.rule.and_then(|rule| serde_json::to_string(&rule).ok()),
        })
    }
}
