"""Archives: pictures and their captions come out; traversal, bombs, links and locks get a sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.tools.zip import Entry, ZipLimits, entries, stream

MB = 1 << 20
LIMITS = ZipLimits(max_entries=1000, max_file_bytes=MB, max_total_bytes=100 * MB)


def archive(tmp_path: Path, files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path


def read(path: Path, out: Path, limits: ZipLimits = LIMITS) -> list[tuple[Entry, bytes]]:
    out.mkdir(exist_ok=True)
    return [(entry, entry.path.read_bytes() if entry.path else b"") for entry in entries(path, out, limits)]


def test_kohya_layout_comes_out_with_captions(tmp_path: Path) -> None:
    path = archive(tmp_path, {
        "10_bella woman/1.png": b"one", "10_bella woman/1.txt": "bella, smiling è".encode(), "10_bella woman/2.JPG": b"two",
        "__MACOSX/._1.png": b"x", ".DS_Store": b"x", "notes/": b"",
    })  # fmt: skip
    seen = read(path, tmp_path / "out")
    assert [(entry.name, entry.caption, data) for entry, data in seen] == [
        ("10_bella woman/1.png", "bella, smiling è", b"one"),
        ("10_bella woman/2.JPG", None, b"two"),
    ]
    assert not list((tmp_path / "out").iterdir()), "each file is gone when the next is asked for"


@pytest.mark.parametrize(
    ("name", "word"),
    [("../evil.png", "outside"), ("/etc/evil.png", "outside"), ("a/../../b.png", "outside"), ("..\\b.png", "outside"),
     (".", "no picture format"), ("inner.zip", "inside archives"), ("movie.mp4", ".mp4"), ("big.png", "at most 1 MB")],
)  # fmt: skip
def test_bad_entries_are_refused_alone(tmp_path: Path, name: str, word: str) -> None:
    path = archive(tmp_path, {name: b"0" * (2 * MB if name == "big.png" else 3), "good.png": b"ok"})
    seen = read(path, tmp_path / "out")
    assert word in seen[0][0].reason
    assert (seen[1][0].name, seen[1][1]) == ("good.png", b"ok")


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = 0xA1FF << 16
        made.writestr(info, "/etc/passwd")
    assert "link" in read(path, tmp_path / "out")[0][0].reason


def test_a_hundred_thousand_entries_are_one_sentence(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{n}.png": b"" for n in range(100_000)}, compression=zipfile.ZIP_STORED)
    with pytest.raises(Invalid, match="100,000 entries"):
        read(path, tmp_path / "out")


def test_bombs_are_refused_by_what_they_claim(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{n}.png": b"\0" * (40 * MB) for n in range(2)})
    with pytest.raises(Invalid, match="Unpacked"):
        read(path, tmp_path / "out", ZipLimits(max_entries=9, max_file_bytes=MB, max_total_bytes=1000 * MB))


def test_bombs_that_lie_are_cut_off(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.png": b"\0" * (8 * MB)})
    data = bytearray(path.read_bytes())
    true, lie = (8 * MB).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(bytes(data).replace(true, lie))
    assert read(path, tmp_path / "out")[0][0].reason


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"no archive"])
def test_what_is_no_archive_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(Invalid, match="no ZIP archive"):
        read(path, tmp_path / "out")


def test_locked_archives_are_said(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a.png": b"x"}, compression=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Invalid, match="password"):
        read(path, tmp_path / "out")


def test_a_stream_is_read_back(tmp_path: Path) -> None:
    files = {"5_bella woman/0001.jpg": b"x" * 100_000, "5_bella woman/0001.txt": b"bella"}
    data = b"".join(stream((name, iter([data[:10], data[10:]])) for name, data in files.items()))
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        assert {name: made.read(name) for name in made.namelist()} == files


@given(name=st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_leaves_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(name.encode("utf-8", "replace").decode() + ".png", b"x")
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    for entry in entries(path, out, LIMITS):
        assert entry.path is None or entry.path.parent == out
