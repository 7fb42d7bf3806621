"""What a LoRA may be called, and what it fits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import count

from backend.errors import Invalid
from backend.language import joined, tr_lazy

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


def lora_name(text: str) -> str:
    """The nearest valid name for `<lora:name:0.8>`: “Bella, v1.safetensors” -> “bella-v1”."""
    plain = unicodedata.normalize("NFKD", text.removesuffix(".safetensors")).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:60].strip("-._")
    return word if NAME.fullmatch(word) else f"lora-{word}".strip("-") if word else "lora"


def check_name(name: str) -> str:
    """Raises Invalid."""
    if not NAME.fullmatch(name):
        rule = tr_lazy(
            "A LoRA's name is the word used in <lora:name:0.8>: 3 to 64 small letters, digits, dots, dashes or underscores."
        )
        raise Invalid(joined(rule, tr_lazy("For example: {name}.", name=lora_name(name)) if name.strip() else ""))
    return name


def next_free(name: str, taken: Collection[str]) -> str:
    """`name`, or `name-v2`, `name-v3` … when it is taken; from `name-v2` it goes on with `name-v3`."""
    if name not in taken:
        return name
    stem, start = (match[1], int(match[2])) if (match := re.fullmatch(r"(.+)-v(\d{1,6})", name)) else (name, 1)
    return next(candidate for n in count(start + 1) if (candidate := f"{stem[:56]}-v{n}") not in taken)
