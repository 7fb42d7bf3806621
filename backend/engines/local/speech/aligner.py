"""When each word of a known English text is said, by forced alignment with PocketSphinx in a child process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from backend.engines.local.torch_host.process import WarmChild
from backend.engines.ports.events import Alive, Event
from backend.engines.ports.speech import SpokenWord
from backend.engines.ports.word_times import words_of
from backend.settings import Settings


class SphinxAligner:
    name = "pocketsphinx"
    languages: tuple[str, ...] = ("en",)

    def __init__(self, settings: Settings) -> None:
        child_settings = {"threads": 1, "idle_s": settings.engines.local.idle_s}
        self._child = WarmChild("backend.engines.local.speech.child_align", child_settings, settings)

    def run(self, wav: Path, sentences: tuple[SpokenWord, ...]) -> Generator[Event | tuple[SpokenWord, ...], None, None]:
        order = [[words_of(sentence.text), sentence.start_s, sentence.end_s] for sentence in sentences]
        words: list[SpokenWord] = []
        with closing(self._child.run({"wav": str(wav), "sentences": order})) as messages:
            for message in messages:
                match message:
                    case {"words": list(times)}:
                        texts = [text for sentence in sentences for text in words_of(sentence.text)]
                        words = [SpokenWord(text, start, end) for text, (start, end) in zip(texts, times, strict=True)]
                    case _:
                        yield Alive()
        yield tuple(words)

    def close(self) -> None:
        self._child.unload()
