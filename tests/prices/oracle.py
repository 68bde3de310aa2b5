"""Prices calls of every model that genai-prices knows with its own calculator: a JSON object a line, for the differential
test in core/src/pricing/tests/oracle.rs.

    {"provider": "openai", "model": "gpt-4o", "tier": null, "at_ms": 0, "leaves": [10 counts], "extra": {},
     "loose": false, "pico_usd": "12.5"}

`loose` names are made up to fit a rule of the data: such a name has that price or none. `pico_usd` is null where a count has no price at all: the calculator takes it for free, and it must be unpriced.
"""

from __future__ import annotations

import datetime
import json
import sys
from decimal import Decimal

from convert import TIERS, complete, is_free
from genai_prices import types as genai
from genai_prices.data import providers

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)

# Leaves in the order of the library's, and extras: the input first, then the output.
INPUT = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in")
OUTPUT = ("output", "reasoning", "audio_out", "image_out")
# Which prices may be for a leaf: its own, or that of what it is billed as without one. The calculator takes sound and
# pictures for text then, and is wrong by far.
PRICES = {
    "input": ["input_mtok"],
    "cache_read": ["cache_read_mtok", "input_mtok"],
    "cache_write_5m": ["cache_write_mtok", "input_mtok"],
    "cache_write_1h": ["cache_write_1h_mtok", "cache_write_mtok", "input_mtok"],
    "audio_in": ["input_audio_mtok"],
    "image_in": ["input_image_mtok", "input_mtok"],
    "output": ["output_mtok"],
    "reasoning": ["output_reasoning_mtok", "output_mtok"],
    "audio_out": ["output_audio_mtok"],
    "image_out": ["output_image_mtok"],
}

# Odd counts show every digit; long contexts pass every length at which a price changes.
USAGES = [
    ((1013, 211, 0, 0, 0, 0, 307, 0, 0, 0), {}),
    ((7, 3, 11, 5, 0, 0, 13, 17, 0, 0), {"web_searches": 3}),
    ((19, 0, 0, 0, 23, 29, 31, 0, 37, 41), {}),
    ((1, 0, 0, 0, 0, 0, 0, 0, 0, 0), {}),
    ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0), {}),
    ((90_001, 9_999, 0, 0, 0, 0, 1, 0, 0, 0), {}),
    ((90_001, 10_000, 0, 0, 0, 0, 1, 0, 0, 0), {}),
    ((199_990, 9, 1, 0, 0, 0, 999, 1, 0, 0), {}),
    ((199_990, 9, 1, 1, 0, 0, 999, 1, 0, 0), {}),
    ((200_001, 50_003, 20_011, 1_009, 0, 0, 5_003, 2_017, 0, 0), {"web_searches": 1}),
    ((300_007, 250_013, 0, 0, 0, 0, 70_001, 0, 0, 0), {"citation_tokens": 47}),
]


def usage_of(leaves, extra) -> genai.Usage:
    counts = dict(zip(INPUT + OUTPUT, leaves, strict=True))
    citation = extra.get("citation_tokens", 0)
    return genai.Usage(
        input_tokens=sum(counts[leaf] for leaf in INPUT),
        cache_read_tokens=counts["cache_read"],
        cache_write_tokens=counts["cache_write_5m"] + counts["cache_write_1h"],
        cache_write_1h_tokens=counts["cache_write_1h"],
        input_audio_tokens=counts["audio_in"],
        input_image_tokens=counts["image_in"],
        cache_audio_read_tokens=0,
        cache_image_read_tokens=0,
        output_tokens=sum(counts[leaf] for leaf in OUTPUT) + citation,
        output_reasoning_tokens=counts["reasoning"],
        output_audio_tokens=counts["audio_out"],
        output_image_tokens=counts["image_out"],
        output_citation_tokens=citation,
        web_searches=extra.get("web_searches", 0),
    )


