"""What programs write into pictures about how they were made: read from strangers, and written for those who ask for it.

Reading never raises: whatever a file says, the answer is a Recipe with what could be understood and sentences about the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from backend.engines.comfyui import graph
from backend.kit.texts import printable

KEYS = ("influencerai", "parameters", "prompt", "workflow")
"""Of a PNG's text chunks; `parameters` also stands for the EXIF comment of a JPEG or WebP."""
LONGEST = 512 * 1024
"""Characters of one text."""
_PROMPT = 20_000
_LORA = re.compile(r"<\s*lora\s*:\s*([^<>:\s][^<>:]{0,199})(?::([^<>]{0,20}))?[^<>]{0,40}>", re.IGNORECASE)
_SETTING = re.compile(r'\s*([A-Za-z][\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"(\d{1,5})\s*x\s*(\d{1,5})")


@dataclass(frozen=True, slots=True)
class FoundRecipe:
    """`format`: influencerai, a1111, comfyui, or "" when nothing was found. 0, "" or -1 (seed): not said.

    `loras`: (name as written, weight). `notes`: sentences on what could not be used.
    """

    format: str = ""
    prompt: str = ""
    negative: str = ""
    model: str = ""
    sampler: str = ""
    steps: int = 0
    cfg: float = 0.0
    seed: int = -1
    width: int = 0
    height: int = 0
    loras: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


NOTHING = "The file says nothing about how it was made. It was kept without a recipe."


def read(texts: Mapping[str, str]) -> FoundRecipe:
    """Ours first, then A1111's, then ComfyUI's graph."""
    said = {key: texts[key][:LONGEST].replace("\x00", "") for key in KEYS if texts.get(key, "").strip()}
    notes: list[str] = []
    for key in KEYS:
        if key in said:
            found, note = _READERS[key](said[key])
            if found:
                return replace(_bounded(found), notes=found.notes)
            notes.append(note)
    return FoundRecipe(notes=tuple(notes) or (NOTHING,))


Reading = tuple[FoundRecipe | None, str]


def _ours(text: str) -> Reading:
    said = _json(text)
    if not isinstance(said, dict) or "prompt" not in said:
        return None, "Its InfluencerAI recipe is damaged and was left out."
    loras = [(str(one.get("name", ""))[:200], number(one.get("weight"), 1.0)) for one in _dicts(said.get("loras"))]
    return FoundRecipe(
        "influencerai", str(said["prompt"]), str(said.get("negativePrompt", "")), str(said.get("model", "")),
        str(said.get("sampler", "")), whole(said.get("steps")), number(said.get("cfg")), whole(said.get("seed"), -1),
        whole(said.get("width")), whole(said.get("height")), tuple(loras),
    ), ""  # fmt: skip


def _a1111(text: str) -> Reading:
    lines = text.strip().split("\n")
    at = next((n for n in range(len(lines) - 1, -1, -1) if re.match(r"\s*Steps:\s*\d", lines[n])), None)
    if at is None:
        return None, "Its generation parameters have no line of settings, so they could not be read."
    settings = {key.strip().lower(): value.strip().strip('"') for key, value in _SETTING.findall(" ".join(lines[at:])[:20_000])}
    words = "\n".join(lines[:at])
    prompt, _, negative = words.partition("Negative prompt:")
    size = _SIZE.fullmatch(settings.get("size", ""))
    loras = tuple((name.strip(), number(weight, 1.0)) for name, weight in _LORA.findall(prompt[:_PROMPT])[:50])
    return FoundRecipe(
        "a1111", _tidy(_LORA.sub("", prompt)), negative.strip(), settings.get("model", ""),
        settings.get("sampler", ""), whole(settings.get("steps")), number(settings.get("cfg scale")),
        whole(settings.get("seed"), -1), int(size[1]) if size else 0, int(size[2]) if size else 0, loras,
    ), ""  # fmt: skip


def _comfy(text: str) -> Reading:
    said = _json(text)
    found = graph.read_parameters(said) if isinstance(said, dict) else None
    if found is None:
        return None, "Its ComfyUI graph has no sampler the studio understands, so the recipe was left out."
    return FoundRecipe("comfyui", **found), ""


_READERS = {"influencerai": _ours, "parameters": _a1111, "prompt": _comfy, "workflow": _comfy}


def a1111(said: FoundRecipe) -> str:
    """As A1111 and the many that read it write it."""
    loras = "".join(f" <lora:{name}:{weight:g}>" for name, weight in said.loras)
    settings = {
        "Steps": said.steps, "Sampler": said.sampler, "CFG scale": f"{said.cfg:g}", "Seed": str(said.seed),
        "Size": f"{said.width}x{said.height}", "Model": said.model,
    }  # fmt: skip
    negative = f"\nNegative prompt: {said.negative}" if said.negative else ""
    line = ", ".join(f"{key}: {_quoted(value)}" for key, value in settings.items() if value not in ("", 0, "-1"))
    return f"{said.prompt}{loras}{negative}\n{line}"


def ours(said: FoundRecipe, **more: Any) -> str:
    """JSON under the key `influencerai`."""
    plain = {key: value for key, value in asdict(said).items() if key not in ("format", "negative", "loras", "notes")}
    loras = [{"name": name, "weight": weight} for name, weight in said.loras]
    return json.dumps({"version": 1, **plain, "negativePrompt": said.negative, "loras": loras, **more}, ensure_ascii=False)


def _bounded(found: FoundRecipe) -> FoundRecipe:
    side = found.width if 0 < found.width <= 16384 and 0 < found.height <= 16384 else 0
    return replace(
        found,
        prompt=printable(found.prompt[:_PROMPT]), negative=printable(found.negative[:_PROMPT]),
        model=printable(found.model[:200]), sampler=printable(found.sampler[:100]),
        steps=found.steps if 0 <= found.steps <= 10_000 else 0, cfg=found.cfg if 0 <= found.cfg <= 1000 else 0.0,
        seed=found.seed if 0 <= found.seed < 2**63 else -1, width=side, height=found.height if side else 0,
        loras=tuple(
            (said, min(10.0, max(-10.0, weight))) for name, weight in found.loras if (said := printable(name))
        )[:50],
    )  # fmt: skip


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)][:50] if isinstance(value, list) else []


def whole(value: Any, otherwise: int = 0) -> int:
    found = number(value, float(otherwise)) if not isinstance(value, int) else value
    return int(found) if abs(found) < 2**63 else otherwise


def number(value: Any, otherwise: float = 0.0) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return found if found == found and abs(found) != float("inf") else otherwise


def _tidy(prompt: str) -> str:
    """No commas left alone where a LoRA's word was lifted out. Each run of blanks is looked at once, however long."""
    return re.sub(r"(?<![ \t])[ \t]*,(?:[ \t]*,)+", ",", prompt).strip().strip(",").strip()


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ',:\n"') else text


def from_plain(said: Mapping[str, Any]) -> FoundRecipe:
    """`asdict` of one, after JSON."""
    loras = tuple((str(name), float(weight)) for name, weight in said["loras"])
    return FoundRecipe(**{**said, "loras": loras, "notes": tuple(said["notes"])})
