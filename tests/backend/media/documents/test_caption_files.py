"""Captions in any encoding, and names that belong together however they are written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.media.documents import caption_files
from backend.media.documents.caption_files import GUESSED_ENCODING, UnreadableCaption

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=20)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_unicode_of_any_kind_is_read_without_a_doubt(encoding: str) -> None:
    assert caption_files.read_caption("bella, caffè, 笑顔".encode(encoding)) == ("bella, caffè, 笑顔", "")


@pytest.mark.parametrize("text", ["caffè, bella al bar", "Zoë — “smile”", "señorita, 20 €", "straße, schöne Frau"])
def test_western_text_is_read_as_windows_1252_and_said(text: str) -> None:
    assert caption_files.read_caption(text.encode("cp1252")) == (text, GUESSED_ENCODING)


@pytest.mark.parametrize(
    "data",
    ["белла, улыбается".encode("cp1251"), "белла".encode("koi8-r"), "ベラ、笑顔".encode("cp932"), b"\x89PNG\r\n\x1a\n\0\0"],
)
def test_what_cannot_be_told_is_never_trained_on(data: bytes) -> None:
    with pytest.raises(UnreadableCaption, match="Save it as UTF-8"):
        caption_files.read_caption(data)


def test_line_breaks_become_one_kind() -> None:
    assert caption_files.read_caption(b"bella,\r\nsmiling\rnow\r\n")[0] == "bella,\nsmiling\nnow"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_every_text_comes_back(text: str, encoding: str) -> None:
    assert caption_files.read_caption(text.encode(encoding)) == (text.replace("\ufeff", "").strip(), "")


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    try:
        text, _ = caption_files.read_caption(data)
    except UnreadableCaption:
        return
    assert "\ufffd" not in text or "\ufffd".encode() in data or b"\xfd\xff" in data or b"\xff\xfd" in data


@settings(deadline=None)
@given(NAMES, st.sampled_from(["NFC", "NFD"]), st.sampled_from(["NFC", "NFD"]), st.sampled_from([".txt", ".TXT", ".Caption"]))
def test_a_picture_finds_its_caption_whatever_the_form_and_the_case(name: str, one: str, other: str, ending: str) -> None:
    picture = unicodedata.normalize(one, f"set/{name}") + ".JPG"
    text = unicodedata.normalize(other, f"set/{name}") + ending
    assert caption_files.is_caption(text)
    assert caption_files.match_key(picture) == caption_files.match_key(text)


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0x17F, categories=["Ll"], exclude_characters="ıŉſ"), min_size=1, max_size=12))
def test_case_does_not_part_them(name: str) -> None:
    assert caption_files.match_key(f"{name.upper()}.PNG") == caption_files.match_key(f"{name}.txt")


def test_the_name_written_alike_comes_first() -> None:
    texts = ["a.caption", "A.txt", "a.TXT"]
    assert caption_files.pick_caption("A.png", texts) == "A.txt"
    assert caption_files.pick_caption("a.png", texts) == "a.TXT"
    assert caption_files.pick_caption("a.png", []) == ""
