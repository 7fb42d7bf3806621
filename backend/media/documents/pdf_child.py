"""`python -m backend.media.documents.pdf_child`: the only process that opens uploaded PDFs. One JSON question a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from backend.media.documents.pdf_text import paragraphs

_PASSWORD, _SAY_EVERY = 4, 20
"""pdfium's error number of a file that needs a password (FPDF_ERR_PASSWORD)."""
_LEAST_ON_PAGE = 20
"""Characters; a page with fewer carries no text, only a picture of it or nothing."""


class BadPdf(Exception):
    """The sentence says why this file is not taken and what to do."""


def main() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = read(Path(question["path"]), question["max_pages"], question["max_characters"])
        except BadPdf as error:
            answer = {"ok": False, "reason": str(error)}
        except MemoryError:
            answer = {"ok": False, "reason": "Opening this PDF needs too much memory. Split it, then upload the parts."}
        except (pdfium.PdfiumError, OSError, ValueError, OverflowError) as error:
            short = (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")
            answer = {"ok": False, "reason": f"The PDF is damaged and cannot be read ({short}). Save or export it anew."}
        _say(answer)


def read(path: Path, max_pages: int, max_characters: int) -> dict[str, Any]:
    """What `pdf.Read` holds. Raises BadPdf."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise BadPdf("This is no PDF, whatever its name says. Export the text as PDF and upload that.")
    document = _opened(path)
    try:
        total = len(document)
        if total > max_pages:
            raise BadPdf(
                f"It has {total:,} pages; at most {max_pages:,} a file are read. Split it, then upload the parts you need."
            )
        pages, size = [], 0
        for number in range(total):
            pages.append(_page(document, number))
            size += len(pages[-1])
            if size > max_characters:
                raise BadPdf("It holds more text than one style can take. Split it, then upload the parts that show the style.")
            if number % _SAY_EVERY == _SAY_EVERY - 1:
                _say({"page": number + 1, "of": total})
    finally:
        document.close()
    return _answer(pages)


def _opened(path: Path) -> Any:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", 0) == _PASSWORD or "password" in str(error).lower():
            raise BadPdf("It is protected with a password. Save a copy without one, then upload that.") from error
        raise


def _page(document: Any, number: int) -> str:
    page = document[number]
    text = page.get_textpage()
    try:
        return str(text.get_text_range(errors="ignore"))
    finally:
        text.close()
        page.close()


def _answer(pages: list[str]) -> dict[str, Any]:
    empty = sum(len(page.strip()) < _LEAST_ON_PAGE for page in pages)
    if empty == len(pages):
        raise BadPdf(
            "Its pages are pictures without text (a scan). Run text recognition (OCR) over it, or export it from where it was "
            "written, then upload that."
        )
    text, dropped = paragraphs(pages)
    return {"ok": True, "pages": len(pages), "empty": empty, "dropped": dropped, "text": text}


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
