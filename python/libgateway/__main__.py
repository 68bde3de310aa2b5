"""Looks into a store from the command line: `python -m libgateway --store sqlite:gateway.db traces acme`.

The master key is read from GATEWAY_MASTER_KEY. Nothing is changed: an older schema is refused, not migrated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from . import Gateway, GatewayError, __version__
from ._text import COLUMNS, text
from .types import Config


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    config: Config = {"store": given.store, "migrate": "check", "durability": "memory"}
    if key := os.environ.get("GATEWAY_MASTER_KEY"):
        config["master_key"] = key
    try:
        with Gateway(config) as gateway:
            ok = given.run(gateway, given)
    except GatewayError as error:
        print(f"libgateway: {error.message} ({error.code})", file=sys.stderr)
        return 1
    return 0 if ok is None or ok else 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser("python -m libgateway", description="Looks into the store of a gateway.")
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--store", required=True, help="sqlite:FILE or postgres://USER@HOST/DATABASE")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Callable[[Gateway, Any], bool | None], *names: str) -> argparse.ArgumentParser:
        one = commands.add_parser(run.__name__, help=run.__doc__)
        for name in names:
            one.add_argument(name)
        one.add_argument("--json", action="store_true", help="one JSON document a line")
        one.set_defaults(run=run)
        return one

    command(tenants)
    command(keys, "tenant")
    command(trace, "tenant", "id")
    for run in (traces, export):
        one = command(run, "tenant")
        for name in ("model", "provider", "status-class", "user-id", "session-id", "since", "until"):
            one.add_argument(f"--{name}")
        one.add_argument("--limit", type=int, default=20 if run is traces else None, help="at most so many")
    one.add_argument("--output", type=argparse.FileType("w", encoding="utf-8"), default=sys.stdout)
    command(stats, "tenant").add_argument("--hours", type=int, default=24)
    command(verify)
    return top


def tenants(gateway: Gateway, given: Any) -> None:
    """lists all tenants"""
    show(gateway.iter_tenants(), COLUMNS["tenants"], given)


def keys(gateway: Gateway, given: Any) -> None:
    """lists a tenant's API keys, without their secrets"""
    show(gateway.list_api_keys(given.tenant), COLUMNS["api_keys"], given)


def traces(gateway: Gateway, given: Any) -> None:
    """lists a tenant's newest traces"""
    show(found(gateway, given), COLUMNS["traces"], given)


def trace(gateway: Gateway, given: Any) -> None:
    """shows one trace with its content, decrypted"""
    detail = gateway.get_trace(given.tenant, given.id)
    print(json.dumps(detail, ensure_ascii=False, indent=None if given.json else 2))


def stats(gateway: Gateway, given: Any) -> None:
    """shows what a tenant has used, as a whole and by model"""
    query: Any = {"window_hours": given.hours}
    summary: Any = gateway.analytics_summary(given.tenant, **query)
    if given.json:
        print(json.dumps(summary))
        return
    width = max(map(len, summary))
    for name, value in summary.items():
        print(f"{name:{width}}  {text(value)}")
    print()
    show(gateway.analytics_models(given.tenant, **query)["models"], COLUMNS["models"], given)


def export(gateway: Gateway, given: Any) -> None:
    """writes a tenant's traces with their content, one JSON document a line"""
    with progress(f"traces of {given.tenant}", given.output) as advance:
        for row in found(gateway, given):
            print(json.dumps(gateway.get_trace(given.tenant, row["id"]), ensure_ascii=False), file=given.output)
            advance()
    given.output.flush()


def verify(gateway: Gateway, given: Any) -> bool:
    """checks that every request that was accepted is accounted for"""
    report = gateway.verify()
    if given.json:
        print(json.dumps(report))
    else:
        show(report["instances"], COLUMNS["instances"], given)
        print("the books hold" if report["holds"] else "the books do not hold")
    return report["holds"]


def found(gateway: Gateway, given: Any) -> Iterator[Any]:
    names = ("model", "provider", "status_class", "user_id", "session_id", "since", "until")
    query: Any = {name: value for name in names if (value := getattr(given, name)) is not None}
    for count, row in enumerate(gateway.iter_traces(given.tenant, **query)):
        if count == given.limit:
            return
        yield row


def show(rows: Iterable[Any], columns: tuple[str, ...], given: Any) -> None:
    if given.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    table = [columns, *(tuple(text(row.get(column)) for column in columns) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextlib.contextmanager
def progress(what: str, output: TextIO) -> Iterator[Callable[[], object]]:
    """A count on the terminal, by rich (`pip install libgateway[cli]`), unless something else is printed there."""
    try:
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn
    except ModuleNotFoundError:
        yield lambda: None
        return
    console = Console(stderr=True)
    columns = TextColumn("{task.completed} {task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal or output.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda: bar.advance(task)


if __name__ == "__main__":
    sys.exit(main())
