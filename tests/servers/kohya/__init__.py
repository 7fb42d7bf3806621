"""A folder of sd-scripts that behave as the real ones were measured (docs/contracts/kohya.md) and train nothing.

`install(folder)` makes one; `python train_network.py …` in it prints the real lines and writes files of the real names. The
weights it "learns" are the number of steps behind them, so that a test sees whether a resumed run went on or began anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.servers.kohya.faults import Faults

_ROOT = Path(__file__).resolve().parents[3]
_SCRIPT = """import sys
sys.path.insert(0, {root!r})
from tests.servers.kohya.program import main
main({base!r})
"""


def install(folder: Path, **faults: object) -> Path:
    """A KOHYA_DIR. Its python is the one of the tests; packages of sd-scripts' own that it lacks are empty ones here."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, base in (("train_network.py", "sd15"), ("sdxl_train_network.py", "sdxl")):
        (folder / name).write_text(_SCRIPT.format(root=str(_ROOT), base=base))
    for package in ("toml", "tensorboard", "bitsandbytes"):
        (folder / f"{package}.py").write_text("")
    (folder / "requirements.txt").write_text("accelerate==1.6.0\n")
    set_faults(folder, **faults)
    return folder


def set_faults(folder: Path, **faults: object) -> None:
    Faults(**faults).write(folder)  # type: ignore[arg-type]


PYTHON = Path(sys.executable)
