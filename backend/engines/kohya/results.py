"""Files written by sd-scripts: which are complete, their cleaned metadata, and states packed into one file."""

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
from backend.language import tr_lazy
from backend.media.model_files import safetensors

_STEP = re.compile(rf"{NAME}-step(\d{{8}})\.safetensors")
_SAMPLE = re.compile(rf"{NAME}_(\d{{6}})_(\d{{2}})_\d{{14}}(?:_-?\d+)?\.png")
_ALLOWED_METADATA = {
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
_OPTIONAL_STATE_FILES = {"scaler.pt"}
_STATE_INFO_FILE = "studio.json"
_MAX_STATE_FILE_BYTES = 1 << 32


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A sample picture. `step` as the scripts count; `n`: number of the prompt."""

    step: int
    n: int
    path: Path


def checkpoints(folder: Path) -> dict[int, Path]:
    """Step as the scripts count -> file, without the final one. A file may be incomplete: see `is_complete`."""
    return {int(match[1]): path for path in folder.glob(f"{NAME}-step*") if (match := _STEP.fullmatch(path.name))}


def final_file(folder: Path) -> Path:
    return folder / f"{NAME}.safetensors"


def state_folder(folder: Path, step: int) -> Path:
    return folder / f"{NAME}-step{step:08d}-state"


def samples(folder: Path) -> list[SampleFile]:
    """Completely written sample pictures, in order."""
    sample_files = [
        SampleFile(int(match[1]), int(match[2]), path)
        for path in (folder / "sample").glob("*.png")
        if (match := _SAMPLE.fullmatch(path.name)) and _is_whole_picture(path)
    ]
    return sorted(sample_files, key=lambda sample: (sample.step, sample.n, sample.path.name))


def is_complete(path: Path) -> bool:
    """Whether a safetensors file is complete: sd-scripts write it in place (docs/contracts/kohya.md, 5)."""
    try:
        tensors, _ = safetensors.read_header(path)
    except (OSError, Invalid):
        return False
    return bool(tensors)


def publish(path: Path, target: Path, defaults: Mapping[str, str], overrides: Mapping[str, str]) -> None:
    """Copies a LoRA to `target`, atomically, with metadata that reveals no pictures, captions or folders.

    `defaults` are added where the file's own metadata has no value; `overrides` replace it.
    """
    with path.open("rb") as source:
        (length,) = struct.unpack("<Q", source.read(8))
        header = json.loads(source.read(length))
        own_metadata = {key: str(value) for key, value in header.pop("__metadata__", {}).items() if key in _ALLOWED_METADATA}
        metadata = dict(sorted({**defaults, **own_metadata, **overrides}.items()))
        header_bytes = json.dumps({"__metadata__": metadata, **header}, separators=(",", ":")).encode()
        header_bytes += b" " * (-len(header_bytes) % 8)
        target.parent.mkdir(parents=True, exist_ok=True)
        part_path = target.with_name(target.name + ".part")
        with part_path.open("wb") as file:
            file.write(struct.pack("<Q", len(header_bytes)) + header_bytes)
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    part_path.chmod(0o644)  # sd-scripts write 0600: a ComfyUI of another user could not read it
    part_path.replace(target)


def has_state(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _STATE_FILES)


def pack_state(folder: Path, target: Path, info: Mapping[str, Any]) -> None:
    """Packs a state folder into one file, atomically. `info`: what `read_state` returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part_path = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part_path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_STATE_INFO_FILE, json.dumps(info))
        for name in sorted(_STATE_FILES | _OPTIONAL_STATE_FILES):
            if (folder / name).is_file():
                archive.write(folder / name, name)
    part_path.replace(target)


def read_state(path: Path) -> dict[str, Any]:
    """The `info` it was packed with. Raises Rejected when it is broken or was not made by this trainer."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = json.loads(archive.read(_STATE_INFO_FILE))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise Rejected(_BROKEN_STATE_MESSAGE) from error
    if not isinstance(info, dict):
        raise Rejected(_BROKEN_STATE_MESSAGE)
    return info


def unpack_state(path: Path, folder: Path) -> Path:
    """Unpacks a state into the new `folder`. Raises Rejected when a part is broken, missing or too large."""
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in _STATE_FILES | (_OPTIONAL_STATE_FILES & set(archive.namelist())):
                if archive.getinfo(name).file_size > _MAX_STATE_FILE_BYTES:
                    raise Rejected(_BROKEN_STATE_MESSAGE)
                with archive.open(name) as source, (folder / name).open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Rejected(_BROKEN_STATE_MESSAGE) from error
    return folder


_BROKEN_STATE_MESSAGE = tr_lazy(
    "The saved state is broken, or another trainer wrote it. Continue the run from its last version, or start it again."
)


def is_black(path: Path) -> bool:
    """Whether a picture is completely black, as after NaN."""
    with Image.open(path) as picture:
        return picture.convert("L").getextrema()[1] == 0


def _is_whole_picture(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True
