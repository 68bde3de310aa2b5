"""Processes: forks, children, and interpreters that end in the middle of something."""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import os
import pathlib
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support import HELLO, ROOT, Upstream, run_program
from test_threads import PRELUDE

import libgateway

#: Python 3.12 and later warn of forks beside threads; that these are safe is what is tested.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")

HANGS = {"body": {"stream": ["a", "b"]}, "end": {"hang_after": 400}}


def use(gateway: libgateway.Gateway, answers: Any) -> None:
    """What a child does with a gateway of its parent's: each use is refused at once."""
    said = []
    for call in (
        lambda: gateway.chat("acme", HELLO),
        lambda: next(gateway.chat_stream("acme", HELLO)),
        gateway.stats,
        gateway.close,
        lambda: asyncio.run(libgateway.AsyncGateway.stats(gateway)),  # type: ignore[arg-type]
    ):
        try:
            call()
            said.append("nothing")
        except libgateway.ForkedError as error:
            said.append(error.code)
    answers.put(said)


def open_own(store: str, answers: Any) -> None:
    with libgateway.Gateway(store=store, master_key="0" * 64) as gateway:
        gateway.create_tenant("acme", provider={"kind": "mock", "reply": "Hi"})
        answers.put(gateway.chat("acme", HELLO).text)


@FORKS
def test_a_fork_is_told_at_once_that_the_gateway_is_its_parents(gateway: libgateway.Gateway) -> None:
    stream = gateway.chat_stream("acme", HELLO)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=use, args=(gateway, answers))
    child.start()
    child.join(30)
    assert (child.exitcode, answers.get()) == (0, ["forked"] * 5)
    # The child's end has ended nothing of the parent's.
    assert list(stream)
    assert gateway.chat("acme", HELLO).text


@FORKS
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_opens_a_gateway_of_its_own(
    gateway: libgateway.Gateway, tmp_path: pathlib.Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.chat("acme", HELLO)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "python"), str(ROOT / "python" / "tests")]))
    context: Any = multiprocessing.get_context(method)
    answers = context.SimpleQueue()
    child = context.Process(target=open_own, args=(f"sqlite:{tmp_path / 'child.db'}", answers))
    child.start()
    child.join(60)
    assert (child.exitcode, answers.get()) == (0, "Hi")


APPLICATION = """
import os
import libgateway

gateway = libgateway.Gateway(store=os.environ["STORE"], master_key="0" * 64)
gateway.create_tenant("acme", provider={"kind": "mock", "reply": "Hi"})
preloaded = os.getpid()

def application(environ, start_response):
    global gateway, preloaded
    try:
        text = gateway.chat("acme", model="m", messages=[]).text
    except libgateway.ForkedError as error:
        # What a worker does in its post_fork hook, or when it is told.
        text, gateway = error.code, libgateway.Gateway(store=os.environ["STORE"], master_key="0" * 64)
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"{os.getpid()} {text}".encode()]
"""


