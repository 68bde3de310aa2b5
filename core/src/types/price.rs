//! Prices as the API takes and shows them. Money is whole pico-dollars, and a ratio where that is not fine enough.

mod ratio;
mod receipt;
mod settings;
mod unit;

pub use self::{
    ratio::Ratio,
    receipt::{LoadedPrices, PriceSource, Receipt, ReceiptLine, RepriceQuery, RepriceReport},
    settings::{Billing, DeploymentBilling, PriceOverride, PriceQuantity},
    unit::Unit,
};
