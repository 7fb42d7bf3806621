"""The only process that opens uploaded archives. One entry, then it waits for a line.

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

from backend.media.documents import caption_files

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".avif"}
ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".xz", ".bz2"}
_PIECE = 1 << 20
_BOMB_RATIO = 200
_NO_ARCHIVE = "This is no ZIP archive the studio can read, or it is damaged ({}). Pack it anew."


class Refused(Exception):
    """The whole archive is refused; the sentence says why."""


class _Damaged(Exception):
    """One member cannot be unpacked; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A caption as read, or why it is none."""

    caption: str = ""
    note: str = ""
    reason: str = ""


def main() -> None:
    question = json.loads(sys.stdin.readline())
    try:
        with zipfile.ZipFile(question["archive"]) as archive:
            for answer in walk(archive, question):
                _say(answer)
                if not sys.stdin.readline():
                    return
        _say({"end": True})
    except Refused as error:
        _say({"refused": str(error)})
    except MemoryError:
        _say({"refused": "Opening this archive needs too much memory. Upload the pictures in smaller archives."})
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _say({"disk_full": str(error)})
        else:
            _say({"refused": _NO_ARCHIVE.format(str(error)[:80])})
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        _say({"refused": _NO_ARCHIVE.format(str(error)[:80])})


def walk(archive: zipfile.ZipFile, question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer for each picture, and one for each text that became no caption. Raises Refused for the whole archive."""
    infos = archive.infolist()
    _check(infos, question)
    left = int(question["max_total_bytes"])
    ours = any(info.filename == "manifest.json" for info in infos)
    meant = [info for info in infos if info.filename and not info.is_dir() and not _ignored(info.filename, ours=ours)]
    texts: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in meant:
        if caption_files.is_caption(info.filename):
            texts.setdefault(caption_files.key(info.filename), {})[info.filename] = info
    pictures = [info for info in meant if not caption_files.is_caption(info.filename)]
    if not meant:
        raise Refused("There are no pictures in this archive. Pack the pictures themselves, then upload it again.")
    keys = {caption_files.key(info.filename) for info in pictures}
    alone = [name for key, names in texts.items() if key not in keys for name in names]
    about = {"total": len(pictures) + len(alone), "folders": _folders(pictures)}
    used: set[str] = set()
    tried: dict[str, _Text] = {}
    for number, info in enumerate(pictures):
        reason = _why_not(info, question)
        target = Path(question["out"]) / f"{number:06d}{PurePosixPath(info.filename).suffix.lower()[:8]}"
        if not reason:
            taken, reason = _extract(archive, info, target, min(int(question["max_file_bytes"]), left))
            left -= taken
        beside = texts.get(caption_files.key(info.filename), {})
        text = _Text()
        if name := caption_files.pick(info.filename, beside):
            text = tried[name] = tried.get(name) or _caption(archive, beside[name])
            used.add(name)
        answer = {"name": _shown(info.filename), "path": "" if reason else str(target), "reason": reason}
        yield answer | {"caption": text.caption or None, "note": text.note} | about
    refused = {name: text.reason for name, text in tried.items() if text.reason}
    refused |= {name: caption_files.SECOND for names in texts.values() for name in names if name not in used}
    refused |= dict.fromkeys(alone, caption_files.NO_PICTURE)
    for name, reason in refused.items():
        yield {"name": _shown(name), "path": "", "reason": reason, "caption": None, "note": ""} | about


def _folders(pictures: list[zipfile.ZipInfo]) -> list[str]:
    """Every folder that holds pictures, at most 100."""
    return sorted({_shown(str(PurePosixPath(info.filename.replace("\\", "/")).parent)) for info in pictures})[:100]


def _check(infos: list[zipfile.ZipInfo], question: dict[str, Any]) -> None:
    if len(infos) > question["max_entries"]:
        raise Refused(f"The archive has {len(infos):,} entries; at most {question['max_entries']:,}. Pack only the pictures.")
    if any(info.flag_bits & 1 for info in infos):
        raise Refused("The archive is locked with a password. Pack it without one.")
    total = sum(info.file_size for info in infos)
    packed = max(1, Path(question["archive"]).stat().st_size)
    if total > question["max_total_bytes"] or (total > 64 << 20 and total > packed * _BOMB_RATIO):
        raise Refused(f"Unpacked, the archive would have {total >> 20:,} MB. Pack fewer pictures at a time.")


def _ignored(name: str, *, ours: bool) -> bool:
    """What systems put into archives by themselves, what trainers keep there, masks in a ZIP of `ours`."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts or path.name.lower() in {"thumbs.db", "desktop.ini"}
    return hidden or (ours and path.parts[:1] == ("masks",)) or path.suffix.lower() in {".json", ".npz"}


def _why_not(info: zipfile.ZipInfo, question: dict[str, Any]) -> str:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return "Its name points outside the archive. Pack it anew with plain folder names."
    if info.external_attr >> 28 == 0xA:
        return "It is a link to another file, not a picture. Pack the picture itself."
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return "Archives inside archives are not opened. Unpack it first."
    if not path.name:
        return "It has no name. Pack it anew with plain names."
    if suffix and suffix not in PICTURES:  # without an ending its content tells what it is
        return f"{suffix} is no picture format the studio takes."
    if info.file_size > question["max_file_bytes"]:
        return f"The file has {info.file_size >> 20} MB; at most {question['max_file_bytes'] >> 20} MB a picture."
    return ""


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> tuple[int, str]:
    """(bytes written, reason): what the archive says of sizes is not believed."""
    written = 0
    try:
        with target.open("wb") as file:
            for piece in _pieces(archive, info):
                written += len(piece)
                if written > most:
                    target.unlink()
                    return written, "It unpacks to more than it says or than is allowed. Pack it anew."
                file.write(piece)
    except _Damaged as error:
        target.unlink(missing_ok=True)
        return written, str(error)
    return written, ""


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member unpacks to. Raises _Damaged: whatever its decoder meets costs this member alone."""
    try:
        with archive.open(info) as source:
            while piece := source.read(_PIECE):
                yield piece
    except MemoryError:
        raise _Damaged("Unpacking it needs too much memory. Pack it anew, as a plain ZIP.") from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError, struct.error):
        raise _Damaged("It is damaged inside the archive. Pack it anew.") from None


def _caption(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Text:
    data = b""
    try:
        for piece in _pieces(archive, info):
            data += piece
            if len(data) > caption_files.LONGEST_BYTES:
                return _Text(reason=caption_files.TOO_LONG)
        caption, note = caption_files.read(data)
    except (_Damaged, caption_files.Unreadable) as error:
        return _Text(reason=str(error))
    return _Text(caption, note)


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("\x00", "")


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