def test_gunicorn_preloads_an_application_with_a_gateway(tmp_path: pathlib.Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(tmp_path)]),
        "STORE": f"sqlite:{tmp_path / 'gateway.db'}",
    }
    path = tmp_path / "gunicorn.sock"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--preload",
        "--workers=2",
        f"--bind=unix:{path}",
        "--no-control-socket",
    ]
    server = subprocess.Popen([*command, "app:application"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        said = [ask(server, path) for _ in range(12)]
    finally:
        server.terminate()
        _, log = server.communicate(timeout=60)
    assert {text for _, text in said} == {"forked", "Hi"}, log
    assert server.returncode == 0, log


def ask(server: subprocess.Popen[bytes], path: pathlib.Path) -> tuple[int, str]:
    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(30)
            self.sock.connect(str(path))

    deadline = time.monotonic() + 60
    while True:
        connection = Connection("localhost")
        try:
            connection.request("GET", "/")
            answer = connection.getresponse().read().decode()
            pid, _, text = answer.partition(" ")
            assert pid.isdigit(), answer
            return int(pid), text
        except (FileNotFoundError, ConnectionError):
            assert time.monotonic() < deadline
            assert server.poll() is None
            # There is no event that says when a server listens.
            time.sleep(0.05)
        finally:
            connection.close()


#: How an interpreter ends in the middle of something.
ENDINGS = {
    "an open gateway": "pass",
    "a half-read stream": "stream = gateway.chat_stream('acme', HELLO); next(stream)",
    "a stream nobody has read": "stream = gateway.chat_stream('acme', HELLO)",
    "a stream in a cycle": "stream = gateway.chat_stream('acme', HELLO); stream.me = stream; del stream",
    "an iterator within a generator": """
def read():
    yield from gateway.chat_stream('acme', HELLO)
reader = read()
next(reader)
""",
    "a thread that reads": """
import contextlib
stream = gateway.chat_stream('acme', HELLO)
def read():
    with contextlib.suppress(libgateway.ClosedError):
        list(stream)
threading.Thread(target=read, daemon=True).start()
time.sleep(0.1)  # So that it waits, which nothing tells.
""",
    "threads that wait for answers": """
for _ in range(4):
    threading.Thread(target=lambda: gateway.chat('acme', model='hangs', messages=[]), daemon=True).start()
time.sleep(0.1)  # As above.
""",
    "sys.exit with a stream on the stack": """
with gateway.chat_stream('acme', HELLO) as stream:
    for chunk in stream:
        sys.exit(0)
""",
    "an event loop that was abandoned": """
import asyncio
import http.client
async def main():
    global other, stream
    other = await libgateway.AsyncGateway(store="sqlite::memory:", network={"private": "allow"})
    await other.create_tenant("acme", provider={"kind": "openai", "base_url": sys.argv[1] + "/v1", "api_key": "k"})
    stream = await other.chat_stream("acme", HELLO)
    await anext(stream)
    task = asyncio.ensure_future(other.chat("acme", model="hangs", messages=[]))
    await asyncio.sleep(0.05)  # So that the call has begun, which nothing tells.
asyncio.run(main())
""",
    "a closed gateway with open streams": """
streams = [gateway.chat_stream('acme', HELLO) for _ in range(3)]
next(streams[0])
gateway.close()
try:
    list(streams[1])
except libgateway.GatewayError as error:
    print(error.code)
""",
    "an atexit hook that calls": """
import atexit
atexit.register(lambda: print(gateway.stats()["in_flight"]))
stream = gateway.chat_stream('acme', HELLO)
""",
    "messages to logging": """
libgateway.log_to(level=10)
stream = gateway.chat_stream('acme', HELLO); next(stream)
""",
    "os._exit": "stream = gateway.chat_stream('acme', HELLO); next(stream); os._exit(0)",
}


@pytest.fixture
def upstream_of_its_own() -> Iterator[Upstream]:
    """Nobody else's connections are counted."""
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interpreter_ends_well(upstream_of_its_own: Upstream, tmp_path: pathlib.Path, ending: str) -> None:
    """It neither hangs nor crashes nor complains, and the upstream sees its clients leave."""
    upstream = upstream_of_its_own
    upstream.load(fallback=[{"match": {"model": "hangs"}, "before_headers": "hang"}, HANGS])
    source = PRELUDE + textwrap.dedent(ENDINGS[ending])
    run_program(source, upstream.url, f"sqlite:{tmp_path / 'g.db'}", timeout=30)
    upstream.wait(connections=1)


def test_traces_are_written_when_an_interpreter_ends(upstream: Upstream, tmp_path: pathlib.Path) -> None:
    """Even with a recorder that is in no hurry and a gateway that nobody closes."""
    store = f"sqlite:{tmp_path / 'g.db'}"
    source = """
    import sys, libgateway
    gateway = libgateway.Gateway(store=sys.argv[2], master_key="0" * 64, network={"private": "allow"},
        recorder={"flush_ms": 60000})
    gateway.create_tenant("acme", provider={"kind": "openai", "base_url": sys.argv[1] + "/v1", "api_key": "k"})
    gateway.chat("acme", model="gpt-4o", messages=[])
    """
    run_program(source, upstream.url, store)
    with libgateway.Gateway(store=store, master_key="0" * 64) as gateway:
        assert gateway.stats()["recovery"]["persisted"] == 0
        assert len(gateway.list_traces("acme")["traces"]) == 1


def test_a_process_does_not_grow_with_its_calls() -> None:
    """Few of them; `make soak-python` makes 200,000."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, str(ROOT / "python" / "tests" / "soak.py"), "4000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
