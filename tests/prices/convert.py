"""Prints the bundled table of prices, core/src/pricing/prices.jsonl, made of the data of genai-prices.

`make prices` writes it. The format is described in core/src/pricing/snapshot.rs. Dollars become whole pico-dollars per token, request or search,
and a ratio where they are not whole. What a trace does not count (video, characters, seconds of audio, pages) is left
out, and so is a rule that would match more names than the dated and numbered versions of a model.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import re
import sys
from decimal import Decimal
from fractions import Fraction

from genai_prices import types as genai
from genai_prices.data import providers

# The last day that has come on which, as the data says, somebody looked at prices: to be set with each new version.
AS_OF = "2026-11-09"

# Price keys of genai-prices → units of ours, and how many of the unit a price is for.
UNITS = {
    "input_mtok": ("input", 10**6),
    "cache_read_mtok": ("cache_read", 10**6),
    "cache_write_mtok": ("cache_write", 10**6),
    "cache_write_1h_mtok": ("cache_write_1h", 10**6),
    "input_audio_mtok": ("audio_in", 10**6),
    "input_image_mtok": ("image_in", 10**6),
    "output_mtok": ("output", 10**6),
    "output_reasoning_mtok": ("reasoning", 10**6),
    "output_audio_mtok": ("audio_out", 10**6),
    "output_image_mtok": ("image_out", 10**6),
    "output_citation_mtok": ("citation", 10**6),
    "web_searches_kcount": ("web_search", 10**3),
    "requests_kcount": ("request", 10**3),
}
# Counted by nobody here. A model that is billed by nothing else has no price.
LEFT_OUT = {
    "audio_hours",
    "cache_audio_read_mtok",
    "cache_image_read_mtok",
    "input_annotated_document_kpages",
    "input_audio_hours",
    "input_document_kpages",
    "input_mchars",
    "input_text_messages_kcount",
    "input_video_mtok",
    "output_video_mtok",
    "storage_searches_kcount",
}
# Without any price in the data, and really free; the others are billed in a way that the data cannot express.
FREE = {
    ("openai", "moderation"),
    ("google", "gemma-3"),
    ("google", "gemma-3n"),
    ("google", "gemma-4-26b-a4b-it"),
    ("google", "gemma-4-31b-it"),
}


# Rates that the data lacks, from https://developers.openai.com/api/docs/pricing as of November 2025.
LACKING = {
    ("openai", "gpt-4o-audio-preview"): {"input_audio_mtok": Decimal(40), "output_audio_mtok": Decimal(80)},
    ("openai", "gpt-4o-mini-audio-preview"): {"input_audio_mtok": Decimal(10), "output_audio_mtok": Decimal(20)},
}


def complete(provider, model) -> None:
    """Adds what the data lacks."""
    for key, price in LACKING.get((provider.id, model.id), {}).items():
        assert not hasattr(model.prices, key) or getattr(model.prices, key) is None, f"{model.id} has {key} by now"
        setattr(model.prices, key, price)


def is_free(provider, model) -> bool:
    return model.id.endswith(":free") or (provider.id, model.id) in FREE


# The tier a response names. Variants by anything else are left out: nothing tells them apart in an answer.
TIERS = {
    **{("service_tier", name): name for name in ("flex", "priority", "fast")},
    ("processing", "batch"): "batch",
    ("speed", "fast"): "fast",
}
STANDARD = ("service_tier", "default")

# Rules that no general translation fits.
BY_HAND = {
    ("StartsWith", "claude-2"): ["claude-2", "claude-2.0", "claude-2.1"],
    ("StartsWith", "claude-sonnet-4-2025"): ["claude-sonnet-4-2025####"],
    ("Contains", "claude-sonnet-4-2025"): ["<claude-sonnet-4-2025####"],
    ("Contains", "gemini-2.0-flash-0"): ["<gemini-2.0-flash-0##"],
    ("StartsWith", "ft:gpt-3.5-turbo"): ["ft:gpt-3.5-turbo*"],
    ("StartsWith", "ft:gpt-4-0"): ["ft:gpt-4-0*"],
    ("StartsWith", "ft:gpt-4o-2024-"): ["ft:gpt-4o-2024-*"],
    ("StartsWith", "ft:gpt-4o-mini-2024-"): ["ft:gpt-4o-mini-2024-*"],
    ("StartsWith", "gpt-4o-mini-2024-07-18.ft-"): ["gpt-4o-mini-2024-07-18.ft-*"],
    ("Contains", "aya-expanse-8b"): ["<aya-expanse-8b>", "c4ai-aya-expanse-8b>"],
    ("Contains", "aya-expanse-32b"): ["<aya-expanse-32b>", "c4ai-aya-expanse-32b>"],
    ("Contains", "M2.1-highspeed"): ["MiniMax-M2.1-highspeed"],
    ("Contains", "M2.5-highspeed"): ["MiniMax-M2.5-highspeed"],
    ("Contains", "M2.7-highspeed"): ["MiniMax-M2.7-highspeed"],
    ("Contains", "m2.1-highspeed"): [],
    ("Contains", "m2.5-highspeed"): [],
    ("Contains", "m2.7-highspeed"): [],
    ("Regex", r"^(typesafe/)?jev-1\.13(-\d{8})?$"): ["<jev-1.13>"],
    ("Regex", r"^(typesafe/)?jev-1\.14(-\d{8})?$"): ["<jev-1.14>"],
    ("Regex", r"^claude-opus-5[-@]\d{8}$"): ["claude-opus-5-########", "claude-opus-5@########"],
    ("Regex", r"^gemini-3\.5-flash-\d"): ["gemini-3.5-flash>"],
    ("Regex", r"^gemini-4-argon-\d"): ["gemini-4-argon>"],
}
# Only ever beside a prefix that no longer matches it, once it stands for versions only.
NO_SPEECH = r"^(?!.*-[tT][tT][sS](?:$|-))"


def patterns(clause) -> list[str]:
    """The names that a rule is meant to match: `#` is a digit, `>` a version or nothing, `<` a path or nothing."""
    kind = type(clause).__name__.removeprefix("Clause")
    if kind == "Or":
        return [pattern for part in clause.or_ for pattern in patterns(part)]
    if kind == "And":
        [name] = [part for part in clause.and_ if getattr(part, "regex", None) != NO_SPEECH]
        return patterns(name)
    [text] = vars(clause).values()
    if (kind, text) in BY_HAND:
        return BY_HAND[kind, text]
    if kind == "Regex":
        return [from_regex(text)]
    if any(char in text for char in "#<>*"):
        raise ValueError(f"{text!r} has a character that patterns give a meaning")
    name = text.rstrip("-@")
    translations = {
        "Equals": text,
        "StartsWith": f"{name}>",
        "Contains": f"<{name}>",
        "EndsWith": f"<{text.lstrip('/')}",
    }
    return [translations[kind]]


def from_regex(regex: str) -> str:
    text = regex.removeprefix("^").removesuffix("$")
    text = re.sub(r"\\d(?:\{(\d)\})?", lambda found: "#" * int(found[1] or 1), text)
    text = re.sub(r"\\([.\[\]])", r"\1", text)
    if not regex.startswith("^") or not regex.endswith("$") or re.search(r"[\\+*?(){}|^$]", text):
        raise ValueError(f"{regex!r} has no translation yet; add it to BY_HAND")
    return text


def amount(dollars, per: int):
    pico = Fraction(dollars) * 10**12 / per
    return pico.numerator if pico.denominator == 1 else f"{pico.numerator}/{pico.denominator}"


def rates(prices) -> dict | None:
    found = {}
    known = False
    for key, price in vars(prices).items():
        if price is None:
            continue
        known = True
        if key in LEFT_OUT:
            continue
        unit, per = UNITS[key]
        if isinstance(price, genai.TieredPrices):
            found[unit] = [amount(price.base, per), *([tier.start, amount(tier.price, per)] for tier in price.tiers)]
        else:
            found[unit] = amount(price, per)
    return found if found or not known else None


def when(constraint) -> dict:
    if constraint is None:
        return {}
    if isinstance(constraint, genai.StartDateConstraint):
        return {"from": constraint.start_date.isoformat()}
    hours = (constraint.start_time, constraint.end_time)
    assert all(time.utcoffset() == datetime.timedelta() for time in hours), f"{hours} are not in UTC"
    return {"hours": [time.strftime("%H:%M") for time in hours]}


def model_line(provider, model) -> dict:
    complete(provider, model)
    names = list(dict.fromkeys(pattern.lower() for pattern in patterns(model.match)))
    if names == [model.id.lower()]:
        names = None
    periods = model.prices if isinstance(model.prices, list) else [genai.ConditionalPrice(prices=model.prices)]
    base, *others = [rates(period.prices) or ({} if is_free(provider, model) else None) for period in periods]
    line = {"model": model.id}
    if names is not None:
        line["names"] = names
    line["rates"] = base
    later = [{**when(period.constraint), "rates": found} for period, found in zip(periods[1:], others, strict=True)]
    if later:
        line["periods"] = later
    tiers = []
    for variant in model.price_variants or ():
        [condition] = variant.when.items()
        if condition == STANDARD:
            assert not vars(variant.prices), f"{model.id}: a standard tier with prices of its own"
        elif condition in TIERS:
            tiers.append({"tier": TIERS[condition], **when(variant.constraint), "rates": rates(variant.prices) or {}})
    if tiers:
        line["tiers"] = tiers
    return line


def licence() -> str:
    [path] = [file for file in importlib.metadata.files("genai-prices") if file.name == "LICENSE"]
    return " ".join(path.read_text().split())


def dump(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"


def main() -> None:
    body = ""
    for provider in providers:
        also = {"also": provider.fallback_model_providers} if provider.fallback_model_providers else {}
        body += dump({"provider": provider.id, **also})
        body += "".join(dump(model_line(provider, model)) for model in provider.models)
    version = importlib.metadata.version("genai-prices")
    header = {
        "format": "libgateway-prices",
        "schema": 1,
        "as_of": AS_OF,
        "source": f"genai-prices {version}, https://github.com/pydantic/genai-prices, converted by tests/prices/convert.py",
        "licence": licence(),
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
    }
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(dump(header) + body)


if __name__ == "__main__":
    main()
