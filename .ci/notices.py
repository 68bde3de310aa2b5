#!/usr/bin/env python3
"""Writes target/THIRD-PARTY-NOTICES.md: what is linked into the libraries, and under which licences.

The texts are taken from the sources of the crates as Cargo downloaded them, and of the packages in the dashboard as npm
did. They belong to others and change with every update, so the file is made for a release and never committed.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "target" / "THIRD-PARTY-NOTICES.md"
# Written beside the dashboard's page: the npm packages that it contains.
PAGE = ROOT / "core" / "dashboard" / "dist" / "licenses.json"

# What is shipped; tests and tools are not.
SHIPPED = ["libgateway", "libgateway-ffi", "libgateway-python", "libgateway-node"]

# What the notices speak of; a build for another system links a little less or more.
TARGET = "x86_64-unknown-linux-gnu"

NOTICE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
NO_TEXT = {".rs", ".c", ".h", ".py", ".toml", ".json", ".html", ".pl", ".sh", ".js"}


def cargo(*arguments):
    command = ["cargo", *arguments, "--locked", "--all-features"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked():
    """The foreign packages that are compiled into a shipped library, by name and version.

    The tree knows what is compiled, the metadata knows where it lies: optional crates that nothing switched on are in
    the metadata too.
    """
    shipped = [option for name in SHIPPED for option in ("--package", name)]
    edges = "--edges=normal,no-proc-macro"
    tree = cargo("tree", *shipped, edges, "--prefix=none", "--format={p}", f"--target={TARGET}")
    compiled = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    packages = json.loads(cargo("metadata", "--format-version=1"))["packages"]
    foreign = (one for one in packages if one["source"] and (one["name"], f"v{one['version']}") in compiled)
    return sorted(foreign, key=lambda package: (package["name"], package["version"]))


def texts(package):
    """The licence texts in a crate's source; those of C code that it carries lie one or two folders down."""
    root = pathlib.Path(package["manifest_path"]).parent
    found = [path for pattern in ("*", "*/*", "*/*/*") for path in root.glob(pattern)]
    named = [path for path in found if path.is_file() and NOTICE.match(path.name) and path.suffix not in NO_TEXT]
    if package["license_file"]:
        named.append(root / package["license_file"])
    return sorted({path.read_text(encoding="utf-8", errors="replace").strip() for path in named} - {""})


def main():
    packages = linked()
    bundled = json.loads(PAGE.read_text(encoding="utf-8"))
    holders = {}
    lines = [
        "# Third-party notices",
        "",
        f"libgateway links {len(packages)} crates by others, and its dashboard contains {len(bundled)} npm packages. Under each "
        "licence text stand those that come with it.",
        "",
        "| crate | version | licence | authors |",
        "|---|---|---|---|",
    ]
    bare = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        authors = ", ".join(re.sub(r"\s*<[^>]*>", "", author) for author in package["authors"]) or "—"
        lines.append(f"| {package['name']} | {package['version']} | {package['license'] or 'see text'} | {authors} |")
        found = texts(package)
        for text in found:
            holders.setdefault(text, []).append(name)
        if not found:
            bare.append(f"{name} ({package['license']}, {package['repository'] or 'no repository'})")
    lines += ["", "| npm package | version | licence |", "|---|---|---|"]
    for package in bundled:
        lines.append(f"| {package['name']} | {package['version']} | {package['license']} |")
        holders.setdefault(package["text"], []).append(f"{package['name']} {package['version']}")
    if bare:
        lines += ["", "## Crates without a text of their own", "", *(f"- {one}" for one in bare)]
    for text, names in sorted(holders.items(), key=lambda item: (-len(item[1]), item[1])):
        fence = "`" * (3 + max((len(run) for run in re.findall(r"`{3,}", text)), default=0))
        lines += ["", f"## {', '.join(names)}", "", fence, text, fence]
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{OUTPUT.relative_to(ROOT)}: {len(packages)} crates, {len(bundled)} npm packages, {len(holders)} texts, {len(bare)} crates without one")


if __name__ == "__main__":
    sys.exit(main())
