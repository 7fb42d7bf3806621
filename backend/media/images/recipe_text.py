"""Generation parameters in pictures: parsed from A1111, ComfyUI and our own files, and written for exports.

Parsing never raises: the result is a ParsedRecipe with what was understood, and sentences about the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from backend.kit.texts import printable
from backend.language import tr_lazy
from backend.media.images import comfyui_graph

TEXT_KEYS = ("influencerai", "parameters", "prompt", "workflow")
"""Keys of PNG text chunks, the preferred first; `parameters` is also used for the EXIF comment of a JPEG or WebP."""
MAX_TEXT_CHARS = 512 * 1024
"""Characters of one text."""
_MAX_PROMPT_CHARS = 20_000
_LORA_TAG = re.compile(r"<\s*lora\s*:\s*([^<>:\s][^<>:]{0,199})(?::([^<>]{0,20}))?[^<>]{0,40}>", re.IGNORECASE)
_SETTING = re.compile(r'\s*([A-Za-z][\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"(\d{1,5})\s*x\s*(\d{1,5})")


@dataclass(frozen=True, slots=True)
class ParsedRecipe:
    """`format`: influencerai, a1111, comfyui, or "" when nothing was found. 0, "" or -1 (seed): unknown.

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


NO_RECIPE = tr_lazy("The file does not say how it was made. It was kept without a prompt.")


def read_recipe(texts: Mapping[str, str]) -> ParsedRecipe:
    """The first of TEXT_KEYS that can be parsed: our own, then A1111's, then ComfyUI's graph."""
    present = {key: texts[key][:MAX_TEXT_CHARS].replace("\x00", "") for key in TEXT_KEYS if texts.get(key, "").strip()}
    notes: list[str] = []
    for key in TEXT_KEYS:
        if key in present:
            recipe, note = _READERS[key](present[key])
            if recipe:
                return replace(_clamp(recipe), notes=recipe.notes)
            notes.append(note)
    return ParsedRecipe(notes=tuple(notes) or (NO_RECIPE,))


ReadResult = tuple[ParsedRecipe | None, str]


def _read_own(text: str) -> ReadResult:
    data = _parse_json(text)
    if not isinstance(data, dict) or "prompt" not in data:
        return None, tr_lazy("Its InfluencerAI prompt and settings are damaged and were left out.")
    loras = [(str(lora.get("name", ""))[:200], to_float(lora.get("weight"), 1.0)) for lora in _list_of_dicts(data.get("loras"))]
    return ParsedRecipe(
        "influencerai",
        str(data["prompt"]),
        str(data.get("negativePrompt", "")),
        str(data.get("model", "")),
        str(data.get("sampler", "")),
        to_int(data.get("steps")),
        to_float(data.get("cfg")),
        to_int(data.get("seed"), -1),
        to_int(data.get("width")),
        to_int(data.get("height")),
        tuple(loras),
    ), ""


def _read_a1111(text: str) -> ReadResult:
    lines = text.strip().split("\n")
    settings_line = next((n for n in range(len(lines) - 1, -1, -1) if re.match(r"\s*Steps:\s*\d", lines[n])), None)
    if settings_line is None:
        return None, tr_lazy("Its generation parameters have no line of settings, so they could not be read.")
    settings = {
        key.strip().lower(): value.strip().strip('"')
        for key, value in _SETTING.findall(" ".join(lines[settings_line:])[:20_000])
    }
    prompt_text = "\n".join(lines[:settings_line])
    prompt, _, negative = prompt_text.partition("Negative prompt:")
    size = _SIZE.fullmatch(settings.get("size", ""))
    loras = tuple((name.strip(), to_float(weight, 1.0)) for name, weight in _LORA_TAG.findall(prompt[:_MAX_PROMPT_CHARS])[:50])
    return ParsedRecipe(
        "a1111",
        _tidy_commas(_LORA_TAG.sub("", prompt)),
        negative.strip(),
        settings.get("model", ""),
        settings.get("sampler", ""),
        to_int(settings.get("steps")),
        to_float(settings.get("cfg scale")),
        to_int(settings.get("seed"), -1),
        int(size[1]) if size else 0,
        int(size[2]) if size else 0,
        loras,
    ), ""


