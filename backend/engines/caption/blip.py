"""Captions by a BLIP model from a folder, in one warm child: torch never comes into this process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from backend.engines.caption.port import Ask, CaptionerName, CaptionRequest, Form, Said
from backend.engines.diffusion.process import missing_libraries
from backend.engines.diffusion.warm import Warm
from backend.engines.events import Alive, EngineStatus, Progress
from backend.engines.text.port import TextRequest
from backend.errors import EngineUnavailable, Unsupported
from backend.settings import Settings

CHILD = "backend.engines.caption.child_blip"
_HOW = "Set BLIP_DIR to the folder of a BLIP caption model in transformers format."


class BlipCaptioner:
    """A sentence of its own making for each picture; it has no notion of tags or of what not to name."""

    name: CaptionerName = "blip"
    forms: tuple[Form, ...] = ("sentence",)
    paid = False
    needs_pixels = True
    batch = 8
    at_once = 1

    def __init__(self, settings: Settings) -> None:
        self._folder = (settings.blip_dir or Path()).expanduser().absolute()
        order = {
            "folder": str(self._folder), "device": settings.blip_device, "threads": settings.engine_threads,
            "idle_s": settings.engine_idle_s,
        }  # fmt: skip
        self._child, self._device = Warm(CHILD, order, settings), settings.blip_device

    def run(self, request: CaptionRequest, ask: Ask) -> Generator[Alive | Progress | Said, None, None]:
        if why := self._wrong():
            raise Unsupported(why)
        if missing := missing_libraries(("torch", "transformers")):
            raise EngineUnavailable(f"Not installed: {', '.join(missing)}. Run `make run` again, which installs them.")
        paths = [str(shown.path) for shown in request.pictures]
        with closing(self._child.run({"pictures": paths})) as said:
            for message in said:
                match message:
                    case {"n": int(n), "text": str(words)}:
                        yield Said(n, words, model=self._folder.name)
                    case {"n": int(n), "refused": str(why)}:
                        yield Said(n, refused=why, model=self._folder.name)
                    case _:
                        yield Alive()

    def question(self, request: CaptionRequest) -> TextRequest | None:
        return None

    def unload(self) -> None:
        self._child.unload()

    def status(self) -> EngineStatus:
        why = self._wrong()
        detail = why or f"Pictures are described by {self._folder.name}, on this machine."
        return EngineStatus("captions", not why, "" if why else self._folder.name, detail, self._device)

    def _wrong(self) -> str:
        if not self._folder.is_dir():
            return f"BLIP_DIR {self._folder.name} is no folder. {_HOW}"
        if not (self._folder / "config.json").is_file() or not any(self._folder.glob("*.safetensors")):
            return f"BLIP_DIR {self._folder.name} holds no model (config.json and .safetensors are needed). {_HOW}"
        return ""
