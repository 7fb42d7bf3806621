"""Films given away: the mark that they are AI-made and nothing else, and no frame encoded again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from backend.errors import Rejected
from backend.media import ffmpeg
from backend.media.images.ai_mark import EDITED_SOURCE_TYPE, SOURCE_TYPE
from backend.settings import Settings

SETTINGS = Settings.read(env_file=None)


def run(steps: Iterator[Any]) -> None:
    assert all(True for _ in steps)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As an engine might leave it: a prompt and a graph in its metadata, sound, the index at the end."""
    path = tmp_path_factory.mktemp("film") / "raw.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=96x64:rate=10:duration=1", "-f", "lavfi", "-i", "sine=duration=1"]
    metadata_options = ["-metadata", "comment=a secret prompt", "-metadata", "title=bella", "-pix_fmt", "yuv420p"]
    subprocess.run([ffmpeg.binary_path(SETTINGS), "-v", "error", *source, *metadata_options, str(path)], check=True)
    return path


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as opened:
        return [bytes(packet) for packet in opened.demux(video=0) if packet.size]


@pytest.mark.parametrize("source_type", [SOURCE_TYPE, EDITED_SOURCE_TYPE])
def test_a_delivered_film_says_that_it_is_ai_made_and_nothing_else(film: Path, tmp_path: Path, source_type: str) -> None:
    out = tmp_path / "out.mp4"
    run(ffmpeg.deliver(film, out, source_type=source_type, settings=SETTINGS))
    data = out.read_bytes()
    assert b"secret" in film.read_bytes()
    assert b"secret" not in data
    assert b"bella" not in data
    assert f'DigitalSourceType="{source_type}"'.encode() in data
    with av.open(str(out)) as opened:
        assert opened.metadata["comment"].endswith(source_type.rpartition("/")[2])
        assert not opened.streams.audio
    assert packets(out) == packets(film)
    assert data.index(b"moov") < data.index(b"mdat")
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_somebodys_own_film_says_nothing(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    run(ffmpeg.deliver(film, out, source_type=None, settings=SETTINGS))
    assert b"DigitalSourceType" not in out.read_bytes()
    with av.open(str(out)) as opened:
        assert "comment" not in opened.metadata


def test_the_poster_is_the_first_frame(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "poster.png"
    run(ffmpeg.first_frame(film, out, settings=SETTINGS))
    with Image.open(out) as poster:
        assert poster.size == (96, 64)


def test_what_is_no_film_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(b"no film at all")
    with pytest.raises(Rejected, match="incomplete"):
        run(ffmpeg.probe(path))
    with pytest.raises(Rejected, match="could not be made"):
        run(ffmpeg.refit(path, tmp_path / "out.mp4", width=64, height=64, fps=8, frames=8, settings=SETTINGS))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["no.mp4"]
