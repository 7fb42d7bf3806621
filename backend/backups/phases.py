"""What a running backup does, worded: ops/backup writes its lines for a terminal, in English. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from backend.language import tr_lazy, tr_lazy_plural

_PHASES: Sequence[tuple[str, Callable[[re.Match[str]], str]]] = (
    (r"Dumping the database", lambda _: tr_lazy("Dumping the database")),
    (r"Copying the database \(full\)", lambda _: tr_lazy("Copying the database (full)")),
    (r"Copying the database \(incremental\)", lambda _: tr_lazy("Copying the database (incremental)")),
    (r"Copying new files of the storage", lambda _: tr_lazy("Copying new files of the storage")),
    (r"(\d+) files copied", lambda line: tr_lazy_plural("{n:,} file copied", "{n:,} files copied", int(line[1]))),
    (r"Checking .+", lambda _: tr_lazy("Checking the backup")),
    (
        r"An incremental backup is not possible \((.+)\); making a full one.",
        lambda line: tr_lazy("An incremental backup is not possible ({reason}); making a full one.", reason=line[1]),
    ),
)


def phase_of(line: str) -> str:
    """The sentence of a line; another line as it is."""
    return next((sentence(match) for pattern, sentence in _PHASES if (match := re.fullmatch(pattern, line))), line)
