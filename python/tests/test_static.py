"""What tools say of the package: form, lints, types, and that the native module is what its stub says."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
from support import ROOT

PYTHON = ROOT / "python"

#: Each must find nothing.
CHECKS = {
    "ruff_format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "mypy": ["mypy", "libgateway", "tools", "tests"],
    "stubtest": ["mypy.stubtest", "libgateway._native", "--mypy-config-file", "pyproject.toml"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", CHECKS)
def test_a_tool_finds_nothing(check: str) -> None:
    run(*CHECKS[check])


@pytest.mark.timeout(300)
def test_a_users_code_is_clean_in_strict_pyright(tmp_path: pathlib.Path) -> None:
    settings = {
        "include": [str(PYTHON / "tests" / "usage.py")],
        "extraPaths": [str(PYTHON)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.10",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    run("basedpyright", "--project", str(tmp_path), "--pythonpath", sys.executable)


@pytest.mark.parametrize(
    "mistake", ['gateway.chat("acme", options={"user": "u"})', 'gateway.list_traces("acme", limt=1)']
)
def test_a_users_mistake_is_seen(mistake: str, tmp_path: pathlib.Path) -> None:
    """The types would be worth little if they took anything."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        f"import libgateway\n\n\ndef use(gateway: libgateway.Gateway) -> None:\n    {mistake}\n", encoding="utf-8"
    )
    assert tool("mypy", "--strict", str(wrong)).returncode == 1


def run(module: str, *arguments: str) -> None:
    done = tool(module, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MYPYPATH": str(PYTHON)}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=PYTHON, capture_output=True, text=True, check=False, env=environment)
