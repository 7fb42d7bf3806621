"""Archives: pictures and their captions come out; traversal, bombs, links and locks get a sentence."""

from __future__ import annotations

import io
import random
import tempfile
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.media.documents import caption_files, zip_child
from backend.media.documents.zip import ZipEntry, ZipLimits, entries, stream

MB = 1 << 20
LIMITS = ZipLimits(max_entries=1000, max_file_bytes=MB, max_total_bytes=100 * MB)


def archive(tmp_path: Path, files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", compression) as opened_zip:
        for name, data in files.items():
            opened_zip.writestr(name, data)
    return path


def read(path: Path, out: Path, limits: ZipLimits = LIMITS) -> list[tuple[ZipEntry, bytes]]:
    out.mkdir(exist_ok=True)
    return [(entry, entry.path.read_bytes() if entry.path else b"") for entry in entries(path, out, limits)]


def test_kohya_layout_comes_out_with_captions(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        {
            "10_bella woman/1.png": b"one",
            "10_bella woman/1.txt": "bella, smiling è".encode(),
            "10_bella woman/2.JPG": b"two",
            "__MACOSX/._1.png": b"x",
            ".DS_Store": b"x",
            "notes/": b"",
        },
    )
    entries = read(path, tmp_path / "out")
    assert [(entry.name, entry.caption, data) for entry, data in entries] == [
        ("10_bella woman/1.png", "bella, smiling è", b"one"),
        ("10_bella woman/2.JPG", None, b"two"),
    ]
    assert not list((tmp_path / "out").iterdir()), "each file is gone when the next is asked for"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("../evil.png", "outside"),
        ("/etc/evil.png", "outside"),
        ("a/../../b.png", "outside"),
        ("..\\b.png", "outside"),
        (".", "no name"),
        ("inner.zip", "inside archives"),
        ("movie.mp4", ".mp4"),
        ("big.png", "at most 1 MB"),
    ],
)
def test_bad_entries_are_refused_alone(tmp_path: Path, name: str, word: str) -> None:
    path = archive(tmp_path, {name: b"0" * (2 * MB if name == "big.png" else 3), "good.png": b"ok"})
    entries = read(path, tmp_path / "out")
    assert word in entries[0][0].reason
    assert (entries[1][0].name, entries[1][1]) == ("good.png", b"ok")


def test_a_file_without_an_ending_is_left_to_its_content(tmp_path: Path) -> None:
    entries = read(archive(tmp_path, {"IMG_1": b"one", "IMG_1.txt": b"bella"}), tmp_path / "out")
    assert [(entry.name, entry.caption, data) for entry, data in entries] == [("IMG_1", "bella", b"one")]


def test_captions_find_their_picture_and_none_is_lost_without_a_word(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        {
            "caffe\u0300.png": b"1",
            "caff\u00e8.txt": b"nfc",
            "exif8.jpg": b"2",
            "exif8.TXT": b"upper",
            "b.PNG": b"3",
            "B.Caption": "caff\u00e8 bar".encode("cp1252"),
            "c.png": b"4",
            "c.txt": b"one",
            "c.caption": b"two",
            "lonely.txt": b"nobody",
            "d.png": b"5",
            "d.txt": "белла".encode("koi8-r"),
            "e.png": b"6",
            "e.txt": b"x" * 70_000,
            "f.png": b"7",
            "f.txt": "bella\r\nsmiling".encode("utf-16"),
        },
    )
    entries = [entry for entry, _ in read(path, tmp_path / "out")]
    assert {entry.name: entry.caption for entry in entries if not entry.reason} == {
        "caffe\u0300.png": "nfc",
        "exif8.jpg": "upper",
        "b.PNG": "caff\u00e8 bar",
        "c.png": "one",
        "d.png": None,
        "e.png": None,
        "f.png": "bella\nsmiling",
    }
    assert {entry.name: entry.reason for entry in entries if entry.reason} == {
        "c.caption": caption_files.DUPLICATE,
        "lonely.txt": caption_files.NO_PICTURE,
        "d.txt": caption_files.UNREADABLE,
        "e.txt": caption_files.TOO_LONG,
    }
    assert [entry.name for entry in entries if entry.note] == ["b.PNG"]


@given(
    names=st.lists(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6),
        min_size=1,
        max_size=5,
        unique_by=caption_files.match_key,
    ),
    forms=st.tuples(st.sampled_from(["NFC", "NFD"]), st.sampled_from(["NFC", "NFD"])),
    ending=st.sampled_from([".txt", ".TXT", ".caption"]),
    dropped=st.sets(st.integers(0, 4)),
)
@settings(deadline=None)
def test_every_caption_is_given_to_a_picture_or_listed(
    names: list[str], forms: tuple[str, str], ending: str, dropped: set[int]
) -> None:
    files: dict[str, bytes] = {}
    for n, name in enumerate(names):
        if n not in dropped:
            files[unicodedata.normalize(forms[0], name) + ".png"] = b"picture"
        files[unicodedata.normalize(forms[1], name) + ending] = f"caption {n}".encode()
    answers = walked(packed(files))
    given_to = {answer["caption"] for answer in answers if answer["caption"]}
    listed = {answer["name"] for answer in answers if answer["reason"]}
    assert given_to == {f"caption {n}" for n in range(len(names)) if n not in dropped}
    assert listed == {unicodedata.normalize(forms[1], name) + ending for n, name in enumerate(names) if n in dropped}


