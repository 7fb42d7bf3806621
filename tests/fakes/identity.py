"""An identity engine that reads a picture's mean colour. `down`: why it does not answer; `embedder` may be changed."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

from PIL import Image

from backend.engines.ports.events import EngineStatus, Event, Output, Progress
from backend.engines.ports.identity import IdentityRequest, Reading
from backend.errors import EngineUnavailable


class FakeIdentity:
    """Two pictures of the same colour are the same person: cosine 1; red and green: 0."""

    name = "fake"

    def __init__(self) -> None:
        self.requests: list[IdentityRequest] = []
        self.embedder = "colour:1"
        self.down = self.refused = ""

    def run(self, request: IdentityRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        self.requests.append(request)
        for n, path in enumerate(request.pictures):
            if self.down:
                raise EngineUnavailable(self.down)
            yield Progress(n, len(request.pictures), "looking")
            with Image.open(path) as picture:
                pixel: Any = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            length = math.sqrt(sum(value * value for value in pixel)) or 1.0
            vector = tuple(value / length for value in pixel)
            yield Output(Reading(self.embedder, vector=vector).save(request.workdir / f"{n}.json"), n)

    def unsupported_reason(self, base: str) -> str:
        return self.refused

    def status(self) -> EngineStatus:
        return EngineStatus("identity", not self.down, self.embedder, self.down)

    def unload(self) -> None:
        return None
