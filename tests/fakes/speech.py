"""A speech engine that writes real WAV files in milliseconds, and remembers what it was asked."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from backend.engines.ports.events import Alive, EngineStatus, Event, Output
from backend.engines.ports.speech import SpeechRequest, SpeechVoice, SpokenWord
from backend.engines.ports.word_times import words_of
from backend.errors import EngineError
from backend.media.audio import wav_file

RATE, WORD_S = 8000, 0.25
_TONE = b"".join(struct.pack("<h", round(4096 * math.sin(2 * math.pi * n / 40))) for n in range(round(RATE * WORD_S)))
"""A word: 200 Hz. It is brought to the loudness of platforms at the first try, as a voice is and a row of clicks is not."""


class FakeSpeech:
    """Every word takes a quarter of a second. `at(text)` is called when it was asked, before it answers. `times`: it says when
    its words are heard."""

    title = "Fake"

    def __init__(
        self, name: str = "fake", *, paid: bool = False, times: bool = True, at: Callable[[str], None] = lambda text: None
    ) -> None:
        self.name, self.paid, self.times, self.at = name, paid, times, at
        self.requests: list[SpeechRequest] = []

    def voices(self) -> list[SpeechVoice]:
        return [
            SpeechVoice("anna", "Anna", "en", "MIT"),
            SpeechVoice("nico", "Nico", "it", "CC-BY-NC-4.0", commercial=False),
        ]

    def run(self, request: SpeechRequest) -> Generator[Event, None, None]:
        self.requests.append(request)
        yield Alive()
        self.at(request.text)
        yield self._sound(request)

    def _sound(self, request: SpeechRequest) -> Output:
        words = words_of(request.text)
        request.workdir.mkdir(parents=True, exist_ok=True)
        out = request.workdir / "fake.wav"
        wav_file.write_wav(out, _TONE * len(words), RATE)
        spoken = tuple(SpokenWord(word, n * WORD_S, (n + 1) * WORD_S) for n, word in enumerate(words))
        return Output(out, 0, {"words": spoken if self.times else (), "sentences": ()})

    def quote_usd(self, text: str) -> Decimal:
        return Decimal(len(text)) / 1000 if self.paid else Decimal(0)

    def status(self) -> EngineStatus:
        return EngineStatus(self.name, True, "1", "ready")

    def close(self) -> None:
        return None


class FakeShop(FakeSpeech):
    """Costs money and has a history: `answered` texts are found in it; `history_error` is raised instead."""

    def __init__(self, name: str = "shop") -> None:
        super().__init__(name, paid=True)
        self.answered: list[str] = []
        self.history_error: EngineError | None = None

    def recover(self, request: SpeechRequest, *, since: datetime) -> Generator[Event, None, None]:
        yield Alive()
        assert since <= datetime.now(UTC)
        if self.history_error:
            raise self.history_error
        if request.text in self.answered:
            yield self._sound(request)


class FakeCloner(FakeSpeech):
    """Copies voices: `copies` has id -> (sample, mark). `during()` is called when it was asked to, before it answers."""

    title = "Copying fake"
    keeps_copies = True
    problem = ""

    def __init__(self, name: str = "copier", *, licence: str = "MIT", commercial: bool = True) -> None:
        super().__init__(name)
        self.licence, self.commercial = licence, commercial
        self.copies: dict[str, tuple[bytes, str]] = {}
        self.forgotten: list[str] = []
        self.during: Callable[[], object] = lambda: None

    def clone_problem(self, language: str) -> str:
        return self.problem

    def clone(self, sample: Path, *, title: str, mark: str, language: str) -> Generator[Event | SpeechVoice, None, None]:
        yield Alive()
        voice = next((name for name, (_, known) in self.copies.items() if known == mark), f"copy{len(self.copies)}")
        self.copies[voice] = sample.read_bytes(), mark
        self.during()
        yield Alive()
        yield SpeechVoice(voice, title, language, self.licence, commercial=self.commercial)

    def forget(self, name: str) -> None:
        self.forgotten.append(name)
        self.copies.pop(name, None)

    def forget_marked(self, mark: str) -> None:
        for name in [name for name, (_, known) in self.copies.items() if known == mark]:
            self.forget(name)


class FakeTranscriber:
    """Understands English: `text`, whatever was said."""

    name = "fake"
    languages: tuple[str, ...] = ("en",)

    def __init__(self) -> None:
        self.text = ""

    def run(self, wav: Path) -> Generator[Event | str, None, None]:
        yield Alive()
        yield self.text


class DeafAligner:
    """Never finds the words in the sound."""

    name = "deaf"
    languages: tuple[str, ...] = ("en",)

    def run(self, wav: Path, sentences: tuple[SpokenWord, ...]) -> Generator[Event | tuple[SpokenWord, ...], None, None]:
        yield Alive()
        yield ()
