"""The voices of this machine, spoken for real in their children; the words are found again in the sound."""

from __future__ import annotations

import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from backend.consents import rules
from backend.engines.local.speech.aligner import SphinxAligner
from backend.engines.local.speech.transcriber import SphinxTranscriber
from backend.engines.ports.events import Output
from backend.engines.ports.speech import SpeechEngine, SpeechRequest, SpokenWord
from backend.engines.ports.word_times import believable, words_of
from backend.engines.registry import build_speech
from backend.errors import Rejected, Unsupported
from backend.media.audio import voice_level, wav_file
from backend.settings import Settings

TEXT = "Hello there, I'm Bella! Today I show you 3 things that cost only $129."


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, SpeechEngine]]:
    built = build_speech(Settings.read(env_file=None))
    yield built
    for engine in built.values():
        engine.close()


@pytest.fixture(scope="module")
def aligner() -> Iterator[SphinxAligner]:
    built = SphinxAligner(Settings.read(env_file=None))
    yield built
    built.close()


def say(engine: SpeechEngine, voice: str, language: str, text: str, folder: Path, speed: float = 1.0) -> Output:
    events = list(engine.run(SpeechRequest(text, voice, language, folder, speed)))
    assert isinstance(events[-1], Output)
    return events[-1]


def level_db(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    return float(20 * np.log10(np.sqrt((sound**2).mean())))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where TEXT lies as each voice says it, in a folder of its engine's name."""
    return tmp_path_factory.mktemp("spoken")


@pytest.mark.parametrize(("name", "voice"), [("hibari", "heart"), ("piper", "en_US-joe-medium")])
def test_english_is_spoken_and_every_word_is_found_in_the_sound(
    engines: dict[str, SpeechEngine], aligner: SphinxAligner, folder: Path, tmp_path: Path, name: str, voice: str
) -> None:
    for _ in range(3):  # Piper says it a little differently each time; where no alignment is found, sentences are timed
        output = say(engines[name], voice, "en", TEXT, folder / name)
        seconds = wav_file.duration_s(output.path)
        assert 4 < seconds < 12
        assert -35 < level_db(output.path) < -10
        own_words = output.meta["words"]  # Piper says when it says what, Hibari does not
        assert believable(own_words, words_of(TEXT), seconds) is (name == "piper")
        [*_, words] = aligner.run(output.path, output.meta["sentences"])
        assert isinstance(words, tuple)
        if words:
            break
    assert believable(words, words_of(TEXT), seconds)
    errors = sorted(abs(own.start_s - aligned.start_s) for own, aligned in zip(own_words, words, strict=False))
    assert not errors or errors[len(errors) // 2] <= 0.15
    last = output.meta["sentences"][-1]
    [faster] = say(engines[name], voice, "en", last.text, tmp_path, speed=1.6).meta["sentences"]
    assert faster.end_s - faster.start_s < 0.8 * (last.end_s - last.start_s)


def test_words_joined_from_single_ones_are_found_where_they_are(
    engines: dict[str, SpeechEngine], aligner: SphinxAligner, tmp_path: Path
) -> None:
    texts = ["morning", "coffee", "together", "seven", "wonderful", "camera", "sunshine", "Barcelona", "yellow", "people"]
    sounds = [say(engines["hibari"], "heart", "en", text, tmp_path / text).path for text in texts]
    starts = [
        (start, loud)
        for start, loud in zip(
            wav_file.join([(path, 0.0) for path in sounds], tmp_path / "all.wav"), map(first_sound, sounds), strict=True
        )
    ]
    known = [start + loud for start, loud in starts]
    whole = (SpokenWord(" ".join(texts), 0.0, wav_file.duration_s(tmp_path / "all.wav")),)
    [*_, words] = aligner.run(tmp_path / "all.wav", whole)
    assert isinstance(words, tuple)
    errors = sorted(abs(word.start_s - start) for word, start in zip(words, known, strict=True))
    assert errors[len(errors) // 2] <= 0.08, errors
    assert errors[-1] <= 0.2, errors


def first_sound(path: Path) -> float:
    """Seconds until it is louder than a hundredth of its peak."""
    with wave.open(str(path)) as file:
        sound = np.abs(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int))
        return int(np.argmax(sound > sound.max() / 100)) / file.getframerate()


def test_italian_is_spoken_robotically_with_the_times_of_its_words(engines: dict[str, SpeechEngine], tmp_path: Path) -> None:
    [voice] = [voice for voice in engines["espeak"].voices() if voice.language == "it"]
    assert voice.quality == "robotic"
    text = "Ciao a tutti! Oggi vi parlo di 3 cose, e costano 129 euro. È così."
    output = say(engines["espeak"], "it", "it", text, tmp_path)
    seconds = wav_file.duration_s(output.path)
    assert 3 < seconds < 10
    assert believable(output.meta["words"], words_of(text), seconds)


def test_what_a_voice_cannot_do_is_refused_with_what_to_do(engines: dict[str, SpeechEngine], tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="does not speak 'it'"):
        say(engines["hibari"], "heart", "it", "Ciao", tmp_path)
    with pytest.raises(Unsupported, match="Choose another voice"):
        say(engines["piper"], "gone", "en", "Hello", tmp_path)
    with pytest.raises(Rejected, match="at least one word"):
        say(engines["hibari"], "heart", "en", "…", tmp_path)


def test_a_folder_of_own_voices_is_read_and_a_broken_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "piper").mkdir()
    (tmp_path / "piper" / "mine.onnx").write_bytes(b"no model")
    (tmp_path / "piper" / "mine.onnx.json").write_text('{"language": {"family": "it"}, "espeak": {"voice": "it"}}')
    (tmp_path / "piper" / "MODEL_CARD").write_text("* License: CC-BY-NC-4.0\n")
    engine = build_speech(Settings.read(env_file=None).replace(SPEECH_MODELS_DIR=str(tmp_path)))["piper"]
    voice = engine.voices()[-1]
    assert (voice.name, voice.language, voice.licence, voice.commercial) == ("mine", "it", "CC-BY-NC-4.0", False)
    with pytest.raises(Unsupported, match=r"mine\.onnx cannot be loaded"):
        say(engine, "mine", "it", "Ciao", tmp_path / "out")
    engine.close()


def test_a_statement_that_was_read_is_told_from_another_text(engines: dict[str, SpeechEngine], tmp_path: Path) -> None:
    words = ["elephant", "umbrella", "hospital", "chocolate", "seventeen"]
    text = rules.statement("en", name="Anna Bell", company="North", influencer="", expires_on=None, words=words)
    spoken = say(engines["hibari"], "heart", "en", text, tmp_path / "statement")
    other = say(engines["hibari"], "heart", "en", "I love my elephant and my umbrella.", tmp_path)
    transcriber = SphinxTranscriber(Settings.read(env_file=None))
    try:
        [*_, transcript] = transcriber.run(spoken.path)
        [*_, other_transcript] = transcriber.run(other.path)
    finally:
        transcriber.close()
    assert isinstance(transcript, str)
    assert isinstance(other_transcript, str)
    share, fits = rules.match(text, words, transcript)
    assert fits
    assert share > 0.85
    assert rules.match(text, words, other_transcript)[0] < 0.2


def ebur128(path: Path) -> float:
    """LUFS as ffmpeg's filter measures them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", report)[-1])


def test_quiet_and_loud_voices_are_brought_to_one_loudness(
    engines: dict[str, SpeechEngine], folder: Path, tmp_path: Path
) -> None:
    paths = []
    for name, voice in (("hibari", "heart"), ("piper", "en_US-joe-medium"), ("espeak", "en")):
        spoken = folder / name / "speech.wav"
        if not spoken.exists():
            say(engines[name], voice, "en", TEXT, folder / name)
        paths.append(shutil.copy(spoken, tmp_path / f"{name}.wav"))
    before = [ebur128(path) for path in paths]
    assert max(before) - min(before) > 3
    for path in paths:
        voice_level.level(path)
        assert abs(ebur128(path) - voice_level.TARGET_LUFS) < 1
        with wave.open(str(path)) as file:
            peak = np.abs(np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768).max()
        assert peak <= 10 ** (-0.9 / 20)
    for name, silence in (("silent.wav", bytes(48_000)), ("short.wav", b"\0\x10" * 50)):
        wav_file.write_wav(tmp_path / name, silence, 24_000)
        before_bytes = (tmp_path / name).read_bytes()
        voice_level.level(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before_bytes
