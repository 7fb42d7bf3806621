"""What is said in an English recording, by PocketSphinx in a child process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from backend.engines.local.torch_host.process import WarmChild
from backend.engines.ports.events import Alive, Event
from backend.settings import Settings


class SphinxTranscriber:
    name = "pocketsphinx"
    languages: tuple[str, ...] = ("en",)

    def __init__(self, settings: Settings) -> None:
        child_settings = {"threads": 1, "idle_s": settings.engines.local.idle_s}
        self._child = WarmChild("backend.engines.local.speech.child_transcribe", child_settings, settings)

    def run(self, wav: Path) -> Generator[Event | str, None, None]:
        text = ""
        with closing(self._child.run({"wav": str(wav)})) as messages:
            for message in messages:
                match message:
                    case {"text": str(words)}:
                        text = words
                    case _:
                        yield Alive()
        yield text

    def close(self) -> None:
        self._child.unload()
