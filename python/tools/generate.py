"""Writes what of the package is made from something else: the types from include/gateway.schema.json, and the methods for
asyncio from those that wait. With `--check` it fails when a file is stale."""

import pathlib
import sys

from asyncify import asyncified
from typed_dicts import typed_dicts

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "libgateway"
SCHEMA = ROOT / "include" / "gateway.schema.json"


def main() -> int:
    made = {
        PACKAGE / "types.py": typed_dicts(SCHEMA.read_text(encoding="utf-8")),
        PACKAGE / "_async_operations.py": asyncified((PACKAGE / "_operations.py").read_text(encoding="utf-8")),
    }
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is stale: run `make gen` and commit the result", file=sys.stderr)
        else:
            path.write_text(made[path], encoding="utf-8")
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
