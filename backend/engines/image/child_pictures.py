"""`python -m backend.engines.image.child_pictures ORDER`: the pictures an engine elsewhere draws from. Says one JSON line.

`{"do": "open", "picture", "out"}`: any picture as a PNG. `{"do": "hole", "request", "card", "start", "hole"}`: what is drawn
anew of a picture under a mask, at the model's size. `{"do": "back", "request", "card", "drawn", "out"}`: laid back into it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.inpaint import Painting, opened
from backend.engines.image.port import ImageRequest, ModelCard
from backend.errors import EngineError


def main() -> None:
    order = json.loads(sys.argv[1])
    try:
        answer = {"open": _open, "hole": _hole, "back": _back}[order["do"]](order)
    except EngineError as refused:
        answer = {"refused": refused.code, "message": refused.message}
    except MemoryError:
        answer = {"refused": "rejected", "message": "There was not enough memory for this picture. Choose a smaller one."}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _open(order: dict[str, Any]) -> dict[str, Any]:
    picture = opened(Path(order["picture"]))
    picture.save(order["out"], "PNG", compress_level=3)
    return {"width": picture.width, "height": picture.height}


def _hole(order: dict[str, Any]) -> dict[str, Any]:
    painting = _painting(order)
    painting.start().save(order["start"], "PNG", compress_level=3)
    painting.hole().convert("RGB").save(order["hole"], "PNG")
    return {"width": painting.width, "height": painting.height}


def _back(order: dict[str, Any]) -> dict[str, Any]:
    whole = _painting(order).put_back(opened(Path(order["drawn"])))
    part = Path(order["out"]).with_suffix(".part")
    whole.save(part, "PNG", compress_level=3)
    part.replace(order["out"])
    return {"width": whole.width, "height": whole.height}


def _painting(order: dict[str, Any]) -> Painting:
    return Painting.of(ipc_codec.load(ImageRequest, order["request"]), ipc_codec.load(ModelCard, order["card"]))


if __name__ == "__main__":
    main()
