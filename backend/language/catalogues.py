"""Translations of the studio's sentences: `catalogues/<language>/<part>.po`, read once a process when first needed."""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages import Catalog

FOLDER = Path(__file__).parent / "catalogues"
LANGUAGES = {"en": "English", "it": "Italiano"}
"""Code -> its own name. English needs no catalogue."""


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Answers every key of an unknown language, and of English, with the key itself."""
    from babel.messages import Catalog  # late, as in templates.py: who reads English needs none of it
    from babel.messages.mofile import write_mo

    files = sorted((FOLDER / language).glob("*.po")) if language in LANGUAGES else []
    if not files:
        return gettext.NullTranslations()
    whole = Catalog(locale=language)
    for file in files:
        for entry in read_catalogue(file, language):
            if entry.id and entry.string and not entry.fuzzy:
                whole.add(entry.id, entry.string, context=entry.context)
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def read_catalogue(file: Path, language: str) -> Catalog:
    """Raises PoFileError where the file is no catalogue."""
    from babel.messages.pofile import read_po

    with file.open("rb") as lines:
        return read_po(lines, locale=language, abort_invalid=True)
