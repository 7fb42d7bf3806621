"""Tells by a file's first bytes what holds its sound or picture.

Files of others are opened as that and as nothing else: left to guess, ffmpeg would take a playlist for a film, and read the
files that it names."""

from __future__ import annotations

from pathlib import Path

_HEAD_BYTES = 16


def container_format(path: Path) -> str:
    """The name of ffmpeg's demuxer: mp3, wav, flac, ogg, mov (also MP4 and M4A), matroska (also WebM); "" for anything else."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head[:3] == b"ID3" or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"
    magics = {b"fLaC": "flac", b"OggS": "ogg", b"\x1a\x45\xdf\xa3": "matroska"}
    return magics.get(head[:4], "")
