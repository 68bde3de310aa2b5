"""What is handed out, a wheel and an sdist: looked into, installed where there is nothing else, used as the README shows.

python handed_out.py FOLDER          with the wheel; `make test-wheel` runs it
python handed_out.py FOLDER sdist    with the sdist, which compiles everything
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST = 8 * 2**20
#: What is published has the dashboard.
DASHBOARD = """
import libgateway, urllib.request
with libgateway.Gateway(store="sqlite::memory:") as gateway, gateway.serve(address="127.0.0.1:0") as server:
    page = urllib.request.urlopen(f"{server.url}/dashboard", timeout=10)
    assert page.headers["content-type"].startswith("text/html"), page.headers
"""


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    look_into_wheel(wheel)
    look_into_sdist(sdist)
    with tempfile.TemporaryDirectory() as directory:
        install_and_use(sdist if "sdist" in sys.argv else wheel, pathlib.Path(directory))
    print(f"{wheel.name}: {wheel.stat().st_size / 2**20:.1f} MiB, installed, and the README's examples ran")


def look_into_wheel(wheel: pathlib.Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "-cp310-abi3-" in wheel.name, wheel.name
    assert wheel.stat().st_size <= LARGEST, f"{wheel.stat().st_size} bytes"
    assert not [name for name in names if name.endswith((".pth", ".pyc"))]
    package = {name.removeprefix("libgateway/") for name in names if name.startswith("libgateway/")}
    assert package >= {"__init__.py", "_native.abi3.so", "_native.pyi", "py.typed", "types.py"}, package
    licences = {pathlib.PurePath(name).name for name in names if "/licenses/" in name}
    assert licences == {"LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-NOTICES.md"}, licences
    others = [name for name in names if not name.startswith(("libgateway/", "libgateway-"))]
    assert not others, others


def look_into_sdist(sdist: pathlib.Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"Cargo.lock", "core/src/lib.rs", "core/migrations/portable/0001_control.sql", "PKG-INFO"}
    assert not [name for name in names if name.endswith(".so")]


def install_and_use(package: pathlib.Path, directory: pathlib.Path) -> None:
    venv.create(directory / "env", with_pip=True)
    python = directory / "env" / "bin" / "python"
    requirements = (ROOT / "python" / "tests" / "requirements.txt").read_text(encoding="utf-8")
    # What the examples import beside the package.
    others = re.findall(r"^(?:fastapi|httpx|openai|pandas)==.*$", requirements, re.MULTILINE)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(package.resolve()), *others], check=True)
    readme = (ROOT / "python" / "README.md").read_text(encoding="utf-8")
    for example in re.findall(r"^```python\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE):
        subprocess.run([python, "-I", "-W", "error", "-c", example], check=True, cwd=directory, timeout=60)
    subprocess.run([python, "-I", "-W", "error", "-c", DASHBOARD], check=True, timeout=60)
    took = import_time(python, "pass"), import_time(python, "import libgateway")
    print(f"import libgateway: {(took[1] - took[0]) * 1000:.0f} ms")


def import_time(python: pathlib.Path, program: str) -> float:
    """The best of several runs of an interpreter, in seconds."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run([python, "-I", "-c", program], check=True)
        return time.perf_counter() - began

    return min(once() for _ in range(15))


if __name__ == "__main__":
    main()
