"""The only process that opens uploaded archives. It sends one entry, then waits for a line on stdin before the next.

`python -m backend.media.documents.zip_child`.
"""

from __future__ import annotations

import errno
import json
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from backend.language import stored, tr_lazy
from backend.media.documents import caption_files

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".avif"}
ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".xz", ".bz2"}
_CHUNK_BYTES = 1 << 20
_BOMB_RATIO = 200


class ArchiveRefused(Exception):
    """The whole archive is refused; the message says why."""


class _Damaged(Exception):
    """One member cannot be unpacked; the message says why."""


@dataclass(frozen=True, slots=True)
class _CaptionText:
    """A caption file's text and note, or the reason why it is refused."""

    caption: str = ""
    note: str = ""
    reason: str = ""


def main() -> None:
    request = json.loads(sys.stdin.readline())
    try:
        with zipfile.ZipFile(request["archive"]) as archive:
            for answer in walk(archive, request):
                _send(answer | {"reason": stored(answer["reason"]), "note": stored(answer["note"])})
                if not sys.stdin.readline():
                    return
        _send({"end": True})
    except ArchiveRefused as error:
        _send({"refused": stored(error.args[0])})
    except MemoryError:
        message = tr_lazy("Opening this archive needs too much memory. Upload the pictures in smaller archives.")
        _send({"refused": stored(message)})
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _send({"disk_full": str(error)})
        else:
            _send({"refused": stored(_no_archive(error))})
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        _send({"refused": stored(_no_archive(error))})


def _no_archive(error: Exception) -> str:
    return tr_lazy(
        "This is not a ZIP that the studio can read, or it is damaged ({error}). Pack it again.", error=str(error)[:80]
    )