def names_of(clause) -> list[str]:
    """Names that a rule is certainly about."""
    parts = getattr(clause, "or_", None)
    if parts:
        return [name for part in parts for name in names_of(part)]
    return [clause.equals] if isinstance(clause, genai.ClauseEquals) else []


def loose_names_of(clause) -> list[str]:
    """Dated names that a rule is about, as far as it is about more than names."""
    parts = getattr(clause, "or_", None) or getattr(clause, "and_", None)
    if parts:
        return [name for part in parts for name in loose_names_of(part)]
    if isinstance(clause, (genai.ClauseStartsWith, genai.ClauseContains)):
        [text] = vars(clause).values()
        return [f"{text.rstrip('-@')}-20261014"]
    return []


def moments(model) -> list[datetime.datetime]:
    """Before and after each change of its prices."""
    found = [NOON]
    for price in model.prices if isinstance(model.prices, list) else []:
        if isinstance(price.constraint, genai.StartDateConstraint):
            start = datetime.datetime.combine(price.constraint.start_date, datetime.time(), datetime.UTC)
            found += [start - datetime.timedelta(milliseconds=1), start, start + datetime.timedelta(days=1, hours=3)]
        elif price.constraint is not None:
            for time in (price.constraint.start_time, price.constraint.end_time):
                change = datetime.datetime.combine(NOON.date(), time)
                found += [change - datetime.timedelta(milliseconds=1), change]
    return found


def tiers(model) -> list[tuple[str | None, dict, datetime.datetime]]:
    """Tiers with prices of their own, at a time when all of these hold."""
    found = []
    for variant in model.price_variants or ():
        [condition] = variant.when.items()
        if condition in TIERS:
            starts = [other.constraint.start_date for other in model.price_variants if other.constraint is not None]
            at = max([NOON, *(datetime.datetime.combine(day, datetime.time(12), datetime.UTC) for day in starts)])
            found.append((TIERS[condition], variant.when, at))
    return found


def price(model, provider, at, context, leaves, extra) -> str | None:
    prices = model.get_prices(at, context)
    known = {key for key, value in vars(prices).items() if value is not None}
    if not known:
        return "0" if is_free(provider, model) else None
    counted = [leaf for leaf, count in zip(INPUT + OUTPUT, leaves, strict=True) if count]
    if not all(known.intersection(PRICES[leaf]) for leaf in counted):
        return None
    if extra.get("citation_tokens") and "output_citation_mtok" not in known:
        # Counted beside the output here, and within it there.
        extra = {}
    if not known.intersection(key for keys in PRICES.values() for key in keys) and "requests_kcount" not in known:
        return None
    found = model.calc_price(usage_of(leaves, extra), provider, genai_request_timestamp=at, price_context=context)
    return str(found.total_price * Decimal(10**12))


def main() -> None:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    for provider in providers:
        for model in provider.models:
            complete(provider, model)
    for provider in providers:
        for model in provider.models:
            at_noon = [(None, None, NOON)]
            at_others = [(None, None, at) for at in moments(model)[1:]]
            cases = [(model.id, False, USAGES, at_noon + at_others + tiers(model))]
            cases += [(name, False, USAGES[:1], at_noon) for name in names_of(model.match) if name != model.id]
            cases += [(name, True, USAGES[:1], at_noon) for name in loose_names_of(model.match)]
            for name, loose, usages, conditions in cases:
                found = provider.find_model(name, all_providers=providers)
                if found is None or (name != model.id and found is not model):
                    continue
                owner = next(other for other in providers if any(found is one for one in other.models))
                for tier, context, at in conditions:
                    for leaves, extra in usages:
                        case = {
                            "provider": provider.id,
                            "model": name,
                            "tier": tier,
                            "at_ms": round(at.timestamp() * 1000),
                            "leaves": leaves,
                            "extra": extra,
                            "loose": loose,
                            "pico_usd": price(found, owner, at, context, leaves, extra),
                        }
                        print(json.dumps(case, separators=(",", ":")))


if __name__ == "__main__":
    main()
