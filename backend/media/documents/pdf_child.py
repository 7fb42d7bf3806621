"""`python -m backend.media.documents.pdf_child`: the only process that opens uploaded PDFs. One JSON request a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from backend.language import stored, tr_lazy
from backend.media.documents.pdf_text import paragraphs

_PASSWORD, _PROGRESS_EVERY = 4, 20
"""pdfium's error number of a file that needs a password (FPDF_ERR_PASSWORD)."""
_MIN_CHARS_ON_PAGE = 20
"""Characters; a page with fewer carries no text, only a picture of it or nothing."""


class BadPdf(Exception):
    """The message is a sentence for people: why this file is refused and what to do."""


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = read(Path(request["path"]), request["max_pages"], request["max_characters"])
        except BadPdf as error:
            answer = {"ok": False, "reason": stored(error.args[0])}
        except MemoryError:
            answer = {
                "ok": False,
                "reason": stored(tr_lazy("Opening this PDF needs too much memory. Split it, then upload the parts.")),
            }
        except (pdfium.PdfiumError, OSError, ValueError, OverflowError) as error:
            error_text = (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")
            reason = tr_lazy("The PDF is damaged and cannot be read ({error}). Save or export it again.", error=error_text)
            answer = {"ok": False, "reason": stored(reason)}
        _send(answer)


def read(path: Path, max_pages: int, max_characters: int) -> dict[str, Any]:
    """The fields of `pdf.PdfText`. Raises BadPdf."""
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise BadPdf(tr_lazy("This is not a PDF, whatever its name says. Export the text as PDF and upload that."))
    document = _open(path)
    try:
        total = len(document)
        if total > max_pages:
            raise BadPdf(
                tr_lazy(
                    "It has {n:,} pages; at most {most:,} a file are read. Split it, then upload the parts you need.",
                    n=total,
                    most=max_pages,
                )
            )
        pages, size = [], 0
        for index in range(total):
            pages.append(_page_text(document, index))
            size += len(pages[-1])
            if size > max_characters:
                raise BadPdf(
                    tr_lazy("It holds more text than one style can take. Split it, then upload the parts that show the style.")
                )
            if index % _PROGRESS_EVERY == _PROGRESS_EVERY - 1:
                _send({"page": index + 1, "of": total})
    finally:
        document.close()
    return _result(pages)


def _open(path: Path) -> Any:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", 0) == _PASSWORD or "password" in str(error).lower():
            raise BadPdf(tr_lazy("It is protected with a password. Save a copy without one, then upload that.")) from error
        raise


def _page_text(document: Any, index: int) -> str:
    page = document[index]
    text = page.get_textpage()
    try:
        return str(text.get_text_range(errors="ignore"))
    finally:
        text.close()
        page.close()


def _result(pages: list[str]) -> dict[str, Any]:
    empty = sum(len(page.strip()) < _MIN_CHARS_ON_PAGE for page in pages)
    if empty == len(pages):
        raise BadPdf(
            tr_lazy(
                "Its pages are pictures without text (a scan). Run text recognition (OCR) over it, or "
                "export it from where it was "
                "written, then upload that."
            )
        )
    text, dropped = paragraphs(pages)
    return {"ok": True, "pages": len(pages), "empty": empty, "dropped": dropped, "text": text}


def _send(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
