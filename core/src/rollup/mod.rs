//! What traces add up to: counters and distributions by stretches of time, as bytes that merge without loss. Pure: knows
//! neither store nor question.
//!
//! A *pack* is one row of a rollup: the cells of one tenant in one stretch of time, each for one provider, model (or API
//! key) and status class. Packs are added up in any order, and to the same bytes.

mod bytes;
mod cell;
mod pack;
mod sketch;
mod span;

pub(crate) use cell::{Counted, Counters, KeyRef, PerMetric};
pub(crate) use pack::{CellRef, Columns, Pack, cells};
pub(crate) use sketch::Sketch;
pub(crate) use span::{Kind, Span, Step, compose};
