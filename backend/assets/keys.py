"""Keys of objects in the bucket. Every part of a key is made safe here; the name that people gave a file is kept in its row."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from backend.kit.ids import new_id

Kind = Literal["dataset", "lora", "image", "upload", "archive", "video", "audio", "reel"]
FOLDERS = ("datasets", "loras", "images", "incoming", "archives", "videos", "audio", "reels")
"""The first part of keys; the second is the workspace's id."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_THUMB = re.compile(r"\.w[0-9]+\.webp$")
_MAX_NAME = 100


def key_for(
    kind: Kind,
    *,
    tenant_id: str,
    dataset_id: str = "",
    asset_id: str = "",
    lora_id: str = "",
    job_id: str = "",
    attempt_id: str = "",
    upload_id: str = "",
    n: int = 0,
    name: str = "",
    ext: str = "",
) -> str:
    """A new key; keys are never overwritten.

    dataset: dataset_id, ext · lora: lora_id, name · image, video, audio: job_id, attempt_id, n · upload: upload_id ·
    archive: job_id, attempt_id · reel: job_id, attempt_id, name. `ext` without the dot.
    """
    match kind:
        case "dataset":
            return _join("datasets", tenant_id, dataset_id, f"{asset_id or new_id('ast')}.{ext or 'bin'}")
        case "lora":
            return _join("loras", tenant_id, lora_id, name)
        case "image":
            return _join("images", tenant_id, job_id, attempt_id, f"{n}.{ext or 'png'}")
        case "video":
            return _join("videos", tenant_id, job_id, attempt_id, f"{n}.{ext or 'mp4'}")
        case "audio":
            return _join("audio", tenant_id, job_id, attempt_id, f"{n}.{ext or 'wav'}")
        case "reel":
            return _join("reels", tenant_id, job_id, attempt_id, name)
        case "archive":
            return _join("archives", tenant_id, job_id, f"{attempt_id}.zip")
        case "upload":
            return _join("incoming", tenant_id, upload_id)


def thumb_key(key: str, width: int) -> str:
    return f"{key}.w{width}.webp"


def owner_key(key: str) -> str:
    """The key of the file itself, given its own key or that of one of its thumbnails."""
    return _THUMB.sub("", key)


def safe_name(name: str) -> str:
    """`name` in ASCII letters, digits, dot, dash and underscore, at most 100 characters with its extension kept; never empty
    and never beginning with a dot."""
    flat = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    flat = _UNSAFE.sub("_", flat.replace("/", "_")).strip("._")
    stem, dot, ext = flat.rpartition(".")
    if dot and 0 < len(ext) <= 12 and stem:
        return f"{stem[: _MAX_NAME - len(ext) - 1]}.{ext}"
    return flat[:_MAX_NAME] or "file"


def _join(*parts: str) -> str:
    return "/".join(safe_name(part) for part in parts)
