//! What a call cost, in integers: the counts of its usage times the rates of its model. It never guesses: a model, a tier
//! or a kind of token without a rate leaves the call unpriced, which is not the same as free.
//!
//! A rate is pico-dollars (10⁻¹² $) for each token, request or search, so that $2.50 per million tokens is 2,500,000, and a
//! ratio where it is not whole. Each leaf of the usage is one line: count × rate × multiplier, rounded once, half to even.
//!
//! Known not to be told apart, since no leaf counts it: cached audio and images (billed as cached text), and video (as
//! text or image, wherever its provider counts it).

mod book;
mod overrides;
mod pattern;
mod rates;
mod rule;
mod snapshot;
mod table;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    book::{Consumed, PriceBook, Priced, Served, has_prices_of},
    overrides::{Overrides, check_overrides},
    rule::Rule,
};
