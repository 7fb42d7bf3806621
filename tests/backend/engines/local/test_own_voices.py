"""Kokoro and Pocket TTS with the user's own folders, in their children: small random models, loaded and asked for real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.engines.local.speech.pocket import has_cloning_weights
from backend.engines.local.speech.voice_folders import allows_commerce, licence_of
from backend.engines.ports.events import Output
from backend.engines.ports.speech import SpeechEngine, SpeechRequest, SpeechVoice, VoiceCloner
from backend.engines.ports.word_times import believable, words_of
from backend.engines.registry import build_speech
from backend.errors import Unsupported
from backend.media.audio import wav_file
from backend.settings import Settings
from tests.support.tiny_voices import SAMPLES_A_PHONEME, kokoro_folder, pocket_folder

ITALIAN = "Ciao a tutti! Oggi vi parlo di 3 cose, e costano 129 euro."


def engines_of(root: Path) -> dict[str, SpeechEngine]:
    return build_speech(Settings.read(env_file=None).replace(SPEECH_MODELS_DIR=str(root)))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voices")
    kokoro_folder(folder)
    pocket = pocket_folder(folder, voices=("giovanni", "jean"))
    shutil.copytree(pocket, pocket.with_name("french"))
    (pocket.with_name("french") / "model.safetensors").write_bytes(b"no model")
    return folder


@pytest.fixture(scope="module")
def engines(root: Path) -> Iterator[dict[str, SpeechEngine]]:
    built = engines_of(root)
    yield built
    for engine in built.values():
        engine.close()


def say(engine: SpeechEngine, voice: str, language: str, text: str, folder: Path, speed: float = 1.0) -> Output:
    events = list(engine.run(SpeechRequest(text, voice, language, folder, speed)))
    assert isinstance(events[-1], Output)
    return events[-1]


def test_voices_of_own_folders_are_offered_with_language_licence_and_hash(engines: dict[str, SpeechEngine]) -> None:
    kokoro = {voice.name: voice for voice in engines["kokoro"].voices()}
    assert {name: (voice.language, voice.title) for name, voice in kokoro.items()} == {
        "af_bella": ("en", "Bella (woman, American)"),
        "if_sara": ("it", "Sara (woman, Italian)"),
    }  # a Chinese voice is left out
    assert kokoro["if_sara"].licence == "apache-2.0"
    pocket = {voice.name: voice for voice in engines["pocket"].voices() if voice.language == "it"}
    assert (pocket["italian/giovanni"].language, pocket["italian/giovanni"].licence) == ("it", "CC-BY-4.0")
    assert pocket["italian/giovanni"].commercial
    assert not pocket["italian/jean"].commercial  # of recordings that are not for earning money, whatever the model's card says
    hashes = {voice.weights_sha256 for voice in [*kokoro.values(), *pocket.values()]}
    assert (len(hashes), {len(digest) for digest in hashes}) == (3, {64})
    assert engines["kokoro"].status().ok
    assert engines["pocket"].status().ok


def test_kokoro_speaks_and_the_times_of_words_are_the_models(engines: dict[str, SpeechEngine], tmp_path: Path) -> None:
    output = say(engines["kokoro"], "if_sara", "it", ITALIAN, tmp_path)
    seconds = wav_file.duration_s(output.path)
    words = output.meta["words"]
    assert believable(words, words_of(ITALIAN), seconds)
    [first, second, *_] = words
    phoneme_s = SAMPLES_A_PHONEME / 24_000
    assert first.start_s == pytest.approx(phoneme_s, abs=0.02)  # behind the silence that the model begins with
    assert first.end_s - first.start_s == pytest.approx(5 * phoneme_s, abs=0.02)  # tʃˈao
    assert second.start_s == pytest.approx(first.end_s + phoneme_s, abs=0.02)  # behind the space
    english = "This is one of the best."  # "of the" is said, and written in phonemes, as one
    output = say(engines["kokoro"], "af_bella", "en", english, tmp_path)
    assert believable(output.meta["words"], words_of(english), wav_file.duration_s(output.path))


def test_a_kokoro_that_tells_no_times_gives_those_of_sentences(tmp_path: Path) -> None:
    kokoro_folder(tmp_path, timed=False)
    engine = engines_of(tmp_path)["kokoro"]
    output = say(engine, "af_bella", "en", "Hello there. It is me.", tmp_path / "out")
    engine.close()
    assert output.meta["words"] == ()
    assert [sentence.text for sentence in output.meta["sentences"]] == ["Hello there.", "It is me."]


def test_pocket_speaks_from_the_folder_alone_at_any_speed(engines: dict[str, SpeechEngine], tmp_path: Path) -> None:
    output = say(engines["pocket"], "italian/giovanni", "it", "Ciao. Sono io.", tmp_path)
    seconds = wav_file.duration_s(output.path)
    assert [sentence.text for sentence in output.meta["sentences"]] == ["Ciao.", "Sono io."]
    assert max(wav_file.peaks(output.path, per_second=10)) > 0
    slower = say(engines["pocket"], "italian/giovanni", "it", "Ciao. Sono io.", tmp_path, speed=0.5)
    assert wav_file.duration_s(slower.path) == pytest.approx(2 * seconds, rel=0.1)
    with pytest.raises(Unsupported, match="does not speak 'en'"):
        say(engines["pocket"], "italian/giovanni", "en", "Hello", tmp_path)


def copy_of(engine: SpeechEngine, sample: Path, language: str = "it") -> SpeechVoice:
    assert isinstance(engine, VoiceCloner)
    *_, voice = engine.clone(sample, title="Anna", mark="job_1", language=language)
    assert isinstance(voice, SpeechVoice)
    return voice


def recording(path: Path, hertz: float) -> Path:
    sound = np.sin(np.arange(6 * 24_000) * hertz * 2 * np.pi / 24_000) * 9000
    wav_file.write_wav(path, sound.astype("<i2").tobytes(), 24_000)
    return path


def test_pocket_copies_a_voice_and_speaks_with_the_recording_of_each_request(
    engines: dict[str, SpeechEngine], tmp_path: Path
) -> None:
    engine = engines["pocket"]
    sample, other = recording(tmp_path / "a.wav", 200), recording(tmp_path / "b.wav", 700)
    voice = copy_of(engine, sample)
    assert (voice.name, voice.title, voice.language, voice.licence) == ("italian/job_1", "Anna", "it", "CC-BY-4.0")
    assert voice.name not in [offered.name for offered in engine.voices()]  # nobody's but its consent's
    with pytest.raises(Unsupported, match="no voice 'italian/job_1'"):  # nothing of the person was kept
        say(engine, voice.name, "it", "Ciao.", tmp_path / "out")

    def spoken(path: Path) -> bytes:
        request = SpeechRequest("Ciao.", voice.name, "it", tmp_path / "out", sample=path)
        *_, output = engine.run(request)
        assert isinstance(output, Output)
        return output.path.read_bytes()

    assert spoken(sample) != spoken(other)
    (tmp_path / "no.wav").write_bytes(b"no sound")
    with pytest.raises(Unsupported, match=r"no\.wav is no voice"):
        copy_of(engine, tmp_path / "no.wav")


def test_weights_without_voice_cloning_are_refused_and_never_speak_with_another_voice(tmp_path: Path) -> None:
    pocket_folder(tmp_path, cloning=False)
    engine = engines_of(tmp_path)["pocket"]
    with pytest.raises(Unsupported, match="without voice cloning"):
        copy_of(engine, recording(tmp_path / "a.wav", 200))
    with pytest.raises(Unsupported, match="no model for 'en'"):
        copy_of(engine, tmp_path / "a.wav", "en")
    assert isinstance(engine, VoiceCloner)
    assert engine.clone_problem("")
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 9)
    assert not has_cloning_weights(tmp_path / "broken.safetensors")


def test_broken_and_incomplete_folders_are_named(engines: dict[str, SpeechEngine], root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "kokoro", tmp_path / "kokoro")
    (tmp_path / "kokoro" / "tiny.onnx").write_bytes(b"no model")
    kokoro = engines_of(tmp_path)["kokoro"]
    with pytest.raises(Unsupported, match=r"tiny\.onnx cannot be loaded"):
        say(kokoro, "if_sara", "it", "Ciao", tmp_path / "out")
    kokoro.close()
    with pytest.raises(Unsupported, match="french cannot be loaded"):
        say(engines["pocket"], "french/giovanni", "fr", "Salut", tmp_path / "out")
    (tmp_path / "empty" / "kokoro").mkdir(parents=True)
    (tmp_path / "empty" / "pocket" / "klingon").mkdir(parents=True)
    empty = engines_of(tmp_path / "empty")
    for name, missing in (("kokoro", "one .onnx and one .bin"), ("pocket", "called after its language")):
        assert empty[name].voices() == []
        assert not empty[name].status().ok
        assert missing in empty[name].status().detail
    assert {"kokoro", "pocket"}.isdisjoint(build_speech(Settings.read(env_file=None)))


@pytest.mark.parametrize(
    ("card", "licence", "commercial"),
    [
        ("---\nlicense: cc-by-nc-4.0\n---", "cc-by-nc-4.0", False),
        ("* License: MIT licence, from France\n", "MIT licence, from France", True),
        ("Licence: for non-commercial use\n", "for non-commercial use", False),
        ("# A voice\nSee the licence of the corpus.\n", "unknown", True),
    ],
)
def test_the_licence_of_a_card_is_read(tmp_path: Path, card: str, licence: str, commercial: bool) -> None:
    (tmp_path / "README.md").write_text(card)
    assert licence_of(tmp_path) == licence
    assert allows_commerce(licence) is commercial