def _read_comfyui(text: str) -> ReadResult:
    data = _parse_json(text)
    fields = comfyui_graph.read_parameters(data) if isinstance(data, dict) else None
    if fields is None:
        return None, tr_lazy("Its ComfyUI graph has no sampler the studio understands, so prompt and settings were left out.")
    return ParsedRecipe("comfyui", **fields), ""


_READERS = {"influencerai": _read_own, "parameters": _read_a1111, "prompt": _read_comfyui, "workflow": _read_comfyui}


def to_a1111(recipe: ParsedRecipe) -> str:
    """The parameters in A1111's text format, which many programs read."""
    loras = "".join(f" <lora:{name}:{weight:g}>" for name, weight in recipe.loras)
    settings = {
        "Steps": recipe.steps,
        "Sampler": recipe.sampler,
        "CFG scale": f"{recipe.cfg:g}",
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model": recipe.model,
    }
    negative = f"\nNegative prompt: {recipe.negative}" if recipe.negative else ""
    settings_text = ", ".join(f"{key}: {_quote(value)}" for key, value in settings.items() if value not in ("", 0, "-1"))
    return f"{recipe.prompt}{loras}{negative}\n{settings_text}"


def to_own_json(recipe: ParsedRecipe, **extra: Any) -> str:
    """Our own JSON, stored under the key `influencerai`; `extra`: further fields."""
    fields = {key: value for key, value in asdict(recipe).items() if key not in ("format", "negative", "loras", "notes")}
    loras = [{"name": name, "weight": weight} for name, weight in recipe.loras]
    return json.dumps({"version": 1, **fields, "negativePrompt": recipe.negative, "loras": loras, **extra}, ensure_ascii=False)


def _clamp(recipe: ParsedRecipe) -> ParsedRecipe:
    side = recipe.width if 0 < recipe.width <= 16384 and 0 < recipe.height <= 16384 else 0
    return replace(
        recipe,
        prompt=printable(recipe.prompt[:_MAX_PROMPT_CHARS]),
        negative=printable(recipe.negative[:_MAX_PROMPT_CHARS]),
        model=printable(recipe.model[:200]),
        sampler=printable(recipe.sampler[:100]),
        steps=recipe.steps if 0 <= recipe.steps <= 10_000 else 0,
        cfg=recipe.cfg if 0 <= recipe.cfg <= 1000 else 0.0,
        seed=recipe.seed if 0 <= recipe.seed < 2**63 else -1,
        width=side,
        height=recipe.height if side else 0,
        loras=tuple(
            (printable_name, min(10.0, max(-10.0, weight)))
            for name, weight in recipe.loras
            if (printable_name := printable(name))
        )[:50],
    )


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _list_of_dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)][:50] if isinstance(value, list) else []


def to_int(value: Any, default: int = 0) -> int:
    value_number = to_float(value, float(default)) if not isinstance(value, int) else value
    return int(value_number) if abs(value_number) < 2**63 else default


def to_float(value: Any, default: float = 0.0) -> float:
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return result if result == result and abs(result) != float("inf") else default


def _tidy_commas(prompt: str) -> str:
    """Removes the commas left where LoRA tags were cut out. Linear in time: each run of blanks is matched once."""
    return re.sub(r"(?<![ \t])[ \t]*,(?:[ \t]*,)+", ",", prompt).strip().strip(",").strip()


def _quote(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ',:\n"') else text


def from_dict(data: Mapping[str, Any]) -> ParsedRecipe:
    """A ParsedRecipe from its `asdict` after a JSON round trip."""
    loras = tuple((str(name), float(weight)) for name, weight in data["loras"])
    return ParsedRecipe(**{**data, "loras": loras, "notes": tuple(data["notes"])})
