"""How a checkpoint wants its picture prompts: what its card says, and what writers of prompts go by. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

Form = Literal["natural", "tags", "slots"]
_LONGEST_NAME = 3
_WORD = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class PromptForm:
    """`form`: `natural` (any words), `tags` (short comma-separated tags) or `slots`: it knows the phrases of `slots` alone.

    `slots`: what a phrase is about (`mood`, `place`, `clothes` …) -> the phrases, one of each makes a prompt; an empty phrase
    says that the slot may be left out. The slot `place` is the one that a topic decides. `words`: those that say something to
    it wherever they stand, none: any word does; `others`: that it knows too, colours and little words.
    """

    form: Form = "natural"
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @classmethod
    def of(cls, plain: dict[str, Any]) -> PromptForm:
        """From the JSON of a model folder. Raises KeyError, TypeError, ValueError."""
        form = plain.get("form", "natural")
        if form not in ("natural", "tags", "slots"):
            raise ValueError(f"there is no prompt form {form!r}")
        slots = {str(name): tuple(map(str, phrases)) for name, phrases in plain.get("slots", {}).items()}
        if (form == "slots") != any(slots.values()):
            raise ValueError("slots are what the prompt form 'slots' needs, and only that")
        return cls(form, slots, *(frozenset(map(str, plain.get(name, ()))) for name in ("words", "others")))

    def known(self, prompt: str) -> str:
        """`prompt` without the parts that the checkpoint does not know; "": it knows none. Other forms: as it is."""
        if self.form != "slots":
            return prompt
        phrases = {phrase.lower() for some in self.slots.values() for phrase in some if phrase}
        parts = (" ".join(part.split()) for part in prompt.split(","))
        return ", ".join(dict.fromkeys(part for part in parts if part.lower() in phrases))

    def heard(self, prompt: str) -> str:
        """`prompt` as it is drawn: parts between commas that say nothing to the checkpoint are left out, so that they change
        nothing. Names are no such parts: a single word stays anywhere, up to three at the beginning.
        """
        if not self.words:
            return prompt
        parts = prompt.split(",")
        return ",".join(part for n, part in enumerate(parts) if self._counts(part, first=n == 0)).strip()

    def _counts(self, part: str, *, first: bool) -> bool:
        said = set(_WORD.findall(part.lower()))
        unknown = said - self.others - self.words
        return not unknown or bool(said & self.words) or len(said) == 1 or (first and len(unknown) <= _LONGEST_NAME)


NATURAL = PromptForm()
_TAGGED = ("pony", "illustrious", "noobai", "animagine", "anything-v", "counterfeit", "waifu")
"""Parts of the names of checkpoints that were trained on tags."""


def by_name(name: str) -> PromptForm:
    """Of a checkpoint whose card says nothing about it."""
    return PromptForm("tags") if any(part in name.lower() for part in _TAGGED) else NATURAL
