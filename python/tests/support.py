"""What tests stand on: the mock upstream as a program, stores of both kinds, programs run apart."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from typing import Any, cast

from libgateway.types import ProviderConfig

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"

MASTER_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
HELLO: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
#: What the mock says without a script.
PERSONA = "Hello! This is the mock upstream, answering as gpt-4o."

#: What every gateway of the tests is opened with, as the fixtures demand.
CONFIG: dict[str, Any] = {
    "network": {"private": "allow"},
    "timeouts": {"connect_ms": 2000, "first_byte_ms": 10000, "idle_ms": 10000, "total_ms": 30000},
    "retry": {"max_attempts": 3, "base_ms": 1, "max_ms": 5},
    "recorder": {"flush_ms": 10},
    "master_key": MASTER_KEY,
}


class Upstream:
    """A mock upstream. It ends with its standard input, and so with whoever started it."""

    def __init__(self) -> None:
        command = [str(BUILT / "upstream"), "--stdin-guard"]
        self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._program.stdout is not None
        self.url: str = json.loads(self._program.stdout.readline())["url"]

    def load(self, queue: Any = None, fallback: Any = None) -> None:
        scripts = {name: value for name, value in (("queue", queue), ("fallback", fallback)) if value is not None}
        self.control("POST", "scripts", scripts)

    def requests(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.control("GET", "requests")["requests"])

    def wait(self, timeout_ms: int = 20_000, **what: int) -> Any:
        """Waits for `requests=N`, `ended=SEQ`, `closed=SEQ` or `connections=N`."""
        return self.control("POST", "wait", {**what, "timeout_ms": timeout_ms})

    def stats(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.control("GET", "stats"))

    def reset(self) -> None:
        self.control("POST", "reset", {})

    def control(self, method: str, what: str, body: Any = None) -> Any:
        host = self.url.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
            connection.request(method, f"/__upstream/{what}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            text = response.read()
        assert response.status == 200, f"{what}: {response.status} {text!r}"
        return json.loads(text)

    def provider(self) -> ProviderConfig:
        return {"kind": "openai", "base_url": f"{self.url}/v1", "api_key": "sk-test"}

    def close(self) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(30)
        self._program.stdout.close()


class Postgres:
    """A PostgreSQL server, and a database of its own for each test."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        name = f"gateway_test_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        address, _, query = self._url.partition("?")
        try:
            yield f"{address.rpartition('/')[0]}/{name}?{query}"
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        subprocess.run([_psql(), "--no-psqlrc", "--quiet", self._url, "--command", statement], check=True, timeout=60)


def _psql() -> str:
    """Debian keeps the programs of PostgreSQL off the PATH, but for a few."""
    directories = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("psql") or shutil.which("psql", path=os.pathsep.join(map(str, directories)))
    assert found, "psql is missing; run .ci/need postgres"
    return found


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """The server that is there already, or one that lives as long as the tests."""
    if given := os.environ.get("LIBGATEWAY_TEST_POSTGRES"):
        yield Postgres(given)
        return
    script = subprocess.Popen(
        [ROOT / "tests" / "postgres.sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert script.stdin is not None
    assert script.stdout is not None
    url = script.stdout.readline().strip()
    assert url, "PostgreSQL for the tests did not start"
    try:
        yield Postgres(url)
    finally:
        script.stdin.close()
        script.wait(60)
        script.stdout.close()


def run_program(source: str, *arguments: str, timeout: float = 60, warnings: str = "error") -> str:
    """Runs a program of its own to its end, and gives what it printed. It must end well and complain about nothing."""
    command = [sys.executable, "-X", "dev", "-W", warnings, "-c", textwrap.dedent(source), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
