"""Threads and signals: the interpreter's lock is given up in every wait, and Ctrl-C ends one."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import threading
from typing import Any

import pytest
from support import HELLO, PERSONA, Upstream, run_program

import libgateway

#: Opens a gateway whose provider is the upstream of the first argument, for programs that run apart.
PRELUDE = """
import os, sys, threading, signal, time
import libgateway
gateway = libgateway.Gateway(store=sys.argv[2], master_key="0" * 64, network={"private": "allow"})
gateway.create_tenant("acme", provider={"kind": "openai", "base_url": sys.argv[1] + "/v1", "api_key": "k"})
HELLO = {"model": "gpt-4o", "messages": []}
"""


def test_32_threads_call_at_once(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    """Each answer waits until all 32 have been asked: one call that held the lock would hold up all."""
    upstream.load(fallback={"delay_ms": 300})
    began = threading.Barrier(32)

    def ask(_: int) -> str | None:
        began.wait(30)
        return gateway.chat("acme", HELLO).text

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert list(pool.map(ask, range(32))) == [PERSONA] * 32
    arrived = sorted(request["received_us"] for request in upstream.requests())
    answered = min(request["first_byte_us"] for request in upstream.requests())
    assert arrived[-1] < answered, "the last was asked only after the first had been answered"


def test_other_threads_run_while_one_waits(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load({"before_headers": "hang"})

    def wait() -> None:
        with contextlib.suppress(libgateway.GatewayError):
            gateway.chat("acme", HELLO)

    waiting = threading.Thread(target=wait)
    waiting.start()
    upstream.wait(requests=1)
    assert gateway.list_tenants()["tenants"]
    assert waiting.is_alive()
    gateway.close(timeout=1)
    waiting.join(60)
    assert not waiting.is_alive()


@pytest.mark.parametrize("waits_for", ["chat", "stream", "provider", "http"])
def test_ctrl_c_ends_a_wait_and_the_call(upstream: Upstream, waits_for: str, tmp_path: Any) -> None:
    hang: dict[str, Any] = {"before_headers": "hang"}
    if waits_for == "stream":
        hang = {"body": {"stream": ["a"]}, "end": {"hang_after": 200}}
    upstream.load(fallback=hang)
    call = {
        "chat": "gateway.chat('acme', HELLO)",
        "stream": "list(gateway.chat_stream('acme', HELLO))",
        "provider": "gateway.get_provider_for_tenant('acme').chat(HELLO)",
        "http": "gateway.httpx_client().post('/chat/completions', json=HELLO, timeout=None, headers={'x-api-key': key})",
    }[waits_for]
    printed = run_program(
        PRELUDE
        + f"""
key = gateway.create_api_key("acme")["secret"]
def interrupt():
    import http.client, json
    connection = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"))
    connection.request("POST", "/__upstream/wait", json.dumps({{"requests": 1, "timeout_ms": 20000}}))
    connection.getresponse().read()
    connection.close()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted")
gateway.close()
""",
        upstream.url,
        f"sqlite:{tmp_path / 'g.db'}",
    )
    assert printed == "interrupted\n"
    upstream.wait(closed=0)


def once_asked(upstream: Upstream) -> None:
    """Sends this process a signal as soon as the upstream has been asked."""

    def ring() -> None:
        upstream.wait(requests=1)
        os.kill(os.getpid(), signal.SIGALRM)

    threading.Thread(target=ring).start()


def test_a_signal_handler_that_raises_is_what_is_raised(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    class AlarmError(Exception):
        pass

    def ring(*_: object) -> None:
        raise AlarmError

    upstream.load({"before_headers": "hang"})
    before = signal.signal(signal.SIGALRM, ring)
    try:
        once_asked(upstream)
        with pytest.raises(AlarmError):
            gateway.chat("acme", HELLO)
    finally:
        signal.signal(signal.SIGALRM, before)
    upstream.wait(closed=0)


def test_a_signal_handler_that_returns_changes_nothing(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    rang: list[int] = []
    upstream.load({"delay_ms": 200})
    before = signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
    try:
        once_asked(upstream)
        assert gateway.chat("acme", HELLO).text == PERSONA
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rang == [signal.SIGALRM]
