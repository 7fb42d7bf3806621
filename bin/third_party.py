"""Writes the tables of packages in THIRD_PARTY.md from what is installed; a test compares the two.

Pinned packages with their versions; what they bring along by name and licence alone, because its versions are not ours to say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "THIRD_PARTY.md"
RUN, DEV = ("requirements-torch.txt", "requirements.txt"), ("requirements-dev.txt",)
[LOCK] = ROOT.glob("studio/**/package-lock.json")
BEGIN, END = "<!-- packages: written by bin/third_party.py -->", "<!-- end of packages -->"

_NAMED = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""How packages without a licence expression say it -> SPDX."""
_READ = {
    "dicebear-styles": "MIT (code); each style its own, see below",
    "resvg-py": "MIT; resvg in it Apache-2.0 OR MIT",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0; PDFium in it BSD-3-Clause and others",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
"""Read in the package's licence file, where its metadata says nothing or not enough."""


def pins(files: tuple[str, ...]) -> dict[str, Requirement]:
    """Canonical name -> requirement, of the lines that name a package."""
    lines = (line.partition("#")[0].strip() for file in files for line in (ROOT / file).read_text().splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {str(canonicalize_name(one.name)): one for one in found}


def node_packages() -> list[tuple[str, ...]]:
    """(name, version, licence) of what npm installs for the checks of the browser code; builds for one system each left out."""
    packages = json.loads(LOCK.read_text())["packages"].items()
    wanted = [(path.removeprefix("node_modules/"), told) for path, told in packages if path and not told.get("optional")]
    return [(name, told["version"], told["license"]) for name, told in sorted(wanted)]


def version(requirement: Requirement) -> str:
    [pin] = requirement.specifier
    return pin.version


def licence(name: str) -> str:
    """SPDX where the package's metadata allows it."""
    if name in _READ:
        return _READ[name]
    told = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    classifiers = [line.rpartition("::")[2].strip() for line in told.get_all("Classifier") or [] if line.startswith("License")]
    words = str(told.get("License") or "").strip()
    if words and words != "UNKNOWN" and "\n" not in words and len(words) < 60:
        return _NAMED.get(words, words)
    named = [_NAMED.get(one, one) for one in classifiers if one != "OSI Approved"]
    return " OR ".join(named) or "not said"


def closure(roots: dict[str, Requirement]) -> set[str]:
    """What is installed because of `roots`, on this machine and with their extras; the roots too."""
    seen: dict[str, set[str]] = {}
    waiting = list(roots.values())
    while waiting:
        wanted = waiting.pop()
        name = str(canonicalize_name(wanted.name))
        extras = seen.get(name, set()) | set(wanted.extras)
        if seen.get(name) == extras:
            continue
        seen[name] = extras
        waiting += _needed(name, extras)
    return set(seen)


def _needed(name: str, extras: set[str]) -> Iterator[Requirement]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def tables() -> str:
    run, dev = pins(RUN), pins(DEV)
    by_licence: dict[str, list[str]] = {}
    for name in sorted(closure(run) - set(run)):
        by_licence.setdefault(licence(name), []).append(name)
    brought = [(said, ", ".join(names)) for said, names in sorted(by_licence.items())]
    parts = (
        _table("What the studio runs on", ("Package", "Version", "Licence"), _rows(run)),
        _table("For tests and checks only", ("Package", "Version", "Licence"), _rows(dev)),
        _table("For checks of the browser code (npm)", ("Package", "Version", "Licence"), node_packages()),
        _table("Brought along by those the studio runs on", ("Licence", "Packages"), brought),
    )
    return "\n\n".join((BEGIN, *parts, END))


def _rows(found: dict[str, Requirement]) -> list[tuple[str, ...]]:
    return [(name, version(requirement), licence(name)) for name, requirement in sorted(found.items())]


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join([f"### {title}", "", _line(head), _line(["---"] * len(head)), *map(_line, rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    text = PAPER.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.stderr.write(f"{PAPER.name} has no place for the tables: two lines {BEGIN} and {END}.\n")
        return 1
    PAPER.write_text(head + tables() + tail)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
