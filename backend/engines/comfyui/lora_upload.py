"""Copies LoRA files into a server's models folder under content-derived names: never overwritten, never half written."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from backend.engines.comfyui import server_urls
from backend.errors import EngineError, Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.model_files import safetensors
from backend.settings import Settings

FOLDER = "studio"


def models_dir(settings: Settings, url: str) -> Path | None:
    """The server's models folder as this machine sees it: COMFYUI_MODELS_DIR, one for all or one each in the URLs' order."""
    folders = [part.strip() for part in settings.engines.comfyui.models_dir.split(",") if part.strip()]
    if not folders:
        return None
    index = server_urls.urls(settings).index(url)
    if len(folders) == 1:
        return Path(folders[0])
    return Path(folders[index]) if index < len(folders) else None


def copy_to_server(settings: Settings, url: str, lora: Path, title: str) -> str:
    """Copies the file unless it is there, and returns the server's name for it.

    Names are content hashes because the server caches by name: a changed file under an old name would give the old picture.
    Raises Unsupported, Rejected, EngineError with a sentence.
    """
    with lora.open("rb") as file:
        name = f"{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}.safetensors"
    models = models_dir(settings, url)
    if models is None:
        raise Unsupported(
            tr_lazy(
                "The LoRA {title} cannot be brought to ComfyUI at {name}. Set COMFYUI_MODELS_DIR to its models folder "
                "as this machine sees it, or create without LoRAs.",
                title=repr(title),
                name=server_urls.name(url),
            )
        )
    target = models / "loras" / FOLDER / name
    if not target.is_file():
        if not safetensors.all_finite(lora):  # the server would draw a black picture and blame the model
            raise Rejected(
                tr_lazy(
                    "The LoRA {title} holds numbers that are not finite: its training went wrong. Train it again.",
                    title=repr(title),
                )
            )
        _copy(lora, target, url)
    return f"{FOLDER}/{name}"


def _copy(lora: Path, target: Path, url: str) -> None:
    part_path = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.parent.chmod(0o755)
        shutil.copyfile(lora, part_path)
        part_path.chmod(0o644)  # the server may be another user
        part_path.replace(target)
    except OSError as error:
        with suppress(OSError):  # the folder itself may be missing
            part_path.unlink()
        raise EngineError(
            tr_lazy(
                "The LoRA could not be copied to the models folder of ComfyUI at {name} ({strerror}). Check that "
                "COMFYUI_MODELS_DIR is there, that it can be written, and that its disk has room.",
                name=server_urls.name(url),
                strerror=str(error.strerror),
            )
        ) from error
