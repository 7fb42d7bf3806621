"""Whether an uploaded LoRA can be drawn with: looked at in a child with limits, renamed to kohya's layout where that is all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Invalid
from backend.kit import child

ROOT = Path(__file__).resolve().parents[3]
_MEMORY_MB, _CPU_S, _LONGEST_S = 1024, 120, 300
"""The child may use so much, the file it maps into memory not counted; then it is ended."""
_DIED = "This file cannot be checked: opening it needs too much memory or time. Export the LoRA again and upload that."


@dataclass(frozen=True, slots=True)
class Checked:
    """A LoRA in kohya's layout. `path`: the file itself, or the renamed copy. `base`: the family it fits.

    `dim`, `alpha`: the commonest pair. `converted_from`: the layout it came in, as people call it; "" when it was kohya's.
    `sha256` of the file as it came. `note`: what else to know, as a sentence.
    """

    path: Path
    base: str
    dim: int
    alpha: float
    converted_from: str
    sha256: str
    note: str


def check(path: Path, out: Path) -> Checked:
    """Never parses it in this process. `out`: where a renamed copy may be written. Raises Invalid with a sentence."""
    proc = child.spawn(
        [sys.executable, "-m", "backend.media.model_files.lora_check_child"], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        memory_mb=_MEMORY_MB + (path.stat().st_size >> 20), cpu_s=_CPU_S, nofile=64, nice=5,
    )  # fmt: skip
    assert proc.stdin is not None
    try:
        proc.stdin.write(json.dumps({"path": str(path), "out": str(out)}).encode() + b"\n")
        for waited, answer in enumerate(child.json_lines(proc, every_s=1.0, on_other=lambda _: None)):
            if answer and "reason" in answer:
                raise Invalid(answer["reason"])
            if answer:
                return Checked(Path(answer.pop("path")), **answer)
            if waited >= _LONGEST_S:
                break
    except BrokenPipeError:
        pass  # it died at once: the sentence below covers it
    finally:
        child.stop(proc, grace_s=0)
    raise Invalid(_DIED)
