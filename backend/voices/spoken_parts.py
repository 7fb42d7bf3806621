"""The sound of a text: its parts spoken one by one, joined with their pauses, at one loudness, with the time of each word."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend import assets, consents
from backend.engines.ports import word_times
from backend.engines.ports.events import Event, Output
from backend.engines.ports.speech import (
    SpeechEngine,
    SpeechLost,
    SpeechRequest,
    SpokenWord,
    TimingSource,
    VoiceCloner,
    WordAligner,
)
from backend.errors import EngineError
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.media.audio import voice_level, wav_file
from backend.voices.lexicon import SpeechPart
from backend.voices.schemas import VoiceCard

Ask = Callable[[SpeechRequest], Generator[Event, None, None]]
"""Gives the events of a request, an Output among them."""
_WORST_LAST: tuple[TimingSource, ...] = ("engine", "aligned", "sentence", "none")


@dataclass(frozen=True, slots=True)
class Sound:
    """`words`: of what was spoken."""

    path: Path
    duration_s: float
    words: tuple[SpokenWord, ...]
    timing_source: TimingSource


def speak_parts(
    ctx: JobContext,
    engine: SpeechEngine,
    voice: VoiceCard,
    parts: list[SpeechPart],
    speed: float,
    ask: Ask,
    *,
    paying: bool = False,
) -> Sound:
    """All parts, joined with their pauses. The times of words are taken of each part and moved to where it begins. `paying`:
    each part costs money, so that what fails behind the first one is SpeechLost."""
    folder = Path(tempfile.mkdtemp(prefix="speech-", dir=ctx.workdir))
    sample = _sample(ctx, engine, voice, folder)
    sounds = []
    for n, part in enumerate(parts):
        request = SpeechRequest(part.spoken, voice.engine_voice, voice.language, folder / str(n), speed, sample)
        try:
            sounds.append(_one_part(ctx, ask, request))
        except EngineError as error:
            if paying and sounds and not isinstance(error, SpeechLost):
                raise SpeechLost(
                    tr_lazy("A part of the text was paid, then this happened: {message}", message=error.message)
                ) from error
            raise
    joined = folder / "joined.wav"
    starts = wav_file.join([(sound.path, part.pause_s) for sound, part in zip(sounds, parts, strict=True)], joined)
    voice_level.level(joined)
    words = tuple(
        SpokenWord(word.text, round(start + word.start_s, 3), round(start + word.end_s, 3))
        for sound, start in zip(sounds, starts, strict=True)
        for word in sound.words
    )
    source = max((sound.timing_source for sound in sounds), key=_WORST_LAST.index)
    return Sound(joined, wav_file.duration_s(joined), words, source)


def _sample(ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, folder: Path) -> Path | None:
    """The recording of a copied voice's consent, for an engine that keeps no copies. Raises ConsentEnded."""
    if voice.consent_id is None or not isinstance(engine, VoiceCloner) or engine.keeps_copies:
        return None
    with ctx.transaction() as tx:
        recording = assets.get(tx, str(consents.check_usable(tx, voice.consent_id).asset_id))
    assets.fetch(ctx.app.storage, recording, folder / "sample.wav")
    return folder / "sample.wav"


def _one_part(ctx: JobContext, ask: Ask, request: SpeechRequest) -> Sound:
    """With the best times that can be believed: the engine's, else aligned, else a share of each sentence."""
    output: Output | None = None
    for event in ctx.pump(ask(request)):
        if isinstance(event, Output):
            output = event
    if output is None:
        raise EngineError(tr_lazy("The voice gave no sound. Try again."))
    script, duration_s = word_times.words_of(request.text), wav_file.duration_s(output.path)
    engine_words: tuple[SpokenWord, ...] = output.meta.get("words", ())
    if word_times.believable(engine_words, script, duration_s):
        return Sound(output.path, duration_s, word_times.relabelled(engine_words, script, duration_s), "engine")
    words, source = time_words(ctx, output.path, request.text, request.language, output.meta.get("sentences", ()))
    return Sound(output.path, duration_s, words, source)


def time_words(
    ctx: JobContext, wav: Path, text: str, language: str, sentences: tuple[SpokenWord, ...] = ()
) -> tuple[tuple[SpokenWord, ...], TimingSource]:
    """When each word of `text` is said in a sound: aligned where that is known for the language and can be believed, else a
    share of its sentence. `sentences`: when each is said, as far as that is known."""
    script, duration_s = word_times.words_of(text), wav_file.duration_s(wav)
    aligner = ctx.app.engines.aligner
    if not script:
        return (), "none"
    if language[:2] in aligner.languages:
        whole = sentences or (SpokenWord(text, 0.0, duration_s),)
        try:
            aligned = _aligned(ctx, aligner, wav, whole)
        except EngineError as error:
            ctx.log(tr_lazy("Words are timed by sentences: {reason}", reason=error.message), level="warning")
            aligned = ()
        if word_times.believable(aligned, script, duration_s):
            return word_times.relabelled(aligned, script, duration_s), "aligned"
    shares = word_times.spread(sentences or word_times.evenly(text, duration_s))
    if word_times.believable(shares, script, duration_s):
        return word_times.relabelled(shares, script, duration_s), "sentence"
    return (), "none"


def _aligned(ctx: JobContext, aligner: WordAligner, wav: Path, sentences: tuple[SpokenWord, ...]) -> tuple[SpokenWord, ...]:
    words: tuple[SpokenWord, ...] = ()

    def events() -> Generator[Event, None, None]:
        nonlocal words
        for event in aligner.run(wav, sentences):
            if isinstance(event, tuple):
                words = event
            else:
                yield event

    _drain(ctx.pump(events()))
    return words


def _drain(events: Iterator[Event]) -> None:
    for _ in events:
        pass
