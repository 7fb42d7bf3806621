"""Extracts the text of uploaded PDFs in a child process: uploads are hostile, so nothing is parsed in this one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.kit import child
from backend.language import messages, tr_lazy
from backend.media.images.pictures import ROOT

_MEMORY_MB, _CPU_S, _MAX_SILENCE_S = 2048, 300, 60
"""Limits of the child. When it reports no progress for `_MAX_SILENCE_S` seconds, it hangs and is stopped."""
_UNREADABLE = tr_lazy(
    "This PDF cannot be read: opening it needs too much memory or time. Print it to a new PDF and upload that."
)


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Per file: `max_bytes` of the PDF, `max_characters` of text in it."""

    max_bytes: int
    max_pages: int
    max_characters: int


@dataclass(frozen=True, slots=True)
class PdfText:
    """`ok` False: `reason` is a sentence for people and nothing else is set.

    `text`: paragraphs separated by an empty line. `empty`: pages without text; `dropped`: removed headers, footers and page
    numbers.
    """

    ok: bool
    reason: str = ""
    pages: int = 0
    empty: int = 0
    dropped: int = 0
    text: str = ""


class PdfReader:
    """Keeps one child process running. Use as a context manager."""

    def __init__(self, limits: PdfLimits) -> None:
        self._limits = limits
        self._proc: child.Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def read(self, path: Path, *, on_page: Callable[[int, int], None] = lambda page, of: None) -> PdfText:
        """Never raises for a bad file: the result says so. `on_page(page, of)` runs each second; raising in it stops the child.

        A child that was killed from outside is started once more.
        """
        if refusal := self._too_large(path):
            return PdfText(ok=False, reason=refusal)
        if self._proc is not None and self._proc.poll() is not None:
            self._stop()
        try:
            for last_try in (False, True):
                proc = self._proc = self._proc or self._start()
                answer = self._ask(proc, path, on_page)
                if answer is not None:
                    return answer
                killed = child.killed(proc)  # from outside: that says nothing about the file
                self._stop()
                if not killed or last_try:
                    break
            return PdfText(ok=False, reason=_UNREADABLE)
        except BaseException:
            self._stop()
            raise

    def _too_large(self, path: Path) -> str:
        size = path.stat().st_size
        if size == 0:
            return tr_lazy("The file is empty. Upload it again.")
        if size > self._limits.max_bytes:
            return tr_lazy(
                "The file has {mb} MB; at most {most} MB a PDF. Split it, or save it smaller.",
                mb=size >> 20,
                most=self._limits.max_bytes >> 20,
            )
        return ""

    def _start(self) -> child.Child:
        argv = [sys.executable, "-m", "backend.media.documents.pdf_child"]
        pipe = subprocess.PIPE
        return child.spawn(argv, cwd=ROOT, stdin=pipe, stdout=pipe, memory_mb=_MEMORY_MB, cpu_s=_CPU_S, nofile=64, nice=5)

    def _ask(self, proc: child.Child, path: Path, on_page: Callable[[int, int], None]) -> PdfText | None:
        """None when the child died without an answer, or was stopped because it hung."""
        assert proc.stdin is not None
        request = {"path": str(path), "max_pages": self._limits.max_pages, "max_characters": self._limits.max_characters}
        page, total, silent_s = 0, 0, 0
        try:
            proc.stdin.write(json.dumps(request).encode() + b"\n")
            for message in child.json_lines(proc, every_s=1.0, on_other=lambda _: None):
                if message and "ok" in message:
                    return PdfText(**(message | {"reason": messages.read(message["reason"]) if "reason" in message else ""}))
                silent_s = 0 if message else silent_s + 1
                if message:
                    page, total = message["page"], message["of"]
                on_page(page, total)
                if silent_s >= _MAX_SILENCE_S:
                    child.stop(proc, sig=signal.SIGTERM)
                    break
        except BrokenPipeError:
            pass  # it died at once
        return None

    def _stop(self) -> None:
        if self._proc is not None:
            child.stop(self._proc, grace_s=0)
            self._proc = None
