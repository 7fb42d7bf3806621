"""Text out of PDFs: read in a child, running lines gone, words whole again, and a sentence for what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.media.documents.pdf import PdfLimits, PdfReader
from backend.media.documents.pdf_text import paragraphs
from backend.writing_styles.similarity import longest_shared_run
from tests.factories.pdfs import author, book, scan

LIMITS = PdfLimits(max_bytes=5_000_000, max_pages=60, max_characters=400_000)


@pytest.fixture
def reader() -> Iterator[PdfReader]:
    with PdfReader(LIMITS) as pdf_reader:
        yield pdf_reader


def test_a_book_comes_back_as_it_was_written(reader: PdfReader, tmp_path: Path) -> None:
    text = "\n\n".join(author("thoreau").split("\n\n")[:12])
    progress: list[tuple[int, int]] = []
    result = reader.read(book(tmp_path / "walden.pdf", text), on_page=lambda page, of: progress.append((page, of)))
    assert result.ok, result.reason
    assert result.pages > 5
    assert "Collected Works" not in result.text
    assert "Page 2" not in result.text
    assert result.dropped == 2 * result.pages
    text_read = " ".join(result.text.split())
    text_written = " ".join(text.encode("latin-1", "replace").decode("latin-1").split())
    assert (
        longest_shared_run(text_read, text_written).run == len(longest_shared_run(text_written, text_written).words.split())
        or text_read == text_written
    )
    assert abs(len(result.text.split("\n\n")) - len(text.split("\n\n"))) <= 2


def test_what_cannot_be_read_says_why(reader: PdfReader, tmp_path: Path) -> None:
    (tmp_path / "text.pdf").write_text("I am a letter, not a PDF.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"\x00garbage" * 200)
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "large.pdf").write_bytes(b"%PDF-1.7" + bytes(LIMITS.max_bytes))
    refused = {
        "text.pdf": "not a PDF",
        "broken.pdf": "damaged",
        "empty.pdf": "empty",
        "large.pdf": "at most 4 MB",
        scan(tmp_path / "scan.pdf").name: "OCR",
        book(tmp_path / "secret.pdf", "Hush.", password="x").name: "password",
        book(tmp_path / "long.pdf", "\n\n".join(["A line of it."] * 2200)).name: "at most 60",
    }
    for name, reason in refused.items():
        result = reader.read(tmp_path / name)
        assert not result.ok, name
        assert reason in result.reason, (name, result.reason)
    assert reader.read(book(tmp_path / "fine.pdf", "It was a fine day. " * 30)).ok  # the child lives on


def test_a_child_that_dies_takes_one_file_with_it(tmp_path: Path) -> None:
    with PdfReader(LIMITS) as reader:
        fine = book(tmp_path / "fine.pdf", "It was a fine day. " * 30)
        assert reader.read(fine).ok
        assert reader._proc is not None
        reader._proc.kill()
        reader._proc.wait()
        assert reader.read(fine).ok


def test_words_cut_at_line_ends_are_whole_again() -> None:
    lines = [
        "It was the won-",
        "derful habit of a well-",
        "Known man to walk to the other end of the town, in any weather at all.",
    ]
    body = "\n".join(
        [*lines, *[f"Line {word} of the page is as long as most of the others in this small book" for word in "abcdefg"]]
    )
    text, dropped = paragraphs([f"THE BOOK {n}\n{body if n == 12 else body[::-1]}\n- {n} -" for n in range(12, 15)])
    assert dropped == 6
    assert text.startswith("It was the wonderful habit of a well- Known man to walk")
    assert "THE BOOK" not in text


def test_a_paragraph_goes_on_over_the_page() -> None:
    first = (
        "The first line of a paragraph that is as long as all of the others are here\nand its second line, which is cut off by"
    )
    second = "the end of the page, and ends here.\n\nA new one begins."
    text, _ = paragraphs([first, second])
    assert text.split("\n\n")[0].endswith("cut off by the end of the page, and ends here.")
    assert text.endswith("A new one begins.")
