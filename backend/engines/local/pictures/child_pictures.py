"""`python -m backend.engines.local.pictures.child_pictures REQUEST`: prepares pictures for other engines.

Prints one JSON line. REQUEST is JSON:
`{"do": "open", "picture", "out"}`: converts to PNG. `{"do": "hole", "request", "card", "start", "hole"}`: the crop around a
mask and the mask itself, at the model's size. `{"do": "back", "request", "card", "drawn", "out"}`: pastes the result back.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from backend.engines.local.pictures.inpaint import Inpaint, open_rgb
from backend.engines.local.torch_host import ipc_codec
from backend.engines.ports.image import ImageRequest, ModelCard
from backend.errors import EngineError
from backend.language import stored, tr_lazy


def main() -> None:
    request = json.loads(sys.argv[1])
    try:
        answer = {"open": _open, "hole": _hole, "back": _back}[request["do"]](request)
    except EngineError as error:
        answer = {"refused": error.code, "message": stored(error.message)}
    except MemoryError:
        answer = {
            "refused": "rejected",
            "message": stored(tr_lazy("There was not enough memory for this picture. Choose a smaller one.")),
        }
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _open(request: dict[str, Any]) -> dict[str, Any]:
    picture = open_rgb(Path(request["picture"]))
    picture.save(request["out"], "PNG", compress_level=3)
    return {"width": picture.width, "height": picture.height}


def _hole(request: dict[str, Any]) -> dict[str, Any]:
    inpaint = _load_inpaint(request)
    inpaint.source_crop().save(request["start"], "PNG", compress_level=3)
    inpaint.mask_crop().convert("RGB").save(request["hole"], "PNG")
    return {"width": inpaint.width, "height": inpaint.height}


def _back(request: dict[str, Any]) -> dict[str, Any]:
    picture = _load_inpaint(request).paste_back(open_rgb(Path(request["drawn"])))
    part_path = Path(request["out"]).with_suffix(".part")
    picture.save(part_path, "PNG", compress_level=3)
    part_path.replace(request["out"])
    return {"width": picture.width, "height": picture.height}


def _load_inpaint(request: dict[str, Any]) -> Inpaint:
    return Inpaint.of(ipc_codec.load(ImageRequest, request["request"]), ipc_codec.load(ModelCard, request["card"]))


if __name__ == "__main__":
    main()
