"""Checks uploaded LoRAs in a child process with limits, and converts those that only need renaming to kohya's layout."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Invalid
from backend.kit import child
from backend.language import messages, tr_lazy

ROOT = Path(__file__).resolve().parents[3]
_MEMORY_MB, _CPU_S, _TIMEOUT_S = 1024, 120, 300
"""Limits of the child, besides the size of the file, which it maps into memory."""
_DIED_MESSAGE = tr_lazy(
    "This file cannot be checked: opening it needs too much memory or time. Export the LoRA again and upload that."
)


@dataclass(frozen=True, slots=True)
class CheckedLora:
    """A LoRA in kohya's layout. `path`: the file itself, or the converted copy. `base`: the model family it fits.

    `dim`, `alpha`: the most common pair. `converted_from`: its original layout; "" when it was kohya's. `sha256` of the
    uploaded file. `note`: a remark for people, or "".
    """

    path: Path
    base: str
    dim: int
    alpha: float
    converted_from: str
    sha256: str
    note: str


def check(path: Path, out: Path) -> CheckedLora:
    """`out`: where a converted copy may be written. Raises Invalid with a sentence. Nothing is parsed in this process."""
    proc = child.spawn(
        [sys.executable, "-m", "backend.media.model_files.lora_check_child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        memory_mb=_MEMORY_MB + (path.stat().st_size >> 20),
        cpu_s=_CPU_S,
        nofile=64,
        nice=5,
    )
    assert proc.stdin is not None
    try:
        proc.stdin.write(json.dumps({"path": str(path), "out": str(out)}).encode() + b"\n")
        for seconds, answer in enumerate(child.json_lines(proc, every_s=1.0, on_other=lambda _: None)):
            if answer and "reason" in answer:
                raise Invalid(messages.read(answer["reason"]))
            if answer:
                return CheckedLora(Path(answer.pop("path")), **answer)
            if seconds >= _TIMEOUT_S:
                break
    except BrokenPipeError:
        pass  # it died at once: the sentence below covers it
    finally:
        child.stop(proc, grace_s=0)
    raise Invalid(_DIED_MESSAGE)
