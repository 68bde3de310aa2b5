"""How values and rows are shown to people, on a terminal and in a notebook."""

from __future__ import annotations

from typing import Any

#: What is shown of rows, by what a page calls them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "traces": ("created_at", "id", "provider", "model", "status_class", "latency_ms", "total_tokens", "cost_usd"),
    "timeseries": ("start", "total_requests", "errors", "total_tokens", "cost_usd", "p50_latency_ms", "p95_latency_ms"),
    "models": ("provider", "model", "total_requests", "error_rate", "total_tokens", "cost_usd", "p95_latency_ms"),
    "tenants": ("id", "name", "status", "capture", "created_at"),
    "api_keys": ("id", "hint", "name", "scopes", "status", "last_used_at"),
    "instances": ("instance", "opened_at", "state", "accepted", "persisted", "dead_lettered", "missing", "doubled"),
}


def text(value: Any) -> str:
    """One value in one line."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return ",".join(value) if isinstance(value, list) else str(value)
