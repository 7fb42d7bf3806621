"""What can be made to go wrong with the fake sd-scripts: written as `faults.json` beside the scripts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "faults.json"


@dataclass(frozen=True)
class Faults:
    """Everything off: a healthy, quick program. Times are seconds, steps count from 1, 0: never."""

    step_s: float = 0.0
    """How long a step takes (2-20 s on a processor)."""
    load_s: float = 0.0
    """Of silence while the model is loaded (kohya.md, 4: 10-60 s without any `steps:` line)."""
    write_s: float = 0.0
    """How long a checkpoint is half written (kohya.md, 5: written in place)."""
    nan_at: int = 0
    """From this step on the loss is NaN; it goes on and ends with rc 0 and NaN tensors (kohya.md, 7)."""
    nan_quietly: bool = False
    """NaN in the tensors alone, at the end: every loss looks well."""
    oom_at: int = 0
    """CUDA runs out of memory: rc 1 and a traceback (kohya.md, 7)."""
    killed_at: int = 0
    """The system kills it: no word, rc -9."""
    stuck_at: int = 0
    """It never says anything again; -1: already while loading."""
    no_file: bool = False
    """rc 0 without a final file."""
    no_data: bool = False
    """It finds no pictures: rc 0 and no file (kohya.md, 7)."""
    no_tokenizer: bool = False
    """Offline without the CLIP tokenizer: rc 1, TypeError (kohya.md, 1)."""
    module_missing: str = ""
    """ModuleNotFoundError of this name."""
    no_events: bool = False
    """No TensorBoard event files."""
    disk_full_at: int = 0
    """OSError 28 while the checkpoint of this step is written; what there is of it stays."""

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Faults:
        return cls(**json.loads((folder / FILE).read_text()))
