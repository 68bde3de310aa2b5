"""Where people look: DataFrames, and the command line."""

from __future__ import annotations

import decimal
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pandas
import polars
import pytest
from support import HELLO, MASTER_KEY, ROOT

import libgateway
from libgateway import frames, notebook


@pytest.fixture
def used(gateway: libgateway.Gateway) -> libgateway.Gateway:
    for number in range(3):
        gateway.chat("acme", HELLO, options={"user_id": f"u-{number}", "metadata": {"team": "red"} if number else {}})
    gateway.flush()
    return gateway


def test_traces_and_series_are_data_frames_of_pandas(used: libgateway.Gateway) -> None:
    frame = frames.to_pandas(used.iter_traces("acme"))
    assert len(frame) == 3
    assert str(frame["created_at"].dt.tz) == "UTC"
    costs = [decimal.Decimal(trace["cost_usd"] or 0) for trace in used.iter_traces("acme")]
    assert frame["cost_usd"].sum() == sum(costs) > 0
    assert len(frames.to_pandas(used.list_traces("acme", limit=2))) == 2
    series = frames.to_pandas(used.analytics_timeseries("acme"))
    assert series["total_requests"].sum() == 3
    assert len(frames.to_pandas(used.get_tenant("acme"))) == 1
    assert isinstance(frames.to_pandas([]), pandas.DataFrame)
    assert "<table" in frame._repr_html_()


def test_whoever_operates_the_gateway_reads_all_tenants_at_once(used: libgateway.Gateway) -> None:
    used.create_tenant("globex", provider={"kind": "mock"})
    used.chat("globex", HELLO)
    used.flush()
    traces = list(used.iter_traces(libgateway.ALL_TENANTS, limit=2))
    assert [trace["tenant_id"] for trace in traces] == ["globex", "acme", "acme", "acme"]
    assert used.get_trace(libgateway.ALL_TENANTS, traces[0]["id"])["request"]["messages"]
    assert used.analytics_summary(libgateway.ALL_TENANTS)["total_requests"] == 4
    users = used.analytics_breakdown(libgateway.ALL_TENANTS, by="user")
    assert sorted(group["value"] or "" for group in users["groups"]) == ["", "u-0", "u-1", "u-2"]
    # Only the constant means all: nothing that could come from a request does.
    for tenant_id in ("all", "*", "", None):
        with pytest.raises(libgateway.GatewayError):
            used.list_traces(tenant_id)  # type: ignore[arg-type]
    with pytest.raises(libgateway.InvalidRequestError, match="tenants"):
        used.list_traces("acme", tenants="all")  # type: ignore[call-arg]


def test_traces_and_series_are_data_frames_of_polars(used: libgateway.Gateway) -> None:
    frame = frames.to_polars(used.iter_traces("acme"))
    assert frame.schema["created_at"] == polars.Datetime("ms", "UTC")
    assert frame.schema["cost_usd"] == polars.Decimal(38, 12)
    costs = [decimal.Decimal(trace["cost_usd"] or 0) for trace in used.iter_traces("acme")]
    assert frame["cost_usd"].sum() == sum(costs) > 0
    series = frames.to_polars(used.analytics("acme"))
    assert series["total_requests"].sum() == 3
    assert frames.to_polars([]).is_empty()


def test_notebooks_show_pages_summaries_and_traces_as_tables(used: libgateway.Gateway) -> None:
    page = notebook.view(used.list_traces("acme"))._repr_html_()
    assert (page.count("<tr>"), page.count("<td>ok</td>")) == (4, 3)
    assert notebook.view(used.iter_traces("acme"))._repr_html_() == page.removeprefix("<h4>traces</h4>")

    answer = notebook.view(used.analytics("acme"))
    html = answer._repr_html_()
    assert "<th>total_requests</th><td>3</td>" in html
    assert html.count("<table>") == 3
    assert json.loads(repr(answer)) == answer.data

    used.chat("acme", {**HELLO, "messages": [{"role": "user", "content": "<script>"}]})
    used.flush()
    (newest,) = used.list_traces("acme", limit=1)["traces"]
    html = notebook.view(used.get_trace("acme", newest["id"]))._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def command(config: Any, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "GATEWAY_MASTER_KEY": MASTER_KEY}
    program = [sys.executable, "-W", "error", "-m", "libgateway", "--store", config["store"], *arguments]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_shows_what_is_there(used: libgateway.Gateway, config: Any, tmp_path: pathlib.Path) -> None:
    used.create_api_key("acme", name="ci")
    used.close()
    traces = {name: command(config, name, "acme") for name in ("traces", "keys", "stats", "export")}
    assert {name: (code, said) for name, (code, _, said) in traces.items()} == dict.fromkeys(traces, (0, ""))
    assert traces["traces"][1].count(" ok ") == 3
    assert "ci" in traces["keys"][1]
    assert "total_requests" in traces["stats"][1]
    exported = [json.loads(line) for line in traces["export"][1].splitlines()]
    assert [one["request"] for one in exported] == [HELLO] * 3

    code, printed, _ = command(config, "traces", "acme", "--json", "--limit", "2", "--user-id", "u-1")
    assert code == 0
    (row,) = [json.loads(line) for line in printed.splitlines()]
    assert row["user_id"] == "u-1"
    assert json.loads(command(config, "trace", "acme", row["id"])[1])["request"] == HELLO
    assert command(config, "tenants")[1].splitlines()[1].startswith("acme ")
    code, printed, _ = command(config, "verify")
    assert (code, printed.splitlines()[-1]) == (0, "the books hold")
    file = tmp_path / "traces.jsonl"
    assert command(config, "export", "acme", "--limit", "1", "--output", str(file))[:2] == (0, "")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1


def test_the_command_line_says_what_is_wrong(used: libgateway.Gateway, config: Any, tmp_path: pathlib.Path) -> None:
    code, printed, said = command(config, "traces", "nobody")
    assert (code, printed) == (1, "")
    assert "tenant_not_found" in said
    assert "Traceback" not in said
    elsewhere = {"store": f"sqlite:{tmp_path / 'nothing.db'}"}
    code, _, said = command(elsewhere, "tenants")
    assert code == 1
    assert not said.startswith("Traceback")
    assert command(config, "everything")[0] == 2
