"""The installation of sd-scripts: its folder, its python, the device, and the base models that can be trained."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from backend.engines.ports.image import ModelCard
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.model_files import checkpoints
from backend.settings import Settings, foreign_environment

REQUIRED_PACKAGES = ("torch", "accelerate", "transformers", "diffusers", "safetensors", "toml", "voluptuous", "tensorboard")
MIN_PYTHON = (3, 10)
SIDES = {"sd15": 512, "sdxl": 1024}
_PROBE = """
import sys, json
report = {"python": list(sys.version_info[:3])}
if sys.version_info >= (3, 10):
    from importlib import metadata, util
    report["missing"] = [name for name in sys.argv[1:] if util.find_spec(name) is None]
    report["torch"] = "" if "torch" in report["missing"] else metadata.version("torch")
    report["bitsandbytes"] = util.find_spec("bitsandbytes") is not None
print(json.dumps(report))
"""
_PROBE_S = 20.0
_FRESH_S, _MISSING_S = 30.0, 3.0
"""Cache times. A missing part is looked for again soon, as somebody may be installing it."""
_SMI = ("--query-gpu=index,memory.total,compute_cap", "--format=csv,noheader,nounits")
_TITLES = {"flux": "a FLUX", "sd21": "a Stable Diffusion 2"}


@dataclass(frozen=True, slots=True)
class PythonInfo:
    """The python that runs sd-scripts. `torch`: its version."""

    path: Path
    torch: str
    bitsandbytes: bool


@dataclass(frozen=True, slots=True)
class TrainingDevice:
    """`name`: cuda:N, cpu, mps. `vram_mb` 0: a CPU. `precision`: no, fp16, bf16."""

    name: str
    vram_mb: int
    precision: str


class KohyaInstall:
    """The installation that `settings` name. Results are cached for half a minute."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._probe_result: tuple[float, PythonInfo | EngineUnavailable] | None = None
        self._listing: tuple[float, list[tuple[ModelCard, Path]]] | None = None
        self._families: dict[Path, tuple[int, int, str]] = {}

    @property
    def folder(self) -> Path:
        """Raises EngineUnavailable with what to do."""
        folder = self._settings.engines.kohya.folder
        if folder is None:
            raise EngineUnavailable(tr_lazy("KOHYA_DIR is not set. Set it to the folder of kohya's sd-scripts."))
        if not (folder / "train_network.py").is_file() or not (folder / "sdxl_train_network.py").is_file():
            raise EngineUnavailable(
                tr_lazy(
                    "KOHYA_DIR has no train_network.py and sdxl_train_network.py. Set it to the folder of kohya's sd-scripts."
                )
            )
        return folder.absolute()

    def python(self) -> PythonInfo:
        """Raises EngineUnavailable with what to do."""
        with self._lock:
            was_missing = self._probe_result is not None and isinstance(self._probe_result[1], EngineUnavailable)
            if self._probe_result is None or time.monotonic() - self._probe_result[0] > (
                _MISSING_S if was_missing else _FRESH_S
            ):
                try:
                    result: PythonInfo | EngineUnavailable = self._probe()
                except EngineUnavailable as error:
                    result = error
                self._probe_result = time.monotonic(), result
            if isinstance(self._probe_result[1], EngineUnavailable):
                raise EngineUnavailable(self._probe_result[1].message)
            return self._probe_result[1]

    def cards(self) -> list[tuple[ModelCard, Path]]:
        """Every base model that can be trained, with its file; the default model first, then by name."""
        with self._lock:
            if self._listing is None or time.monotonic() - self._listing[0] > _FRESH_S:
                self._listing = time.monotonic(), self._list()
            return self._listing[1]

    def find(self, name: str) -> tuple[ModelCard, Path]:
        """The base model called `name`. Raises Unsupported or Rejected with what is wrong with it."""
        with self._lock:
            self._listing = None  # a file may have been copied just now
        cards_by_name = dict((card.name, (card, path)) for card, path in self.cards())
        if name in cards_by_name:
            return cards_by_name[name]
        path = next((entry for entry in self._files() if entry[0] == name), (name, None))[1]
        if path is None:
            raise Unsupported(
                tr_lazy(
                    "There is no checkpoint {name} to train on. Copy it into KOHYA_MODELS_DIR, or choose another model.",
                    name=repr(name),
                )
            )
        family = checkpoints.checkpoint_family(path)
        if not family and not _readable(path):
            raise Rejected(
                tr_lazy(
                    "The checkpoint file {name} is broken or cut off. Copy it again, then start the training again.",
                    name=repr(name),
                )
            )
        model_kind = _TITLES.get(family, "neither a Stable Diffusion 1.5 nor an XL")
        raise Unsupported(
            tr_lazy(
                "{name} is {model_kind} checkpoint. Only Stable Diffusion 1.5 and XL can be trained here.",
                name=repr(name),
                model_kind=model_kind,
            )
        )

    def device(self, device: str) -> TrainingDevice:
        """The device to train on. KOHYA_VRAM_GB overrides the memory that the driver reports."""
        name = device or self._settings.engines.local.device
        gpus = _nvidia_gpus() if name in {"auto", "cuda"} or name.startswith("cuda:") else {}
        if name == "auto":
            name = "cuda" if gpus else "cpu"
        kind, _, number = name.partition(":")
        if kind != "cuda":
            return TrainingDevice(name, 0, "no")
        number = number or next(iter(gpus), "0")
        memory, compute = gpus.get(number, (12 * 1024, 0.0))  # for a GPU that the driver does not list
        override_mb = self._settings.engines.kohya.vram_gb * 1024
        return TrainingDevice(f"cuda:{number}", override_mb or memory, "bf16" if compute >= 8 else "fp16")

    def _probe(self) -> PythonInfo:
        folder = self.folder
        path = self._python_path(folder)
        install_hint = f"Run `{path} -m pip install -r requirements.txt` in KOHYA_DIR."
        try:
            completed = subprocess.run(
                [path, "-c", _PROBE, *REQUIRED_PACKAGES],
                cwd=folder,
                env=foreign_environment(),
                capture_output=True,
                timeout=_PROBE_S,
                check=True,
            )
            probed = json.loads(completed.stdout)
            version = tuple(int(part) for part in probed["python"])
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
            raise EngineUnavailable(
                tr_lazy(
                    "KOHYA_PYTHON does not start as a python. Set it to the python of the environment of sd-scripts "
                    "(usually venv/bin/python in KOHYA_DIR)."
                )
            ) from error
        if version < MIN_PYTHON:
            raise EngineUnavailable(
                tr_lazy(
                    "KOHYA_PYTHON is Python {version}.{other_version}; sd-scripts need 3.10 or newer. Set it to the "
                    "python of the environment of sd-scripts.",
                    version=version[0],
                    other_version=version[1],
                )
            )
        if missing := probed["missing"]:
            raise EngineUnavailable(
                tr_lazy(
                    "The python of sd-scripts lacks {missing}. {install_hint}",
                    missing=", ".join(missing),
                    install_hint=install_hint,
                )
            )
        return PythonInfo(path, probed["torch"], probed["bitsandbytes"])

    def _python_path(self, folder: Path) -> Path:
        if configured := self._settings.engines.kohya.python:
            python = configured if configured.is_absolute() else folder / configured
            if not python.is_file():
                python = Path(shutil.which(str(configured)) or python)
        else:
            python = next(
                (path for path in (folder / "venv/bin/python", folder / ".venv/bin/python") if path.is_file()), Path()
            )
        if not python.is_file():
            raise EngineUnavailable(
                tr_lazy(
                    "There is no python for sd-scripts. Set KOHYA_PYTHON to the python of their environment, or make "
                    "one at venv in KOHYA_DIR."
                )
            )
        return (
            python.absolute()
        )  # not resolved: a virtual environment's python is a link, and its path is what selects the environment

    def _list(self) -> list[tuple[ModelCard, Path]]:
        cards = [(_model_card(name, base), path) for name, path in self._files() if (base := self._family(path)) in SIDES]
        return sorted(cards, key=lambda pair: (pair[0].name != self._settings.engines.local.default_model, pair[0].name))

    def _files(self) -> list[tuple[str, Path]]:
        """(name, file) of every checkpoint; the name is relative with slashes, as ComfyUI has it."""
        settings = self._settings
        folders = [
            Path(part.strip()) / "checkpoints" for part in settings.engines.comfyui.models_dir.split(",") if part.strip()
        ]
        if settings.engines.kohya.models_dir:
            folders = [settings.engines.kohya.models_dir]
        paths_by_name: dict[str, Path] = {}
        for folder in folders:
            for path in sorted(folder.glob("**/*.safetensors")):
                paths_by_name.setdefault(path.relative_to(folder).as_posix(), path.absolute())
        return list(paths_by_name.items())

    def _family(self, path: Path) -> str:
        try:
            stat = path.stat()
        except OSError:
            return ""
        mtime, size, family = self._families.get(path, (0, 0, ""))
        if (mtime, size) != (stat.st_mtime_ns, stat.st_size):
            family = _trainable_family(path)
            self._families[path] = stat.st_mtime_ns, stat.st_size, family
        return family


def _trainable_family(path: Path) -> str:
    """The model family, "" for inpainting checkpoints too: their first layer differs and the scripts cannot load it."""
    family = checkpoints.checkpoint_family(path)
    return "" if family and checkpoints.inspect(path).inpainting else family


def _readable(path: Path) -> bool:
    from backend.errors import Invalid
    from backend.media.model_files import safetensors

    try:
        safetensors.read_header(path)
    except (OSError, Invalid):
        return False
    return True


def _model_card(name: str, base: str) -> ModelCard:
    side = SIDES[base]
    title = name.removesuffix(".safetensors")
    return ModelCard(name, title, base, side, 64, ("ddim",), "ddim", 30, 7.0, trainable=True, longest_px=2 * side, features=())


def _nvidia_gpus() -> dict[str, tuple[int, float]]:
    """GPU number -> (memory in MB, compute capability)."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return {}
    try:
        completed = subprocess.run([program, *_SMI], capture_output=True, text=True, timeout=_PROBE_S, check=True)
        rows = [[cell.strip() for cell in line.split(",")] for line in completed.stdout.splitlines() if line.count(",") == 2]
        return {number: (int(float(memory)), float(compute)) for number, memory, compute in rows}
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
