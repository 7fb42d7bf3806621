"""`python -m backend.tools.zip_child`: the only process that opens uploaded archives. One entry, then it waits for a line."""

from __future__ import annotations

import json
import sys
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".avif"}
ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".xz", ".bz2"}
_CAPTION_BYTES = 64 * 1024
_PIECE = 1 << 20
_BOMB_RATIO = 200


class Refused(Exception):
    """The whole archive is refused; the sentence says why."""


def main() -> None:
    question = json.loads(sys.stdin.readline())
    try:
        with zipfile.ZipFile(question["archive"]) as archive:
            _walk(archive, question)
        _say({"end": True})
    except Refused as error:
        _say({"refused": str(error)})
    except MemoryError:
        _say({"refused": "Opening this archive needs too much memory. Upload the pictures in smaller archives."})
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        _say({"refused": f"This is no ZIP archive the studio can read, or it is damaged ({str(error)[:80]}). Pack it anew."})


def _walk(archive: zipfile.ZipFile, question: dict[str, Any]) -> None:
    infos = archive.infolist()
    _check(infos, question)
    by_name = {info.filename: info for info in infos}
    left = int(question["max_total_bytes"])
    ours = "manifest.json" in by_name
    meant = [info for info in infos if info.filename and not info.is_dir() and not _ignored(info.filename, ours=ours)]
    for number, info in enumerate(meant):
        reason = _why_not(info, question)
        target = Path(question["out"]) / f"{number:06d}{PurePosixPath(info.filename).suffix.lower()[:8]}"
        if not reason:
            taken, reason = _extract(archive, info, target, min(int(question["max_file_bytes"]), left))
            left -= taken
        caption = "" if reason else _caption(archive, by_name, info.filename)
        answer = {"name": _shown(info.filename), "path": "" if reason else str(target), "caption": caption or None}
        _say(answer | {"reason": reason, "total": len(meant)})
        if not sys.stdin.readline():
            return


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
    """What systems put into archives by themselves, captions (read with their picture), masks in a ZIP of `ours`."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts or path.name.lower() in {"thumbs.db", "desktop.ini"}
    return hidden or (ours and path.parts[:1] == ("masks",)) or path.suffix.lower() in {".txt", ".caption", ".json", ".npz"}


def _why_not(info: zipfile.ZipInfo, question: dict[str, Any]) -> str:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return "Its name points outside the archive. Pack it anew with plain folder names."
    if info.external_attr >> 28 == 0xA:
        return "It is a link to another file, not a picture. Pack the picture itself."
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        return "Archives inside archives are not opened. Unpack it first."
    if suffix not in PICTURES:
        return f"{suffix or 'A file without ending'} is no picture format the studio takes."
    if info.file_size > question["max_file_bytes"]:
        return f"The file has {info.file_size >> 20} MB; at most {question['max_file_bytes'] >> 20} MB a picture."
    return ""


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> tuple[int, str]:
    """(bytes written, reason): what the archive says of sizes is not believed."""
    written = 0
    try:
        with archive.open(info) as source, target.open("wb") as file:
            while piece := source.read(_PIECE):
                written += len(piece)
                if written > most:
                    target.unlink()
                    return written, "It unpacks to more than it says or than is allowed. Pack it anew."
                file.write(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        target.unlink(missing_ok=True)
        return written, "It is damaged inside the archive. Pack it anew."
    return written, ""


def _caption(archive: zipfile.ZipFile, by_name: dict[str, zipfile.ZipInfo], name: str) -> str:
    stem = name[: -len(PurePosixPath(name).suffix)]
    info = by_name.get(stem + ".txt") or by_name.get(stem + ".caption")
    if info is None or info.file_size > _CAPTION_BYTES:
        return ""
    with archive.open(info) as source:
        return source.read(_CAPTION_BYTES).decode("utf-8", "replace").lstrip("\ufeff").strip()


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("\x00", "")


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
