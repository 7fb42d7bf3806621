"""Words a sentence for whoever reads. What has no translation is English, and logged once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import structlog

from backend.language.catalogues import translations
from backend.language.messages import Message, Moment, Value
from backend.language.reader import reader
from backend.language.templates import filled

log = structlog.get_logger(__name__)


def tr(template: str, /, **values: Value) -> str:
    """`tr("{name} was deleted.", name=plain(card.name))` in the language of the reader. The template is a literal: `make words`
    finds it. Numbers with a format (`{n:,}`) get the signs of the language."""
    return _filled(reader().language, template, "", values)


def tr_plural(template: str, plural: str, n: int, /, **values: Value) -> str:
    """`tr_plural("{n:,} post", "{n:,} posts", 1200)`; `n` is a place of both forms."""
    return _filled(reader().language, template, plural, {"n": n, **values})


def tr_context(context: str, template: str, /, **values: Value) -> str:
    """As `tr`, for a word that means two things: `tr_context("verb", "Post")`."""
    language = reader().language
    if language == "en":
        return filled(template, values) if values else template
    translated = translations(language).pgettext(context, template)
    if translated == template:
        _note_missing(language, template)
    return _checked(language, template, translated, _worded_values(values, language)) if values else translated


def worded(text: str) -> str:
    """A text of a row, an error or a constant for the reader: of a Message its translation; else the catalogue's, if it happens
    to have one (rows of earlier versions), or the text itself."""
    return _worded(text, reader().language)


def _worded(text: str, language: str) -> str:
    if not text or (language == "en" and not (reader().date_style or reader().hours == 12)):
        return str(text)
    if not isinstance(text, Message):
        return translations(language).gettext(text)
    if isinstance(text, Moment):
        return text.worded()
    if text.parts:
        return text.template.join(_worded(part, language) for part in text.parts)
    return _filled(language, text.template, text.plural, text.values)


def _filled(language: str, template: str, plural: str, values: Mapping[str, Value]) -> str:
    if language == "en":
        template = plural if plural and values["n"] != 1 else template
        return filled(template, _worded_values(values, language)) if values else template
    catalogue = translations(language)
    if plural:
        translated = catalogue.ngettext(template, plural, int(values["n"]))
        is_missing = translated in (template, plural)
    else:
        translated = catalogue.gettext(template)
        is_missing = translated == template
    if is_missing:
        _note_missing(language, template)
    return _checked(language, template, translated, _worded_values(values, language)) if values else translated


def _worded_values(values: Mapping[str, Value], language: str) -> dict[str, Value]:
    return {name: _worded(value, language) if isinstance(value, Message) else value for name, value in values.items()}


def _checked(language: str, template: str, translated: str, values: Mapping[str, Value]) -> str:
    """A translation with places that the code does not fill must not take a page down: it is English then."""
    try:
        return filled(translated, values, language)
    except (KeyError, IndexError, ValueError):
        log.error("translation does not fit", language=language, template=template)
        return filled(template, values)


@cache
def _note_missing(language: str, template: str) -> None:
    """Once a process. Words that are the same in both languages (LoRA, Post) are in the catalogue as themselves."""
    if template not in _own_words(language):
        log.warning("no translation", language=language, template=template)


@cache
def _own_words(language: str) -> frozenset[str]:
    catalogue = translations(language)
    keys = getattr(catalogue, "_catalog", {})
    texts = (key[0] if isinstance(key, tuple) else key for key in keys)
    return frozenset(text.rpartition("\x04")[2] for text in texts)
