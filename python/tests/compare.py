"""Finds where a JSON value is not what was expected, and says so by path; as `tests/fixtures/README.md` has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ANY, AT_LEAST = "{any}", "{at_least:"


def subset(path: str, expected: Any, actual: Any) -> list[str]:
    """Where `actual` lacks something that `expected` has."""
    return list(_walk(path, expected, actual, exact=False))


def equal(path: str, expected: Any, actual: Any) -> list[str]:
    """Where the two differ in anything but the order of fields."""
    return list(_walk(path, expected, actual, exact=True))


def _walk(path: str, expected: Any, actual: Any, *, exact: bool) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from _walk(f"{path}.{key}", value, actual[key], exact=exact)
            else:
                yield f"{path}.{key}: there is no such field; expected {value!r}"
        if exact or not expected:
            yield from (f"{path}.{key}: not expected" for key in actual if key not in expected)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for at, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from _walk(f"{path}[{at}]", one, other, exact=exact)
    elif expected == ANY and actual is not None:
        pass
    elif isinstance(expected, str) and expected.startswith(AT_LEAST) and _is_number(actual):
        if actual < float(expected[len(AT_LEAST) : -1]):
            yield f"{path}: expected {expected}, got {actual}"
    # True is 1 in Python, and is not in JSON.
    elif isinstance(expected, bool) != isinstance(actual, bool) or expected != actual:
        yield f"{path}: expected {str(expected)[:300]!r}, got {str(actual)[:300]!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
