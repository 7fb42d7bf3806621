"""Where sd-scripts are installed, which python runs them, which card there is, and which checkpoints can be trained."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from backend.engines.image.port import ModelCard
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.media.model_files import checkpoints
from backend.settings import Settings, foreign_environment

NEEDED = ("torch", "accelerate", "transformers", "diffusers", "safetensors", "toml", "voluptuous", "tensorboard")
OLDEST = (3, 10)
SIDES = {"sd15": 512, "sdxl": 1024}
_PROBE = """
import sys, json
said = {"python": list(sys.version_info[:3])}
if sys.version_info >= (3, 10):
    from importlib import metadata, util
    said["missing"] = [name for name in sys.argv[1:] if util.find_spec(name) is None]
    said["torch"] = "" if "torch" in said["missing"] else metadata.version("torch")
    said["bitsandbytes"] = util.find_spec("bitsandbytes") is not None
print(json.dumps(said))
"""
_PROBE_S = 20.0
_FRESH_S, _MISSING_S = 30.0, 3.0
"""How long what was found is taken as it was; what was missing is looked for again soon: somebody is putting it right."""
_SMI = ("--query-gpu=index,memory.total,compute_cap", "--format=csv,noheader,nounits")
_TITLES = {"flux": "a FLUX", "sd21": "a Stable Diffusion 2"}


@dataclass(frozen=True, slots=True)
class Python:
    """What the python of sd-scripts has. `torch`: its version."""

    path: Path
    torch: str
    bitsandbytes: bool


@dataclass(frozen=True, slots=True)
class Card:
    """`name`: cuda:N, cpu, mps. `vram_mb`: 0: a processor. `precision`: no, fp16, bf16."""

    name: str
    vram_mb: int
    precision: str


class Home:
    """One installation, as `settings` name it. What it says is kept for half a minute."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = threading.Lock()
        self._probed: tuple[float, Python | EngineUnavailable] | None = None
        self._listed: tuple[float, list[tuple[ModelCard, Path]]] | None = None
        self._families: dict[Path, tuple[int, int, str]] = {}

    @property
    def folder(self) -> Path:
        """Raises EngineUnavailable with what to do."""
        folder = self._settings.kohya_dir
        if folder is None:
            raise EngineUnavailable("KOHYA_DIR is not set. Set it to the folder of kohya's sd-scripts.")
        if not (folder / "train_network.py").is_file() or not (folder / "sdxl_train_network.py").is_file():
            raise EngineUnavailable(
                "KOHYA_DIR has no train_network.py and sdxl_train_network.py. Set it to the folder of kohya's sd-scripts."
            )
        return folder.absolute()

    def python(self) -> Python:
        """Raises EngineUnavailable with what to do."""
        with self._guard:
            missed = self._probed is not None and isinstance(self._probed[1], EngineUnavailable)
            if self._probed is None or time.monotonic() - self._probed[0] > (_MISSING_S if missed else _FRESH_S):
                try:
                    found: Python | EngineUnavailable = self._probe()
                except EngineUnavailable as missing:
                    found = missing
                self._probed = time.monotonic(), found
            if isinstance(self._probed[1], EngineUnavailable):
                raise EngineUnavailable(self._probed[1].message)
            return self._probed[1]

    def cards(self) -> list[tuple[ModelCard, Path]]:
        """Every checkpoint that can be trained and its file; the default model first, then by name."""
        with self._guard:
            if self._listed is None or time.monotonic() - self._listed[0] > _FRESH_S:
                self._listed = time.monotonic(), self._list()
            return self._listed[1]

    def find(self, name: str) -> tuple[ModelCard, Path]:
        """Raises Unsupported or Rejected with what is wrong with the checkpoint called `name`."""
        with self._guard:
            self._listed = None  # a file may have been copied just now
        known = dict((card.name, (card, path)) for card, path in self.cards())
        if name in known:
            return known[name]
        path = next((found for found in self._files() if found[0] == name), (name, None))[1]
        if path is None:
            raise Unsupported(
                f"There is no checkpoint {name!r} to train on. Copy it into KOHYA_MODELS_DIR, or choose another model."
            )
        family = checkpoints.family(path)
        if not family and not _readable(path):
            raise Rejected(f"The checkpoint file {name!r} is broken or cut off. Copy it again, then start the training again.")
        what = _TITLES.get(family, "neither a Stable Diffusion 1.5 nor an XL")
        raise Unsupported(f"{name!r} is {what} checkpoint. Only Stable Diffusion 1.5 and XL can be trained here.")

    def card(self, device: str) -> Card:
        """The one to train on. KOHYA_VRAM_GB wins over what the driver says of its memory."""
        wish = device or self._settings.engine_device
        cards = _nvidia() if wish in {"auto", "cuda"} or wish.startswith("cuda:") else {}
        if wish == "auto":
            wish = "cuda" if cards else "cpu"
        kind, _, number = wish.partition(":")
        if kind != "cuda":
            return Card(wish, 0, "no")
        number = number or next(iter(cards), "0")
        memory, compute = cards.get(number, (12 * 1024, 0.0))  # of a card that the driver does not tell of
        wanted = self._settings.kohya_vram_gb * 1024
        return Card(f"cuda:{number}", wanted or memory, "bf16" if compute >= 8 else "fp16")

    def _probe(self) -> Python:
        folder = self.folder
        path = self._python_path(folder)
        install = f"Run `{path} -m pip install -r requirements.txt` in KOHYA_DIR."
        try:
            asked = subprocess.run(
                [path, "-c", _PROBE, *NEEDED],
                cwd=folder,
                env=foreign_environment(),
                capture_output=True,
                timeout=_PROBE_S,
                check=True,
            )
            said = json.loads(asked.stdout)
            version = tuple(int(part) for part in said["python"])
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as broken:
            raise EngineUnavailable(
                "KOHYA_PYTHON does not start as a python. Set it to the python of the environment of sd-scripts "
                "(usually venv/bin/python in KOHYA_DIR)."
            ) from broken
        if version < OLDEST:
            raise EngineUnavailable(
                f"KOHYA_PYTHON is Python {version[0]}.{version[1]}; sd-scripts need 3.10 or newer. "
                "Set it to the python of the environment of sd-scripts."
            )
        if missing := said["missing"]:
            raise EngineUnavailable(f"The python of sd-scripts lacks {', '.join(missing)}. {install}")
        return Python(path, said["torch"], said["bitsandbytes"])

    def _python_path(self, folder: Path) -> Path:
        if wish := self._settings.kohya_python:
            found = wish if wish.is_absolute() else folder / wish
            if not found.is_file():
                found = Path(shutil.which(str(wish)) or found)
        else:
            found = next((p for p in (folder / "venv/bin/python", folder / ".venv/bin/python") if p.is_file()), Path())
        if not found.is_file():
            raise EngineUnavailable(
                "There is no python for sd-scripts. Set KOHYA_PYTHON to the python of their environment, "
                "or make one at venv in KOHYA_DIR."
            )
        return found.absolute()  # not resolved: a link into an environment is what makes it that environment

    def _list(self) -> list[tuple[ModelCard, Path]]:
        found = [(_model_card(name, base), path) for name, path in self._files() if (base := self._family(path)) in SIDES]
        return sorted(found, key=lambda pair: (pair[0].name != self._settings.default_model, pair[0].name))

    def _files(self) -> list[tuple[str, Path]]:
        """(name, file): the name is ComfyUI's, relative with slashes."""
        settings = self._settings
        folders = [Path(part.strip()) / "checkpoints" for part in settings.comfyui_models_dir.split(",") if part.strip()]
        if settings.kohya_models_dir:
            folders = [settings.kohya_models_dir]
        found: dict[str, Path] = {}
        for folder in folders:
            for path in sorted(folder.glob("**/*.safetensors")):
                found.setdefault(path.relative_to(folder).as_posix(), path.absolute())
        return list(found.items())

    def _family(self, path: Path) -> str:
        try:
            stat = path.stat()
        except OSError:
            return ""
        mtime, size, family = self._families.get(path, (0, 0, ""))
        if (mtime, size) != (stat.st_mtime_ns, stat.st_size):
            family = _trainable(path)
            self._families[path] = stat.st_mtime_ns, stat.st_size, family
        return family


def _trainable(path: Path) -> str:
    """An inpainting checkpoint has other first layers: the scripts cannot load it."""
    family = checkpoints.family(path)
    return "" if family and checkpoints.inspect(path).inpainting else family


def _readable(path: Path) -> bool:
    from backend.errors import Invalid
    from backend.media.model_files import safetensors

    try:
        safetensors.header(path)
    except (OSError, Invalid):
        return False
    return True


def _model_card(name: str, base: str) -> ModelCard:
    side = SIDES[base]
    title = name.removesuffix(".safetensors")
    return ModelCard(name, title, base, side, 64, ("ddim",), "ddim", 30, 7.0, trainable=True, longest_px=2 * side, features=())


def _nvidia() -> dict[str, tuple[int, float]]:
    """Number of each card -> (memory in MB, compute capability)."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return {}
    try:
        asked = subprocess.run([program, *_SMI], capture_output=True, text=True, timeout=_PROBE_S, check=True)
        rows = [[cell.strip() for cell in line.split(",")] for line in asked.stdout.splitlines() if line.count(",") == 2]
        return {number: (int(float(memory)), float(compute)) for number, memory, compute in rows}
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