def walk(archive: zipfile.ZipFile, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One answer for each picture and for each unused text file. Raises ArchiveRefused."""
    infos = archive.infolist()
    _check_limits(infos, request)
    remaining_bytes = int(request["max_total_bytes"])
    own_export = any(info.filename == "manifest.json" for info in infos)
    files = [
        info for info in infos if info.filename and not info.is_dir() and not _is_ignored(info.filename, own_export=own_export)
    ]
    texts: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in files:
        if caption_files.is_caption(info.filename):
            texts.setdefault(caption_files.match_key(info.filename), {})[info.filename] = info
    pictures = [info for info in files if not caption_files.is_caption(info.filename)]
    if not files:
        raise ArchiveRefused(
            tr_lazy("There are no pictures in this archive. Pack the pictures themselves, then upload it again.")
        )
    keys = {caption_files.match_key(info.filename) for info in pictures}
    unmatched = [name for key, names in texts.items() if key not in keys for name in names]
    common = {"total": len(pictures) + len(unmatched), "folders": _picture_folders(pictures)}
    used_names: set[str] = set()
    captions: dict[str, _CaptionText] = {}
    for n, info in enumerate(pictures):
        reason = _refusal_reason(info, request)
        target = Path(request["out"]) / f"{n:06d}{PurePosixPath(info.filename).suffix.lower()[:8]}"
        if not reason:
            size, reason = _extract(archive, info, target, min(int(request["max_file_bytes"]), remaining_bytes))
            remaining_bytes -= size
        candidates = texts.get(caption_files.match_key(info.filename), {})
        text = _CaptionText()
        if name := caption_files.pick_caption(info.filename, candidates):
            text = captions[name] = captions.get(name) or _read_caption(archive, candidates[name])
            used_names.add(name)
        answer = {"name": _display_name(info.filename), "path": "" if reason else str(target), "reason": reason}
        yield answer | {"caption": text.caption or None, "note": text.note} | common
    refused = {name: text.reason for name, text in captions.items() if text.reason}
    refused |= {name: caption_files.DUPLICATE for names in texts.values() for name in names if name not in used_names}
    refused |= dict.fromkeys(unmatched, caption_files.NO_PICTURE)
    for name, reason in refused.items():
        yield {"name": _display_name(name), "path": "", "reason": reason, "caption": None, "note": ""} | common


def _picture_folders(pictures: list[zipfile.ZipInfo]) -> list[str]:
    """Every folder that holds pictures, at most 100."""
    return sorted({_display_name(str(PurePosixPath(info.filename.replace("\\", "/")).parent)) for info in pictures})[:100]


def _check_limits(infos: list[zipfile.ZipInfo], request: dict[str, Any]) -> None:
    if len(infos) > request["max_entries"]:
        raise ArchiveRefused(
            tr_lazy(
                "The archive has {n:,} entries; at most {most:,}. Pack only the pictures.",
                n=len(infos),
                most=request["max_entries"],
            )
        )
    if any(info.flag_bits & 1 for info in infos):
        raise ArchiveRefused(tr_lazy("The archive is locked with a password. Pack it without one."))
    total = sum(info.file_size for info in infos)
    packed = max(1, Path(request["archive"]).stat().st_size)
    if total > request["max_total_bytes"] or (total > 64 << 20 and total > packed * _BOMB_RATIO):
        raise ArchiveRefused(
            tr_lazy("Unpacked, the archive would have {mb:,} MB. Pack fewer pictures at a time.", mb=total >> 20)
        )


def _is_ignored(name: str, *, own_export: bool) -> bool:
    """Files that operating systems and trainers add, and masks in our own exports (`own_export`)."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts or path.name.lower() in {"thumbs.db", "desktop.ini"}
    return hidden or (own_export and path.parts[:1] == ("masks",)) or path.suffix.lower() in {".json", ".npz"}


def _refusal_reason(info: zipfile.ZipInfo, request: dict[str, Any]) -> str:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return tr_lazy("Its name points outside the archive. Pack it again with plain folder names.")
    if info.external_attr >> 28 == 0xA:
        return tr_lazy("It is a link to another file, not a picture. Pack the picture itself.")
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return tr_lazy("Archives inside archives are not opened. Unpack it first.")
    if not path.name:
        return tr_lazy("It has no name. Pack it again with plain names.")
    if suffix and suffix not in PICTURES:  # without an ending its content tells what it is
        return tr_lazy("The studio does not accept {suffix} pictures.", suffix=suffix)
    if info.file_size > request["max_file_bytes"]:
        return tr_lazy(
            "The file has {mb} MB; at most {most} MB a picture.", mb=info.file_size >> 20, most=request["max_file_bytes"] >> 20
        )
    return ""


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, max_bytes: int) -> tuple[int, str]:
    """(bytes written, reason why it was refused or ""). Counts bytes itself, because sizes in the archive may be wrong."""
    written = 0
    try:
        with target.open("wb") as file:
            for chunk in _chunks(archive, info):
                written += len(chunk)
                if written > max_bytes:
                    target.unlink()
                    return written, tr_lazy("It unpacks to more than it says or than is allowed. Pack it again.")
                file.write(chunk)
    except _Damaged as error:
        target.unlink(missing_ok=True)
        return written, error.args[0]
    return written, ""


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's bytes, unpacked. Any decoder error becomes _Damaged, so that only this member is refused."""
    try:
        with archive.open(info) as source:
            while chunk := source.read(_CHUNK_BYTES):
                yield chunk
    except MemoryError:
        raise _Damaged(tr_lazy("Unpacking it needs too much memory. Pack it again, as a plain ZIP.")) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError, struct.error):
        raise _Damaged(tr_lazy("It is damaged inside the archive. Pack it again.")) from None


def _read_caption(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _CaptionText:
    data = b""
    try:
        for chunk in _chunks(archive, info):
            data += chunk
            if len(data) > caption_files.MAX_BYTES:
                return _CaptionText(reason=caption_files.TOO_LONG)
        caption, note = caption_files.read_caption(data)
    except (_Damaged, caption_files.UnreadableCaption) as error:
        return _CaptionText(reason=error.args[0])
    return _CaptionText(caption, note)


def _display_name(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("\x00", "")


def _send(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
