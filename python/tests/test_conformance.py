"""Every fixture of tests/fixtures, on both databases, waited for and awaited. The format is described there."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import re
from dataclasses import dataclass, field
from typing import Any

import compare
import pytest
from support import CONFIG, ROOT, Upstream

import libgateway

FIXTURES = ROOT / "tests" / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))

#: The fields a fixture may have, at each place: an unknown one is a mistake.
KNOWN = {
    "": {"name", "description", "tenant", "providers", "call", "upstream", "expect"},
    "call": {"operation", "body", "body_text", "options"},
    "expect": {"upstream_requests", "reply", "error", "trace"},
    "reply": {"status", "headers", "no_headers", "body", "body_text", "body_starts_with", "events"},
    "request": {"method", "path", "headers", "no_headers", "header_names", "body", "body_text"},
}


@dataclass
class Outcome:
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    events: list[bytes] | None = None
    trace_id: str | None = None
    error: libgateway.GatewayError | None = None


def test_every_file_is_a_fixture() -> None:
    assert len(NAMES) >= 40
    assert {path.name for path in FIXTURES.iterdir()} == {f"{name}.json" for name in NAMES} | {"README.md"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [libgateway.Gateway, libgateway.AsyncGateway])
def test_every_fixture_holds(any_store: Any, upstream: Upstream, kind: type[Any]) -> None:
    """One gateway for all, as a host has one."""

    async def main() -> list[str]:
        gateway = await settled(kind({**CONFIG, **any_store}))
        failed = [difference for name in NAMES for difference in await run(gateway, upstream, name)]
        await settled(gateway.close())
        return failed

    failed = asyncio.run(main())
    assert not failed, "\n".join(failed)


async def settled(result: Any) -> Any:
    """What a method of either gateway comes to."""
    return await result if inspect.isawaitable(result) else result


async def run(gateway: Any, upstream: Upstream, name: str) -> list[str]:
    """Runs a fixture, a second time for the events of its stream if it lists them."""
    differences = await once(gateway, upstream, name, "bytes")
    reply = read(name, upstream.url)["expect"].get("reply") or {}
    if "events" in reply:
        differences += await once(gateway, upstream, name, "events")
    return [f"{name}: {difference}" for difference in differences]


async def once(gateway: Any, upstream: Upstream, name: str, reading: str) -> list[str]:
    fixture = read(name, upstream.url)
    tenant = name if reading == "bytes" else f"{name}:events"
    await settled(gateway.create_tenant(tenant, **fixture.get("tenant", {})))
    for provider in fixture.get("providers", [upstream.provider()]):
        await settled(gateway.set_provider(tenant, **provider))
    upstream.reset()
    upstream.control("POST", "scripts", fixture.get("upstream", {}))
    outcome = await make_call(gateway, tenant, fixture["call"], reading)
    asked = upstream.requests()
    if fixture["call"]["operation"] == "list_models":
        # Providers are asked at once: who comes first is chance.
        asked.sort(key=lambda request: str(request["path"]))
    expected = fixture["expect"]
    found = requests(expected["upstream_requests"], asked)
    if queued := upstream.stats()["queued"]:
        found.append(f"upstream: {queued} scripts were not played")
    found += outcomes(expected, outcome)
    await settled(gateway.flush(timeout=30))
    return found + await trace(gateway, tenant, expected["trace"], outcome.trace_id)


def read(name: str, url: str) -> dict[str, Any]:
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8").replace("{upstream}", url)
    fixture: dict[str, Any] = json.loads(re.sub(r"\{A\*(\d+)\}", lambda match: "A" * int(match[1]), text))
    places = {"": fixture, "call": fixture["call"], "expect": fixture["expect"]}
    if fixture["expect"].get("reply"):
        places["reply"] = fixture["expect"]["reply"]
    parts = [*places.items(), *(("request", request) for request in fixture["expect"]["upstream_requests"])]
    for place, part in parts:
        assert set(part) <= KNOWN[place], f"{name}: {place} has {set(part) - KNOWN[place]}"
    assert fixture["name"] == name
    return fixture


def text_of(text: str | list[str]) -> bytes:
    return (text if isinstance(text, str) else "".join(text)).encode()


async def make_call(gateway: Any, tenant: str, call: dict[str, Any], reading: str) -> Outcome:
    operation = call["operation"]
    given: list[Any] = [text_of(call["body_text"])] if "body_text" in call else [call["body"]] if "body" in call else []
    raw = {"raw": reading} if operation.endswith("_stream") else {}
    outcome = Outcome()
    try:
        answer = await settled(getattr(gateway, operation)(tenant, *given, options=call.get("options"), **raw))
        outcome.status, outcome.headers, outcome.trace_id = answer.status, answer.headers, answer.trace_id
        if raw:
            await read_stream(answer, outcome, reading)
        else:
            outcome.body = answer.body
    except libgateway.GatewayError as error:
        outcome.error = error
    return outcome


async def read_stream(stream: Any, outcome: Outcome, reading: str) -> None:
    """Reads to the end. After an error nothing may come."""
    pieces: list[bytes] = []
    try:
        if hasattr(stream, "__aiter__"):
            async for piece in stream:
                pieces.append(piece)
        else:
            for piece in stream:
                pieces.append(piece)
    finally:
        if reading == "bytes":
            outcome.body = b"".join(pieces)
        else:
            outcome.events = pieces
    assert not [piece async for piece in stream] if hasattr(stream, "__aiter__") else not list(stream)


def requests(expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> list[str]:
    found = []
    if len(expected) != len(actual):
        found.append(f"upstream_requests: expected {len(expected)}, got {[request['path'] for request in actual]}")
    for at, (one, other) in enumerate(zip(expected, actual, strict=False)):
        path = f"upstream_requests[{at}]"
        found += [
            f"{path}.{key}: {other[key]!r}" for key in ("method", "path") if one.get(key, other[key]) != other[key]
        ]
        names = [(name.lower(), value) for name, value in other["headers"]]
        found += headers(path, one, dict(reversed(names)))
        if "header_names" in one and one["header_names"] != sorted(name for name, _ in names):
            found.append(f"{path}.header_names: got {names}")
        content = other["body"]
        found += bodies(
            path, one, content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])
        )
    return found


def outcomes(expected: dict[str, Any], actual: Outcome) -> list[str]:
    found = []
    reply, error = expected.get("reply"), expected.get("error")
    if (reply is None) != (actual.status is None):
        found.append(f"reply: expected {reply}, got {actual.status}")
    elif reply is not None:
        if reply.get("status", actual.status) != actual.status:
            found.append(f"reply.status: got {actual.status}")
        found += headers("reply", reply, actual.headers)
        found += (
            bodies("reply", reply, actual.body) if actual.events is None else events(reply["events"], actual.events)
        )
    if (error is None) != (actual.error is None):
        found.append(f"error: expected {error}, got {actual.error!r}")
    elif error is not None:
        found += errors(dict(error), actual.error)
    return found


def headers(path: str, expected: dict[str, Any], actual: dict[str, str]) -> list[str]:
    wanted = {**expected.get("headers", {}), **dict.fromkeys(expected.get("no_headers", []))}
    differ = [name for name, value in wanted.items() if actual.get(name) != value]
    return [f"{path}.headers.{name}: expected {wanted[name]!r}, got {actual.get(name)!r}" for name in differ]


def bodies(path: str, expected: dict[str, Any], actual: bytes) -> list[str]:
    found = []
    if "body" in expected:
        found += compare.equal(f"{path}.body", expected["body"], json.loads(actual))
    if "body_text" in expected and text_of(expected["body_text"]) != actual:
        found.append(f"{path}.body_text: got {actual[:500]!r}")
    if "body_starts_with" in expected and not actual.startswith(text_of(expected["body_starts_with"])):
        found.append(f"{path}.body_starts_with: got {actual[:500]!r}")
    return found


def events(expected: list[Any], actual: list[bytes]) -> list[str]:
    """A text is compared as it is, anything else with the event read as JSON."""
    if len(expected) != len(actual):
        return [f"reply.events: expected {len(expected)}, got {actual}"]
    pairs = enumerate(zip(expected, actual, strict=True))
    as_json = [(at, one, other.decode() if isinstance(one, str) else json.loads(other)) for at, (one, other) in pairs]
    return [difference for at, one, other in as_json for difference in compare.equal(f"events[{at}]", one, other)]


def errors(expected: dict[str, Any], error: libgateway.GatewayError | None) -> list[str]:
    assert error is not None
    found = []
    for key, wanted in (("message_contains", True), ("message_lacks", False)):
        part = expected.pop(key, None)
        if part is not None and (part in error.message) is not wanted:
            found.append(f"error.{key}: {part!r}, got {error.message!r}")
    fields = ("code", "number", "status", "param", "retries_spent", "provider", "request_id", "message")
    actual = {name: getattr(error, name) for name in fields}
    actual["retry_after_ms"] = None if error.retry_after is None else round(error.retry_after * 1000)
    actual["body_text"] = None if error.body is None else error.body.decode()
    return found + compare.subset("error", expected, actual)


async def trace(gateway: Any, tenant: str, expected: dict[str, Any], trace_id: str | None) -> list[str]:
    """The tenant's one trace. Its row says the same in the list, which never has content."""
    rows = (await settled(gateway.list_traces(tenant)))["traces"]
    if len(rows) != 1:
        return [f"trace: expected exactly one, got {len(rows)}"]
    row = rows[0]
    detail = await settled(gateway.get_trace(tenant, row["id"]))
    found = [f"list_traces has {key}" for key in ("request", "response", "attempts") if key in row]
    if trace_id not in (None, row["id"]):
        found.append(f"trace.id: expected {trace_id}, got {row['id']}")
    found += compare.subset("get_trace and list_traces differ", row, detail)
    return found + compare.subset("trace", expected, detail)
