"""Questions with pictures: parts as openrouter.md, 2 says (text first, data URLs of PNG, JPEG, WebP, GIF), really looked at."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

DECLINED = "I'm sorry, I can't help with this picture."
LARGEST = 768
"""px: more would be wasteful here, and is refused so that a test notices."""


def of(body: dict[str, Any]) -> list[str]:
    """The data URLs of the last question."""
    content = body["messages"][-1]["content"]
    return [part["image_url"]["url"] for part in content if part["type"] == "image_url"] if isinstance(content, list) else []


def fit(body: dict[str, Any]) -> bool:
    """Every picture can be opened, is small, and stands after the text."""
    content = body["messages"][-1]["content"]
    in_order = not of(body) or content[0]["type"] == "text"
    try:
        return in_order and all(max(_open(url).size) <= LARGEST for url in of(body))
    except (OSError, ValueError):
        return False


def described(body: dict[str, Any]) -> dict[str, str]:
    """What a model would say of the first picture: its mean colour, so that two pictures differ."""
    if not (urls := of(body)):
        return {}
    red, green, blue = _open(urls[0]).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    place = f"in front of a wall numbered {red} {green} {blue}"
    return {"caption": f"A woman with long brown hair smiling {place}, wearing a white shirt."}


def without(body: dict[str, Any]) -> list[Any]:
    """The messages without their pictures, which are not counted by the letter."""
    texts = []
    for message in body["messages"]:
        content = message["content"]
        texts.append([part for part in content if part["type"] == "text"] if isinstance(content, list) else content)
    return texts


def _open(url: str) -> Image.Image:
    head, _, data = url.partition(";base64,")
    assert head in ("data:image/jpeg", "data:image/png", "data:image/webp", "data:image/gif"), head
    return Image.open(io.BytesIO(base64.b64decode(data)))
