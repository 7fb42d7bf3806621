"""The speech port: words in, a voice that says them out, with the time of every word where the engine knows it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from backend.engines.ports.events import EngineStatus, Event
from backend.errors import EngineError

TimingSource = Literal["engine", "aligned", "sentence", "none"]
"""How the times of words are known: measured by the engine, aligned with the sound, by sentences, or not at all."""
MIN_SPEED, MAX_SPEED = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class SpeechVoice:
    """A voice that an engine offers. `language`: ISO 639-1; `also`: other languages it speaks. `quality`: natural, or robotic
    (understandable, not for a finished video). `licence`: of its weights; `commercial` False: not for earning money.
    `weights_sha256`: of the file that holds it, "" where only its maker has it.
    """

    name: str
    title: str
    language: str
    licence: str
    quality: Literal["natural", "robotic"] = "natural"
    commercial: bool = True
    weights_sha256: str = ""
    also: tuple[str, ...] = ()

    def speaks(self, language: str) -> bool:
        return language[:2] in (self.language, *self.also)


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """`text` as it is to be spoken (after the lexicon). `speed` 1.0: the voice's own pace; 0.5 to 2.0. `workdir`: where the WAV
    is written. `sample`: for a copied voice of an engine that keeps no copies, a WAV file of the person, whose consent is
    valid."""

    text: str
    voice: str
    language: str
    workdir: Path
    speed: float = 1.0
    sample: Path | None = None


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is written, with the punctuation that follows it, and when it is heard, in seconds of the file."""

    text: str
    start_s: float
    end_s: float


class SpeechLost(EngineError):
    """The answer to a paid request was lost: it may have been paid. Nothing is asked again by itself."""

    code = "speech_lost"
    retryable = False


class SpeechEngine(Protocol):
    """`run` yields Progress and Alive, then one Output: a WAV file (PCM, 16 bit, mono). Its meta, each of SpokenWord: `words`,
    as many as `word_times.words_of(text)` has, or empty; `sentences`, together the whole text, or empty.

    `paid`: a request costs money. Closing `run` stops it. Raises Unsupported (voice or language), Rejected (the text),
    EngineUnavailable and RateLimited (nothing was paid), SpeechLost.
    """

    name: str
    title: str
    paid: bool

    def voices(self) -> list[SpeechVoice]:
        """The best first. Cheap; empty where nothing is installed or the server is away."""
        ...

    def run(self, request: SpeechRequest) -> Generator[Event, None, None]: ...

    def quote_usd(self, text: str) -> Decimal:
        """What speaking `text` costs; 0 where it is free."""
        ...

    def status(self) -> EngineStatus: ...

    def close(self) -> None: ...


@runtime_checkable
class VoiceCloner(Protocol):
    """A speech engine that copies somebody's voice. Nothing is sent to it before that person's consent is valid.

    `keeps_copies` False: it keeps nothing of the person, and each request brings the recording (`SpeechRequest.sample`).
    """

    keeps_copies: bool

    def clone_problem(self, language: str) -> str:
        """Why it cannot copy a voice that speaks `language` (ISO 639-1; "": any), as a sentence; "" where it can. Cheap."""
        ...

    def clone(self, sample: Path, *, title: str, mark: str, language: str) -> Generator[Event | SpeechVoice, None, None]:
        """`sample`: a WAV file of the voice. `mark`: of this order; a voice that bears it already is taken instead of making
        a second. Yields Alive, then the voice. Raises as `run`."""
        ...

    def forget(self, name: str) -> None:
        """Deletes a copied voice; one that is gone already is fine. Raises EngineUnavailable, RateLimited, Unsupported."""
        ...

    def forget_marked(self, mark: str) -> None:
        """Deletes the voice that bears `mark`, if there is one: its order ended before its answer was written down. Raises as
        `forget`."""
        ...


@runtime_checkable
class SpeechHistory(Protocol):
    """A paid speech engine that tells afterwards what it spoke."""

    def recover(self, request: SpeechRequest, *, since: datetime) -> Generator[Event, None, None]:
        """Fetches the sound of a request like this one (same voice, words and speed) that was answered at `since` or later,
        which is not paid again. Yields Alive, and then `run`'s Output, or nothing where there was none. Raises
        EngineUnavailable, RateLimited, Rejected and Unsupported where the history cannot be read now."""
        ...


class Transcriber(Protocol):
    """Writes down what is said in a recording."""

    name: str
    languages: tuple[str, ...]

    def run(self, wav: Path) -> Generator[Event | str, None, None]:
        """Yields Alive, then the words, in lower case and without punctuation; "" where none were understood."""
        ...

    def close(self) -> None: ...


class WordAligner(Protocol):
    """Finds when each word of a known text is said."""

    name: str
    languages: tuple[str, ...]

    def run(self, wav: Path, sentences: tuple[SpokenWord, ...]) -> Generator[Event | tuple[SpokenWord, ...], None, None]:
        """`sentences`: the text, with the times between which each is said. Yields Alive, then the words, or () where the sound
        and the text do not fit."""
        ...

    def close(self) -> None: ...
