"""The prompt format a base model was trained on, for those who write prompts for it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

PromptFormat = Literal["natural", "tags", "slots"]
_MAX_NAME_WORDS = 3
_WORD = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class PromptForm:
    """`form`: `natural` (any words), `tags` (short comma-separated tags) or `slots` (only the phrases in `slots`).

    `slots`: slot (`mood`, `place`, `clothes` …) -> its phrases; a prompt takes one of each, and an empty phrase means that the
    slot is optional. The slot `place` is chosen by topic. `words`: words that change the picture wherever they stand; empty:
    every word does. `others`: further words the model knows, such as colours and function words.
    """

    form: PromptFormat = "natural"
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PromptForm:
        """From the JSON of a model folder. Raises KeyError, TypeError, ValueError."""
        form = data.get("form", "natural")
        if form not in ("natural", "tags", "slots"):
            raise ValueError(f"there is no prompt form {form!r}")
        slots = {str(name): tuple(map(str, phrases)) for name, phrases in data.get("slots", {}).items()}
        if (form == "slots") != any(slots.values()):
            raise ValueError("slots are what the prompt form 'slots' needs, and only that")
        return cls(form, slots, *(frozenset(map(str, data.get(name, ()))) for name in ("words", "others")))

    def known_phrases(self, prompt: str) -> str:
        """The parts of `prompt` that are phrases of the slots, "" when none is; unchanged for other formats."""
        if self.form != "slots":
            return prompt
        phrases = {phrase.lower() for slot_phrases in self.slots.values() for phrase in slot_phrases if phrase}
        parts = (" ".join(part.split()) for part in prompt.split(","))
        return ", ".join(dict.fromkeys(part for part in parts if part.lower() in phrases))

    def effective_prompt(self, prompt: str) -> str:
        """`prompt` without the comma-separated parts that mean nothing to the model: they would only add noise.

        Names are kept: a single unknown word anywhere, up to three at the beginning.
        """
        if not self.words:
            return prompt
        parts = prompt.split(",")
        return ",".join(part for n, part in enumerate(parts) if self._is_relevant(part, first=n == 0)).strip()

    def _is_relevant(self, part: str, *, first: bool) -> bool:
        tokens = set(_WORD.findall(part.lower()))
        unknown = tokens - self.others - self.words
        return not unknown or bool(tokens & self.words) or len(tokens) == 1 or (first and len(unknown) <= _MAX_NAME_WORDS)


NATURAL = PromptForm()
_TAG_TRAINED = ("pony", "illustrious", "noobai", "animagine", "anything-v", "counterfeit", "waifu")
"""Name parts of base models that were trained on tags."""


def form_from_name(name: str) -> PromptForm:
    """The format of a base model without a card of its own, guessed from its name."""
    return PromptForm("tags") if any(part in name.lower() for part in _TAG_TRAINED) else NATURAL
