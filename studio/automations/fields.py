"""Fields of a form, each with a place under it for the sentence of what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.errors import Invalid
from backend.language import Message, worded
from studio.automations.words import minutes_text
from studio.ui.format import plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_WAITS = (5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080)


def _label(text: str) -> str:
    """Names that people gave stay as they are."""
    return worded(text) if isinstance(text, Message) else text


@dataclass(slots=True)
class Fields:
    """`key`: prefix of the widgets' keys. `start`: values they begin with. `values`: what they hold."""

    key: str
    start: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    _places: dict[str, DeltaGenerator] = field(default_factory=dict)

    def text(self, name: str, label: str, *, max_chars: int, help: str = "", placeholder: str = "", area: bool = False) -> str:
        options: dict[str, Any] = {"max_chars": max_chars, "placeholder": placeholder, "help": help or None}
        draw = st.text_area if area else st.text_input
        return str(self._keep(name, draw(label, self.start[name], key=self._key(name), **options)))

    def number(self, name: str, label: str, low: int, high: int, *, help: str = "") -> int:
        value = st.number_input(
            label, min_value=low, max_value=high, value=int(self.start[name]), step=1, key=self._key(name), help=help or None
        )
        return int(self._keep(name, int(value)))

    def choice(self, name: str, label: str, options: Mapping[str, str], *, help: str = "") -> str:
        index = list(options).index(self.start[name]) if self.start[name] in options else 0
        chosen = st.selectbox(
            label,
            list(options),
            index,
            format_func=lambda option: _label(options[option]),
            key=self._key(name),
            help=help or None,
        )
        return str(self._keep(name, chosen))

    def check(self, name: str, label: str) -> bool:
        return bool(self._keep(name, st.checkbox(label, self.start[name], key=self._key(name))))

    def minutes(self, name: str, label: str, *, help: str = "") -> int:
        """A length of time, of some that are usual and the one that is set."""
        options = sorted({*_WAITS, int(self.start[name])})
        index = options.index(int(self.start[name]))
        chosen = st.selectbox(label, options, index, format_func=minutes_text, key=self._key(name), help=help or None)
        return int(self._keep(name, chosen))

    def several(self, name: str, label: str, options: Mapping[Any, str], *, placeholder: str, help: str = "") -> list[Any]:
        default = [option for option in self.start[name] if option in options]
        chosen = st.multiselect(
            label,
            list(options),
            default,
            format_func=lambda option: _label(options[option]),
            placeholder=placeholder,
            key=self._key(name),
            help=help or None,
        )
        return list(self._keep(name, chosen))

    def clock(self, name: str, label: str) -> str:
        """A time of day as “18:30”."""
        hour, _, minute = str(self.start[name] or "18:00").partition(":")
        at = st.time_input(label, time(int(hour), int(minute)), step=300, key=self._key(name))
        return str(self._keep(name, f"{at or time(18):%H:%M}"))

    def take(self, name: str, value: Any) -> None:
        """A value that a widget of its own has given, right after that widget."""
        self._keep(name, value)

    def refuse(self, error: Invalid) -> None:
        """Shows each complaint at its field; those about none at the end."""
        complaints: Sequence[tuple[str, str]] = error.data.get("complaints") or (("", error.message),)
        for name, sentence in complaints:
            place = self._places.get(name.partition(".")[0])
            (place or st).error(plain(worded(sentence)), icon=":material/error:")

    def _keep(self, name: str, value: Any) -> Any:
        self.values[name] = value
        self._places[name] = st.container()
        return value

    def _key(self, name: str) -> str:
        return f"{self.key}:{name}"