def test_an_archive_without_pictures_says_so(tmp_path: Path) -> None:
    for files in ({}, {".DS_Store": b"x", "metadata.json": b"{}"}):
        with pytest.raises(Invalid, match="no pictures in this archive"):
            read(archive(tmp_path, files), tmp_path / "out")


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def packed(files: dict[str, bytes], methods: list[int] | None = None) -> bytes:
    opened_zip = io.BytesIO()
    with zipfile.ZipFile(opened_zip, "w") as archive:
        for n, (name, data) in enumerate(files.items()):
            archive.writestr(name, data, compress_type=methods[n % len(methods)] if methods else zipfile.ZIP_STORED)
    return opened_zip.getvalue()


def walked(data: bytes) -> list[dict[str, Any]]:
    """What the child answers, in this process; `data` of each picture beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.zip"
        path.write_bytes(data)
        question = {"archive": str(path), "out": folder, "max_entries": 99, "max_file_bytes": MB, "max_total_bytes": 9 * MB}
        with zipfile.ZipFile(path) as opened:
            return [
                answer | {"data": Path(answer["path"]).read_bytes() if answer["path"] else b""}
                for answer in zip_child.walk(opened, question)
            ]


@given(
    methods=st.permutations(METHODS),
    hit=st.integers(0, 7),
    flips=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 255)), min_size=1, max_size=5),
)
@settings(deadline=None, max_examples=80)
def test_a_damaged_member_costs_only_itself(methods: list[int], hit: int, flips: list[tuple[int, int]]) -> None:
    pictures = {f"{n}.png": random.Random(n).randbytes(300) * 3 for n in range(4)}
    files = {
        name: data
        for n, picture in enumerate(pictures)
        for name, data in (
            (picture, pictures[picture]),
            (f"{n}.txt", f"caption {n}, smiling at the beach".encode()),
        )
    }
    data = bytearray(packed(files, methods))
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        starts = [info.header_offset for info in opened.infolist()] + [opened.start_dir]
    for at, bits in flips:
        data[starts[hit] + at % (starts[hit + 1] - starts[hit])] ^= bits
    answers = {answer["name"]: answer for answer in walked(bytes(data))}
    struck = list(files)[hit]
    for n, (name, whole) in enumerate(pictures.items()):
        answer = answers[name]
        if name != struck:
            assert (answer["data"], answer["reason"]) == (whole, "")
            if f"{n}.txt" != struck:
                assert answer["caption"] == f"caption {n}, smiling at the beach"
    if answers.get(struck, {}).get("reason"):
        assert answers[struck]["reason"].endswith("Pack it again.") or struck.endswith(".txt")


def test_damage_of_each_kind_is_told(tmp_path: Path) -> None:
    files = {f"{n}.png": bytes(range(256)) * 4 for n in range(4)} | {"0.txt": b"bella " * 50}
    for method in METHODS:
        data = bytearray(packed(files, [method]))
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            ends = [*[info.header_offset for info in opened.infolist()][1:], opened.start_dir]
        for end in (ends[1], ends[4]):  # the second picture, and the caption of the first
            for at in range(end - 12, end - 2):
                data[at] ^= 0xFF
        path = tmp_path / "damaged.zip"
        path.write_bytes(data)
        entries = {entry.name: (entry.reason, entry.caption) for entry, _ in read(path, tmp_path / "out")}
        assert entries.pop("1.png") == ("It is damaged inside the archive. Pack it again.", None)
        assert entries.pop("0.txt") == ("It is damaged inside the archive. Pack it again.", None)
        assert entries == dict.fromkeys(["0.png", "2.png", "3.png"], ("", None))


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as opened_zip:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = 0xA1FF << 16
        opened_zip.writestr(info, "/etc/passwd")
    assert "link" in read(path, tmp_path / "out")[0][0].reason


def test_too_many_entries_are_one_sentence(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{n}.png": b"" for n in range(2_000)}, compression=zipfile.ZIP_STORED)
    with pytest.raises(Invalid, match="2,000 entries"):
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
    with pytest.raises(Invalid, match="not a ZIP"):
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
    with zipfile.ZipFile(io.BytesIO(data)) as opened_zip:
        assert {name: opened_zip.read(name) for name in opened_zip.namelist()} == files


@given(name=st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text))
@settings(deadline=None)
def test_no_name_leaves_its_folder(name: str) -> None:
    files = {name.encode("utf-8", "replace").decode() + ".png": b"x", "a folder of its own/good.png": b"x"}
    for answer in walked(packed(files)):
        assert not answer["path"] or Path(answer["path"]).name.startswith("00000")
        assert answer["data"] == (b"x" if answer["path"] else b"")
