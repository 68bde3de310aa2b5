"""What a call from Python costs, beside what people use without the gateway.

All run in one process, in turns, against one mock upstream in another: a slow moment of the machine hits all. CPU is
that of the whole process, so that the gateway's own threads, which write its encrypted traces, are counted too; the others
store nothing.

    python bench.py UPSTREAM_PROGRAM [ROUNDS]
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import contestants

CHATS, STREAMS, CHUNKS = 60, 4, 256
#: About 1 KB, as a chat with a little history has.
REQUEST: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "You are terse. " * 20},
        {"role": "user", "content": "What is the capital of France? " * 20},
    ],
}

#: Who is compared with whom, by at most which factor of its CPU.
PROMISES = [
    ("chat", "libgateway async", "liter-llm async", 1.0),
    ("chat", "libgateway async", "httpx async", 0.5),
    ("chat", "libgateway", "tensorzero", 1.0),
    ("chat", "libgateway", "httpx", 0.75),
    ("chat", "libgateway", "litellm", 0.1),
    ("chat", "openai over libgateway", "openai", 1.0),
    ("chat", "openai over libgateway async", "openai async", 1.0),
    ("stream", "libgateway", "tensorzero", 1.0),
    ("stream", "libgateway async", "liter-llm async", 0.3),
    ("stream", "openai over libgateway", "openai", 1.0),
    ("stream", "openai over libgateway async", "openai async", 1.0),
]


def start(program: str) -> tuple[subprocess.Popen[bytes], str]:
    upstream = subprocess.Popen(
        [program, "--stdin-guard", "--record", "off"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert upstream.stdout is not None
    url: str = json.loads(upstream.stdout.readline())["url"]
    scripts = [
        {"match": {"model": "gpt-4o"}, "body": {"chat": {"content": "Paris. " * 140, "model": "gpt-4o"}}},
        {
            "match": {"model": "gpt-4o-mini"},
            "body": {
                "stream": {
                    "content": [f"token{number} " for number in range(CHUNKS)],
                    "model": "gpt-4o-mini",
                    "include_usage": "never",
                }
            },
            "split": "whole",
        },
    ]
    body = json.dumps({"fallback": scripts}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/__upstream/scripts", body, method="POST")).close()
    return upstream, url


def measure(
    runner: asyncio.Runner, call: Callable[[], Any], settle: Callable[[], Any], times: int
) -> tuple[float, float]:
    """CPU and wall time of one call, in microseconds; CPU until all that it has left to do is done."""

    async def awaited() -> None:
        for _ in range(times):
            await call()

    cpu, wall = time.process_time(), time.perf_counter()
    if inspect.iscoroutinefunction(call):
        runner.run(awaited())
    else:
        for _ in range(times):
            call()
    took = time.perf_counter() - wall
    settle()
    rest()
    return (time.process_time() - cpu) / times * 1e6, took / times * 1e6


def rest() -> None:
    """Waits until nothing runs any more: what one leaves to threads of its own is its cost, and not the next one's."""
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.02)
        if time.process_time() - before < 0.0005:
            return


def main() -> None:
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30
    upstream, url = start(program)
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner() as runner:
        os.chdir(directory)
        everyone, everyone_settles = contestants.everyone(url, pathlib.Path(directory), runner, REQUEST)
        results: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for round_ in range(rounds + 2):
            for name, (chat, stream) in everyone.items():
                for kind, call, times in (("chat", chat, CHATS), ("stream", stream, STREAMS)):
                    if call is None:
                        continue
                    measured = measure(runner, call, everyone_settles, times)
                    # The first rounds warm up what is warmed up once.
                    if round_ >= 2:
                        results.setdefault((kind, name), []).append(measured)
        report(results)
    assert upstream.stdin is not None
    upstream.stdin.close()
    upstream.wait()


def report(results: dict[tuple[str, str], list[tuple[float, float]]]) -> None:
    medians = {key: [statistics.median(column) for column in zip(*rows, strict=True)] for key, rows in results.items()}
    for kind, what in (("chat", "a chat of 1 KB"), ("stream", f"a stream of {CHUNKS} chunks at once")):
        print(f"\n{what:38} {'CPU µs':>10} {'wall µs':>10}")
        for (of, name), (cpu, wall) in medians.items():
            if of == kind:
                print(f"{name:38} {cpu:10,.0f} {wall:10,.0f}")
    print(f"\n{'CPU, beside':58} {'ratio':>8} {'promise':>8}")
    for kind, ours, theirs, promise in PROMISES:
        if (kind, ours) in medians and (kind, theirs) in medians:
            ratio = medians[kind, ours][0] / medians[kind, theirs][0]
            verdict = "" if ratio <= promise else "  missed"
            print(f"{kind + ': ' + ours + ' / ' + theirs:58} {ratio:8.2f} {promise:8.2f}{verdict}")


if __name__ == "__main__":
    main()
