"""PDFs as users upload them: books with headers and page numbers, scans, protected ones."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF
from PIL import Image

TEXTS = Path(__file__).resolve().parent.parent / "texts"


def author(name: str) -> str:
    """`austen`, `thoreau` or `doyle`: some 9,000 words, see tests/texts/README.md."""
    return (TEXTS / f"{name}.txt").read_text("utf-8")


def excerpt(name: str, first: int, words: int) -> str:
    """About `words` words of an author from word `first` on, as whole paragraphs."""
    paragraphs_kept, word_count = [], 0
    for paragraph in author(name).split("\n\n"):
        if first <= word_count < first + words:
            paragraphs_kept.append(paragraph)
        word_count += len(paragraph.split())
    return "\n\n".join(paragraphs_kept)


class _Book(FPDF):
    def __init__(self, title: str) -> None:
        super().__init__(format=(148, 210))
        self._title = title

    def header(self) -> None:
        if self._title:
            self.set_font("Times", "I", 9)
            self.cell(0, 8, f"{self._title}   {self.page_no()}", align="C")
            self.ln(10)

    def footer(self) -> None:
        if self._title:
            self.set_y(-12)
            self.set_font("Times", "", 9)
            self.cell(0, 8, f"Page {self.page_no()} of {{nb}}", align="C")


def book(path: Path, text: str, *, title: str = "Collected Works", password: str = "") -> Path:
    """The text set in pages with a running title and a page number on each; "" title: neither."""
    pdf = _Book(title)
    pdf.set_auto_page_break(True, margin=16)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    pdf.add_page()
    pdf.set_font("Times", "", 11)
    for paragraph in text.split("\n\n"):
        pdf.multi_cell(0, 5, paragraph.encode("latin-1", "replace").decode("latin-1"), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)
    path.write_bytes(bytes(pdf.output()))
    return path


def scan(path: Path, pages: int = 3) -> Path:
    """Pictures of pages without any text."""
    pdf = FPDF()
    for _ in range(pages):
        pdf.add_page()
        pdf.image(Image.new("RGB", (200, 280), "white"), w=190)
    path.write_bytes(bytes(pdf.output()))
    return path
