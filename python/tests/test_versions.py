"""Every CPython on the machine from 3.10 on loads the one native module."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from support import ROOT

PROGRAM = """
import asyncio, sys, libgateway

with libgateway.Gateway(store="sqlite::memory:") as gateway:
    gateway.create_tenant("acme", provider={"kind": "mock", "reply": "Hi"})
    assert gateway.chat("acme", model="m", messages=[]).text == "Hi"
    assert [chunk for chunk in gateway.chat_stream("acme", model="m", messages=[])]

async def main():
    async with libgateway.AsyncGateway(store="sqlite::memory:") as gateway:
        await gateway.create_tenant("acme", provider={"kind": "mock", "reply": "Hi"})
        assert (await gateway.chat("acme", model="m", messages=[])).text == "Hi"
        assert [chunk async for chunk in gateway.chat_stream("acme", model="m", messages=[])]

asyncio.run(main())
print(sys.version_info[1])
"""


def interpreters() -> dict[int, str]:
    """Those that run, by their minor version; version managers leave programs on the PATH that do not."""
    found = {sys.version_info[1]: sys.executable}
    for minor in range(10, 15):
        path = shutil.which(f"python3.{minor}")
        roots = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        versions = os.path.join(roots, "versions")
        managed = sorted(os.listdir(versions)) if os.path.isdir(versions) else []
        paths = [
            path,
            *(os.path.join(versions, name, "bin", "python3") for name in managed if name.startswith(f"3.{minor}.")),
        ]
        for one in filter(None, paths):
            if (
                minor not in found
                and subprocess.run([one, "-c", "import ssl"], capture_output=True, check=False).returncode == 0
            ):
                found[minor] = one
    return found


def test_every_interpreter_of_the_machine_loads_the_module() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    for minor, interpreter in interpreters().items():
        command = [interpreter, "-W", "error", "-c", PROGRAM]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{minor}\n", ""), interpreter
