//! The usage of Anthropic's Messages API, whose `input_tokens` leave out what was read from the cache or written to it.
//!
//! Source: <https://docs.anthropic.com/en/api/messages>, "usage".

use super::{Counted, Extras, json, set, share};
use crate::types::usage::Usage;

pub(super) fn read(reported: &str) -> Counted {
    let mut usage = Usage::default();
    let (mut output, mut written, mut thinking, mut tier, mut speed) = (None, None, None, None, None);
    let (mut doubtful, mut extras) = (false, Extras::default());
    json::fields(reported, |key, value| match key {
        "input_tokens" => set(&mut usage.input_uncached, value, &mut doubtful),
        "output_tokens" => set(&mut output, value, &mut doubtful),
        "cache_read_input_tokens" => set(&mut usage.cache_read, value, &mut doubtful),
        "cache_creation_input_tokens" => set(&mut written, value, &mut doubtful),
        "cache_creation" => {
            json::fields(value, |key, value| match key {
                "ephemeral_5m_input_tokens" => set(&mut usage.cache_write_5m, value, &mut doubtful),
                "ephemeral_1h_input_tokens" => set(&mut usage.cache_write_1h, value, &mut doubtful),
                _ => extras.unknown("cache_creation", key, value),
            });
        }
        "output_tokens_details" => {
            json::fields(value, |key, value| match key {
                "thinking_tokens" => set(&mut thinking, value, &mut doubtful),
                _ => extras.unknown("output_tokens_details", key, value),
            });
        }
        "server_tool_use" => server_tools(value, &mut extras),
        "service_tier" => tier = json::label(value),
        "speed" => speed = json::label(value).filter(|speed| speed != "standard"),
        _ => extras.unknown("", key, value),
    });
    let mut mismatch = doubtful;
    // All that was written, and what of it lives for an hour; without the parts it lives five minutes.
    let parts = usage.cache_write_5m.unwrap_or_default() + usage.cache_write_1h.unwrap_or_default();
    if let Some(written) = written {
        mismatch |= usage.cache_write_5m.is_some() && parts != written;
        usage.cache_write_5m = Some((written - usage.cache_write_1h.unwrap_or_default()).max(0));
    }
    usage.output_text = share(output, [(thinking, &mut usage.reasoning)], &mut mismatch);
    let Extras { counts: extra, unknown } = extras;
    Counted { usage, extra, unknown, mismatch, gap: None, tier: speed.or(tier) }
}

/// What the provider did beside the model, which it bills by the piece.
pub(super) fn server_tools(tools: &str, extras: &mut Extras) {
    json::fields(tools, |key, value| match key {
        "web_search_requests" => extras.known("web_searches", value),
        // Free of charge.
        "web_fetch_requests" => extras.known("web_fetches", value),
        _ => extras.unknown("server_tool_use", key, value),
    });
}
