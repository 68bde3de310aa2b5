"""The surface as a whole: every operation has its method, both gateways have the same, and nothing happens at import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from support import ROOT, run_program

import libgateway
from libgateway import _native


def methods(kind: type[Any]) -> dict[str, inspect.Signature]:
    public = {name: one for name, one in inspect.getmembers(kind, callable) if not name.startswith("_")}
    return {name: inspect.signature(one) for name, one in public.items()}


@pytest.mark.parametrize("kind", [libgateway.Gateway, libgateway.AsyncGateway])
def test_every_operation_has_a_method(kind: type[Any]) -> None:
    missing = set(_native.OPERATIONS) - set(methods(kind))
    assert not missing, f"add methods to python/libgateway/_operations.py, and run `make gen`: {sorted(missing)}"
    helpers = {"call", "iter_traces", "iter_tenants", "asgi", "serve"}
    others = {name for name in set(methods(kind)) - set(_native.OPERATIONS) if not name.startswith("httpx_")}
    assert others == helpers, "a method that is neither an operation nor named here"


@pytest.mark.parametrize(
    ("waiting", "awaiting"),
    [(libgateway.Gateway, libgateway.AsyncGateway), (libgateway.Provider, libgateway.AsyncProvider)],
)
def test_both_kinds_have_the_same_methods(waiting: type[Any], awaiting: type[Any]) -> None:
    one, other = methods(waiting), methods(awaiting)
    assert set(one) == set(other)
    assert {name: str(sign.parameters) for name, sign in one.items()} == {
        name: str(sign.parameters) for name, sign in other.items()
    }


def test_a_provider_has_what_calls_a_providers_models() -> None:
    calls = {"chat", "chat_stream", "responses", "responses_stream", "embeddings"}
    assert set(methods(libgateway.Provider)) == calls


def test_generated_files_are_fresh() -> None:
    generate = [sys.executable, str(ROOT / "python" / "tools" / "generate.py"), "--check"]
    done = subprocess.run(generate, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_the_workspaces() -> None:
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{libgateway.__version__}"\n' in manifest


def test_importing_does_nothing() -> None:
    """No thread, no file, no network, and nothing of asyncio or httpx."""
    printed = run_program(
        """
        import sys, threading
        opened = []
        sys.addaudithook(lambda event, args: opened.append((event, args)) if event.startswith("socket") or (
            event == "open" and args[1] not in ("r", "rb", None)) else None)
        import libgateway
        import os
        print(threading.active_count(), len(os.listdir("/proc/self/task")), opened)
        names = ("asyncio", "logging", "httpx", "httpx2", "openai", "pydantic", "pandas", "polars")
        print([name for name in names if name in sys.modules])
        """
    )
    assert printed == "1 1 []\n[]\n"
