"""The files that sd-scripts write: which are whole, what may stay in their headers, and a state as one file."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.kohya.arguments import NAME
from backend.errors import Invalid, Rejected
from backend.media.model_files import safetensors

_STEP = re.compile(rf"{NAME}-step(\d{{8}})\.safetensors")
_SAMPLE = re.compile(rf"{NAME}_(\d{{6}})_(\d{{2}})_\d{{14}}(?:_-?\d+)?\.png")
_KEPT = {
    "ss_v2",
    "ss_base_model_version",
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    "ss_network_args",
    "ss_steps",
    "sshs_model_hash",
    "sshs_legacy_hash",
    "modelspec.sai_model_spec",
    "modelspec.architecture",
    "modelspec.implementation",
    "modelspec.resolution",
    "modelspec.prediction_type",
}
"""Everything else is dropped: captions (ss_tag_frequency), folders (ss_dataset_dirs, ss_datasets), names of files
(ss_sd_model_name, ss_output_name, modelspec.title), who and when (ss_session_id, ss_training_…, modelspec.date), free text
(ss_training_comment, modelspec.description)."""
_STATE_FILES = {"model.safetensors", "optimizer.bin", "scheduler.bin", "random_states_0.pkl", "train_state.json"}
_STATE_ALSO = {"scaler.pt"}
_ABOUT = "studio.json"
_MOST = 1 << 32


@dataclass(frozen=True, slots=True)
class SampleFile:
    """`step` as the scripts count; `n`: number of the prompt."""

    step: int
    n: int
    path: Path


def checkpoints(folder: Path) -> dict[int, Path]:
    """Step as the scripts count -> file; not the final one. A file may still be growing: see `whole`."""
    return {int(match[1]): path for path in folder.glob(f"{NAME}-step*") if (match := _STEP.fullmatch(path.name))}


def final(folder: Path) -> Path:
    return folder / f"{NAME}.safetensors"


def state_folder(folder: Path, step: int) -> Path:
    return folder / f"{NAME}-step{step:08d}-state"


def samples(folder: Path) -> list[SampleFile]:
    """Pictures drawn so far that are written to their end, in order."""
    found = [
        SampleFile(int(match[1]), int(match[2]), path)
        for path in (folder / "sample").glob("*.png")
        if (match := _SAMPLE.fullmatch(path.name)) and _drawn(path)
    ]
    return sorted(found, key=lambda one: (one.step, one.n, one.path.name))


def whole(path: Path) -> bool:
    """Whether a safetensors file is written to its end: it is written in place (docs/contracts/kohya.md, 5)."""
    try:
        tensors, _ = safetensors.header(path)
    except (OSError, Invalid):
        return False
    return bool(tensors)


def publish(path: Path, target: Path, added: Mapping[str, str], sure: Mapping[str, str]) -> None:
    """Copies a LoRA to `target`, whole or not at all, with a header that says nothing of pictures, captions or folders.

    `added`: what is known here; the file's own words count more. `sure`: counts more than those.
    """
    with path.open("rb") as source:
        (length,) = struct.unpack("<Q", source.read(8))
        table = json.loads(source.read(length))
        said = {key: str(value) for key, value in table.pop("__metadata__", {}).items() if key in _KEPT}
        kept = dict(sorted({**added, **said, **sure}.items()))
        head = json.dumps({"__metadata__": kept, **table}, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        with part.open("wb") as file:
            file.write(struct.pack("<Q", len(head)) + head)
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    part.chmod(0o644)  # theirs are 0600: a ComfyUI of another user could not read them
    part.replace(target)


def has_state(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _STATE_FILES)


def pack_state(folder: Path, target: Path, about: Mapping[str, Any]) -> None:
    """A state folder as one file, whole or not at all. `about`: what `read_state` gives back."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_ABOUT, json.dumps(about))
        for name in sorted(_STATE_FILES | _STATE_ALSO):
            if (folder / name).is_file():
                archive.write(folder / name, name)
    part.replace(target)


def read_state(path: Path) -> dict[str, Any]:
    """What was said when it was packed. Raises Rejected when it is broken or was not made by this trainer."""
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read(_ABOUT))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as broken:
        raise Rejected(_NO_STATE) from broken
    if not isinstance(about, dict):
        raise Rejected(_NO_STATE)
    return about


def unpack_state(path: Path, folder: Path) -> Path:
    """Its files in the new `folder`. Raises Rejected when a part is broken or missing."""
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in _STATE_FILES | (_STATE_ALSO & set(archive.namelist())):
                if archive.getinfo(name).file_size > _MOST:
                    raise Rejected(_NO_STATE)
                with archive.open(name) as source, (folder / name).open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except (OSError, KeyError, zipfile.BadZipFile) as broken:
        raise Rejected(_NO_STATE) from broken
    return folder


_NO_STATE = (
    "The saved state is broken, or another trainer wrote it. Continue the run from its last checkpoint, or start it anew."
)


def black(path: Path) -> bool:
    """Whether a picture has no light in it at all: what NaN looks like."""
    with Image.open(path) as picture:
        return picture.convert("L").getextrema()[1] == 0


def _drawn(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True
