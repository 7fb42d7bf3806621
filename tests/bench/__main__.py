"""`python -m tests.bench [name …]`: runs the named modules of this folder, or all, and prints one JSON object each."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef run() -> " in path.read_text("utf-8"))


def main(chosen: list[str]) -> int:
    available = names()
    if unknown := set(chosen) - set(available):
        sys.stderr.write(f"no bench named {', '.join(sorted(unknown))}; there are: {', '.join(available)}\n")
        return 2
    for name in chosen or available:
        figures = importlib.import_module(f"tests.bench.{name}").run()
        sys.stdout.write(json.dumps({"name": name, **figures}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
