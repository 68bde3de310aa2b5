//! OpenAI's prices, in micro-dollars per million tokens, which is pico-dollars per token.
//!
//! Source: <https://developers.openai.com/api/docs/pricing> as of 2026-10-14, read by way of the table of
//! `genai-prices` 0.2.3; audio rates from the same page as of November 2025. Azure's Global Standard deployments cost the
//! same; its data-zone and regional ones cost more and are not told apart here.
//!
//! Left out, hence unpriced: models whose price depends on the length of the prompt (`gpt-5.4`, `gpt-5.5` and everything
//! newer), fine-tuned models, and prices per second, image or tool call.

use super::{Rates, Ratio, Row};

/// As-of date and a digest of [`ROWS`], which a test compares.
pub(super) const PRICE_VERSION: &str = "openai-2026-10-14-07c298ba";

/// Flex and batch, where every rate is published at half. Batch is unpriced for models that have a rate for cached input
/// but none for cached input in batches.
const HALF: Option<Ratio> = Some(Ratio { numerator: 1, denominator: 2 });
const DOUBLE: Option<Ratio> = ratio(2, 1);

pub(super) const ROWS: &[Row] = &[
    text(&["gpt-5.4-mini", "gpt-5.4-mini-2026-03-17"], 750_000, Some(75_000), 4_500_000).tiers(HALF, DOUBLE, HALF),
    text(&["gpt-5.4-nano", "gpt-5.4-nano-2026-03-17"], 200_000, Some(20_000), 1_250_000).tiers(HALF, None, HALF),
    text(&["gpt-5.2", "gpt-5.2-2025-12-11"], 1_750_000, Some(175_000), 14_000_000).tiers(HALF, DOUBLE, HALF),
    text(&["gpt-5.1", "gpt-5.1-2025-11-13"], 1_250_000, Some(125_000), 10_000_000).tiers(HALF, DOUBLE, HALF),
    text(&["gpt-5", "gpt-5-2025-08-07"], 1_250_000, Some(125_000), 10_000_000).tiers(HALF, DOUBLE, HALF),
    text(&["gpt-5-mini", "gpt-5-mini-2025-08-07"], 250_000, Some(25_000), 2_000_000).tiers(HALF, ratio(9, 5), HALF),
    text(&["gpt-5-nano", "gpt-5-nano-2025-08-07"], 50_000, Some(5_000), 400_000).tiers(HALF, None, HALF),
    text(&["gpt-5-chat-latest"], 1_250_000, Some(125_000), 10_000_000),
    text(&["gpt-4.1", "gpt-4.1-2025-04-14"], 2_000_000, Some(500_000), 8_000_000).tiers(None, ratio(7, 4), None),
    text(&["gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"], 400_000, Some(100_000), 1_600_000).tiers(
        None,
        ratio(7, 4),
        None,
    ),
    text(&["gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"], 100_000, Some(25_000), 400_000).tiers(None, DOUBLE, None),
    text(&["gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"], 2_500_000, Some(1_250_000), 10_000_000).tiers(
        None,
        ratio(17, 10),
        None,
    ),
    text(&["gpt-4o-2024-05-13"], 5_000_000, None, 15_000_000).tiers(None, ratio(7, 4), HALF),
    text(&["gpt-4o-mini", "gpt-4o-mini-2024-07-18"], 150_000, Some(75_000), 600_000).tiers(None, ratio(5, 3), None),
    text(
        &["gpt-4o-audio-preview", "gpt-4o-audio-preview-2024-12-17", "gpt-4o-audio-preview-2025-06-03"],
        2_500_000,
        None,
        10_000_000,
    )
    .audio(40_000_000, 80_000_000),
    text(&["gpt-4o-mini-audio-preview", "gpt-4o-mini-audio-preview-2024-12-17"], 150_000, None, 600_000)
        .audio(10_000_000, 20_000_000),
    text(&["o1", "o1-2024-12-17"], 15_000_000, Some(7_500_000), 60_000_000),
    text(&["o3", "o3-2025-04-16"], 2_000_000, Some(500_000), 8_000_000).tiers(HALF, ratio(7, 4), None),
    text(&["o3-mini", "o3-mini-2025-01-31"], 1_100_000, Some(550_000), 4_400_000),
    // The page shows flex's cached input as $0.138, which is half of $0.275 rounded to be shown.
    text(&["o4-mini", "o4-mini-2025-04-16"], 1_100_000, Some(275_000), 4_400_000).tiers(HALF, ratio(20, 11), None),
    text(&["gpt-4-turbo", "gpt-4-turbo-2024-04-09"], 10_000_000, None, 30_000_000).tiers(None, None, HALF),
    text(&["gpt-4", "gpt-4-0613"], 30_000_000, None, 60_000_000).tiers(None, None, HALF),
    // `gpt-35-turbo` is Azure's spelling.
    text(&["gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-35-turbo"], 500_000, None, 1_500_000).tiers(None, None, HALF),
    text(&["gpt-3.5-turbo-1106"], 1_000_000, None, 2_000_000),
    embedding(&["text-embedding-3-small"], 20_000),
    embedding(&["text-embedding-3-large"], 130_000),
    embedding(&["text-embedding-ada-002", "text-embedding-ada-002-v2"], 100_000),
];

const fn ratio(numerator: i128, denominator: i128) -> Option<Ratio> {
    Some(Ratio { numerator, denominator })
}

const fn text(models: &'static [&'static str], input: i128, cached_input: Option<i128>, output: i128) -> Row {
    let rates = Rates { input, cached_input, output: Some(output), audio_in: None, audio_out: None };
    Row { models, rates, flex: None, priority: None, batch: None }
}

const fn embedding(models: &'static [&'static str], input: i128) -> Row {
    let rates = Rates { input, cached_input: None, output: None, audio_in: None, audio_out: None };
    Row { models, rates, flex: None, priority: None, batch: HALF }
}

impl Row {
    const fn tiers(mut self, flex: Option<Ratio>, priority: Option<Ratio>, batch: Option<Ratio>) -> Self {
        (self.flex, self.priority, self.batch) = (flex, priority, batch);
        self
    }

    const fn audio(mut self, audio_in: i128, audio_out: i128) -> Self {
        (self.rates.audio_in, self.rates.audio_out) = (Some(audio_in), Some(audio_out));
        self
    }
}
