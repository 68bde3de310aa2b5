//! Prices while the gateway runs: a newer table.

use super::{Core, Gateway};
use crate::{
    clock,
    error::{Error, Result},
    pricing::check_overrides,
    types::price::{LoadedPrices, PriceOverride},
};

impl Gateway {
    /// Exchanges the table of prices for a newer one, such as that of a later version of this library. Calls whose traces
    /// are made from now on are priced by it, in this process and until the gateway is closed.
    ///
    /// The file is taken as a whole or not at all: `invalid_prices` where it is damaged, or where a price in it is a
    /// hundred times what it was, or a hundredth; `prices_too_old` where it is older than the prices in force;
    /// `prices_too_new` where its schema is newer than this library.
    pub fn load_prices(&self, bytes: &[u8]) -> Result<LoadedPrices> {
        self.core.open()?;
        self.core.prices.load(bytes, clock::now())
    }
}

impl Core {
    /// Refuses prices that cannot be kept or are likely to be slips.
    pub(super) fn check_prices(&self, prices: &[PriceOverride]) -> Result<()> {
        check_overrides(prices, (&self.prices, clock::now()), Error::invalid)
    }
}
