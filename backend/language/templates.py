"""Fills the places of a sentence, with numbers as its language writes them. Pure."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

_NUMBERS = (int, float, Decimal)


def filled(template: str, values: Mapping[str, Any], language: str = "en") -> str:
    """`template` with its {places} filled. A number with a format (`{n:,}`, `{gb:.1f}`) gets the language's signs; one without
    is written as it is (years, ids, sizes in px). Raises KeyError or ValueError where a place and its value do not fit."""
    return _filler(language).vformat(template, (), values)


def places(template: str) -> frozenset[str]:
    """The names of a template's places. Raises ValueError."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


class _Filler(string.Formatter):
    def __init__(self, language: str) -> None:
        # Babel takes 50 ms to import: child processes raise messages and never word them.
        from babel.numbers import get_decimal_symbol, get_group_symbol

        self._signs = (
            {} if language == "en" else str.maketrans({".": get_decimal_symbol(language), ",": get_group_symbol(language)})
        )

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == ".0%":  # rounded down, so that nothing below a threshold looks as if it had reached it
            value = math.trunc(float(value) * 100 + math.copysign(1e-9, value)) / 100
        text = format(value, format_spec)
        return text.translate(self._signs) if format_spec and isinstance(value, _NUMBERS) else text


@cache
def _filler(language: str) -> _Filler:
    return _Filler(language)
