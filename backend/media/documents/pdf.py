"""Gets the text out of uploaded PDFs, in a child process: uploads are hostile, so nothing is parsed in this one."""

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
from backend.media.images.pictures import ROOT

_MEMORY_MB, _CPU_S, _QUIET_S = 2048, 300, 60
"""The child may use so much; a page that says nothing for longer than `_QUIET_S` seconds stands still."""
_UNREADABLE = "This PDF cannot be read: opening it needs too much memory or time. Print it to a new PDF and upload that."


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_bytes` a file; `max_characters` of text in it."""

    max_bytes: int
    max_pages: int
    max_characters: int


@dataclass(frozen=True, slots=True)
class Read:
    """`ok` False: `reason` is a sentence for people and nothing else is set.

    `text`: paragraphs parted by an empty line. `empty`: pages without text; `dropped`: headers, footers, page numbers left out.
    """

    ok: bool
    reason: str = ""
    pages: int = 0
    empty: int = 0
    dropped: int = 0
    text: str = ""


class PdfReader:
    """A warm child. Use as a context manager."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._proc: child.Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def read(self, path: Path, *, on_page: Callable[[int, int], None] = lambda page, of: None) -> Read:
        """Never raises for a bad file: that is an answer. `on_page(page, of)` runs each second; what it raises stops it."""
        if refusal := self._too_large(path):
            return Read(ok=False, reason=refusal)
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
            return Read(ok=False, reason=_UNREADABLE)
        except BaseException:
            self._stop()
            raise

    def _too_large(self, path: Path) -> str:
        size = path.stat().st_size
        if size == 0:
            return "The file is empty. Upload it again."
        if size > self._limits.max_bytes:
            return (
                f"The file has {size >> 20} MB; at most {self._limits.max_bytes >> 20} MB a PDF. Split it, or save it smaller."
            )
        return ""

    def _start(self) -> child.Child:
        argv = [sys.executable, "-m", "backend.media.documents.pdf_child"]
        pipe = subprocess.PIPE
        return child.spawn(
            argv, cwd=ROOT, stdin=pipe, stdout=pipe, memory_mb=_MEMORY_MB, cpu_s=_CPU_S, nofile=64, nice=5
        )  # fmt: skip

    def _ask(self, proc: child.Child, path: Path, on_page: Callable[[int, int], None]) -> Read | None:
        """None when it ended without an answer, or was ended for taking too long."""
        assert proc.stdin is not None
        question = {"path": str(path), "max_pages": self._limits.max_pages, "max_characters": self._limits.max_characters}
        page, of, quiet = 0, 0, 0
        try:
            proc.stdin.write(json.dumps(question).encode() + b"\n")
            for said in child.json_lines(proc, every_s=1.0, on_other=lambda _: None):
                if said and "ok" in said:
                    return Read(**said)
                quiet = 0 if said else quiet + 1
                if said:
                    page, of = said["page"], said["of"]
                on_page(page, of)
                if quiet >= _QUIET_S:
                    child.stop(proc, sig=signal.SIGTERM)
                    break
        except BrokenPipeError:
            pass  # it died at once
        return None

    def _stop(self) -> None:
        if self._proc is not None:
            child.stop(self._proc, grace_s=0)
            self._proc = None
