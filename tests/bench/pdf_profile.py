"""The whole profile of a PDF (text out of it in a child, running lines gone, measures, excerpts, how well it is told apart)
beside bare extraction with pypdfium2 in a process of its own.

Both sides in turn, the median of the ratios counts. `COPIES=8 python -m tests.bench pdf_profile` is a larger book.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from backend.media.documents.pdf import PdfLimits, PdfReader
from backend.writing_styles.similarity import Similarity
from backend.writing_styles.stylometry import measure
from tests.bench.folders import bench_folder
from tests.factories.pdfs import author, book

ROUNDS, COPIES = 7, 4
"""Copies of 9,000 words each of three authors: some 260 pages."""
LIMITS = PdfLimits(max_bytes=100 * 2**20, max_pages=5000, max_characters=50_000_000)
_BARE = """
import os, sys, time
os.nice(5)  # as our child: other work on the machine slows both alike
import pypdfium2 as pdfium
for line in sys.stdin:
    begun = time.perf_counter()
    document = pdfium.PdfDocument(line.strip())
    size = 0
    for page in document:
        text = page.get_textpage()
        size += len(text.get_text_range())
        text.close()
        page.close()
    document.close()
    print(time.perf_counter() - begun, size, flush=True)
"""


def run() -> dict[str, Any]:
    """Milliseconds, medians. Both processes are warm: what they import is not counted on either side."""
    copies = int(os.environ.get("COPIES", COPIES))
    text = "\n\n".join(author(name) for _ in range(copies) for name in ("austen", "thoreau", "doyle"))
    with bench_folder() as folder, PdfReader(LIMITS) as reader:
        path = book(folder / "book.pdf", text)
        bare = subprocess.Popen([sys.executable, "-c", _BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        pages, words = _ours(reader, path)[1:]
        _bare(bare, path)
        pairs = [_pair(reader, bare, path, swapped=n % 2 == 1) for n in range(ROUNDS)]
        assert bare.stdin
        bare.stdin.close()
        bare.wait(30)
    own_s, bare_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {
        "ratio": round(statistics.median(own_s / bare_s for own_s, bare_s in pairs), 3),
        "ours": round(own_s * 1000, 1),
        "bare": round(bare_s * 1000, 1),
        "unit": "ms",
        "pages": pages,
        "words": words,
        "ratios": sorted(round(own_s / bare_s, 2) for own_s, bare_s in pairs),
    }


def _pair(reader: PdfReader, bare: Any, path: Path, *, swapped: bool) -> tuple[float, float]:
    """(ours, bare), the second one first when `swapped`."""
    if swapped:
        bare_s = _bare(bare, path)
        return _ours(reader, path)[0], bare_s
    return _ours(reader, path)[0], _bare(bare, path)


def _ours(reader: PdfReader, path: Path) -> tuple[float, int, int]:
    started_at = time.perf_counter()
    read = reader.read(path)
    assert read.ok, read.reason
    card = measure(read.text, pages=read.pages)
    assert Similarity(read.text, card.language).distinctness()
    return time.perf_counter() - started_at, read.pages, card.words


def _bare(bare: Any, path: Path) -> float:
    bare.stdin.write(f"{path}\n")
    bare.stdin.flush()
    return float(bare.stdout.readline().split()[0])
