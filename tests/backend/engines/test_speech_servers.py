"""Engines that ask a server to speak: what they send, the times they bring, and what each fault costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backend.engines.elevenlabs.engine import ElevenLabsSpeech
from backend.engines.ports.events import Output
from backend.engines.ports.speech import SpeechEngine, SpeechHistory, SpeechLost, SpeechRequest, SpeechVoice, VoiceCloner
from backend.engines.ports.word_times import believable, words_of
from backend.engines.registry import build_speech
from backend.errors import EngineUnavailable, RateLimited, Rejected, StudioError, Unsupported
from backend.media.audio import wav_file
from backend.settings import Settings
from tests.servers.speech import KEY, SpeechServer, wav

TEXT = "Hello you two, it costs $9."


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with SpeechServer() as running:
        yield running


def build(server: SpeechServer, **more: str) -> dict[str, SpeechEngine]:
    values: dict[str, str] = {
        "OPENAI_SPEECH_URL": f"{server.url}/v1",
        "OPENAI_SPEECH_API_KEY": KEY,
        "OPENAI_SPEECH_VOICES": "alloy, nova, gone",
        "ELEVENLABS_URL": server.url,
        "ELEVENLABS_API_KEY": KEY,
        **more,
    }
    return build_speech(Settings.read(env_file=None).replace(**values))


def say(engine: SpeechEngine, voice: str, folder: Path, text: str = TEXT, speed: float = 1.0) -> Output:
    events = list(engine.run(SpeechRequest(text, voice, "en", folder, speed)))
    assert isinstance(events[-1], Output)
    return events[-1]


def test_an_openai_server_is_asked_for_wav_and_its_streamed_answer_is_read(server: SpeechServer, tmp_path: Path) -> None:
    engine = build(server, OPENAI_SPEECH_PRICE="15")["openai"]
    output = say(engine, "nova", tmp_path, speed=1.25)
    [body] = server.spoken
    assert body == {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "nova", "response_format": "wav", "speed": 1.25}
    assert wav_file.duration_s(output.path) == pytest.approx(0.06 * len(TEXT))
    assert (engine.paid, engine.quote_usd("x" * 1000)) == (True, Decimal("0.015"))
    assert not build(server, OPENAI_SPEECH_PRICE="0")["openai"].paid
    assert engine.voices()[0].speaks("it")


def test_elevenlabs_gives_the_times_of_words_and_no_voice_of_somebody(server: SpeechServer, tmp_path: Path) -> None:
    engine = build(server)["elevenlabs"]
    assert [voice.title for voice in engine.voices()] == ["Rachel"]
    output = say(engine, "r1", tmp_path)
    words = output.meta["words"]
    assert believable(words, words_of(TEXT), wav_file.duration_s(output.path))
    assert [round(word.start_s, 2) for word in words][:3] == [0.0, 0.36, 0.6]
    assert server.spoken[0]["voice_settings"] == {"speed": 1.0}
    server.faults.append("other times")
    assert say(engine, "r1", tmp_path).meta["words"] == ()
    with pytest.raises(Unsupported, match=r"0\.7 to 1\.2"):
        say(engine, "r1", tmp_path, speed=2.0)
    assert not build(server, ELEVENLABS_API_KEY="wrong")["elevenlabs"].status().ok


def recovered(engine: SpeechEngine, folder: Path, text: str = TEXT, *, speed: float = 1.0, ago_s: float = 0) -> list[Output]:
    assert isinstance(engine, ElevenLabsSpeech)
    engine.history_pause_s = 0
    since = datetime.now(UTC) - timedelta(seconds=ago_s)
    events = engine.recover(SpeechRequest(text, "r1", "en", folder, speed), since=since)
    return [event for event in events if isinstance(event, Output)]


def test_elevenlabs_is_asked_for_what_it_spoke_and_only_the_very_same_is_taken(server: SpeechServer, tmp_path: Path) -> None:
    engine = build(server)["elevenlabs"]
    assert isinstance(engine, SpeechHistory)
    say(engine, "r1", tmp_path, "Another text.")
    server.faults.append("lost")
    with pytest.raises(SpeechLost):
        say(engine, "r1", tmp_path)
    say(engine, "r1", tmp_path, "The newest.")
    server.history_faults += ["late", "short page"]  # the history is a moment behind, and comes in pages
    [output] = recovered(engine, tmp_path)
    assert server.asked == 3  # nothing was spoken again
    assert wav_file.duration_s(output.path) == pytest.approx(0.06 * len(TEXT), abs=0.01)
    assert believable(output.meta["words"], words_of(TEXT), wav_file.duration_s(output.path))
    assert recovered(engine, tmp_path, "Never said.") == []
    assert recovered(engine, tmp_path, speed=1.1) == []
    assert recovered(engine, tmp_path, ago_s=-3600) == []
    server.history[1]["state"] = "deleted"
    assert recovered(engine, tmp_path) == []


@pytest.mark.parametrize("fault", ["down", "html", "processing", "download down"])
def test_a_history_that_cannot_be_read_now_is_asked_again(server: SpeechServer, tmp_path: Path, fault: str) -> None:
    engine = build(server)["elevenlabs"]
    say(engine, "r1", tmp_path)
    server.history_faults.append(fault)
    with pytest.raises(EngineUnavailable):
        recovered(engine, tmp_path)
    assert len(recovered(engine, tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "fault", "error"),
    [
        ("openai", "busy", RateLimited),
        ("openai", "quota", Unsupported),
        ("openai", "down", EngineUnavailable),
        ("openai", "gateway", SpeechLost),
        ("openai", "cut", SpeechLost),
        ("openai", "html", SpeechLost),
        ("elevenlabs", "quota", Unsupported),
        ("elevenlabs", "busy", RateLimited),
        ("elevenlabs", "invalid", Rejected),
        ("elevenlabs", "no sound", SpeechLost),
        ("elevenlabs", "lost", SpeechLost),
    ],
)
def test_a_fault_says_whether_it_may_have_been_paid(
    server: SpeechServer, tmp_path: Path, name: str, fault: str, error: type[StudioError]
) -> None:
    engine = build(server)[name]
    server.faults.append(fault)
    with pytest.raises(error) as caught:
        say(engine, engine.voices()[0].name, tmp_path)
    assert type(caught.value) is error
    assert server.asked == 1  # nothing is asked twice by itself
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == (7 if name == "openai" else 20)


def test_a_wrong_key_voice_or_length_is_said_and_a_server_that_is_away_costs_nothing(
    server: SpeechServer, tmp_path: Path
) -> None:
    with pytest.raises(Unsupported, match="key"):
        say(build(server, OPENAI_SPEECH_API_KEY="no")["openai"], "alloy", tmp_path)
    engine = build(server)["openai"]
    with pytest.raises(Rejected, match="Invalid voice: gone"):
        say(engine, "gone", tmp_path)
    with pytest.raises(Rejected, match="4,096"):
        say(engine, "alloy", tmp_path, "word " * 1000)
    server.stop()
    with pytest.raises(EngineUnavailable):
        say(engine, "alloy", tmp_path)
    assert build(server)["elevenlabs"].voices() == []


def test_a_server_that_is_silent_too_long_counts_as_lost(server: SpeechServer, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = build(server, OPENAI_SPEECH_URL=f"http://127.0.0.1:{silent.getsockname()[1]}", SPEECH_TIMEOUT_S="0.3")[
            "openai"
        ]
        with pytest.raises(SpeechLost):
            say(engine, "alloy", tmp_path)


@pytest.mark.parametrize("data", [b"", b"RIFF", wav("hi")[:44], wav("hi").replace(b"\x10\x00data", b"\x08\x00data")])
def test_what_is_no_16_bit_wav_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        wav_file.read_pcm(data)


def copy_voice(engine: SpeechEngine, folder: Path, mark: str = "job_1") -> SpeechVoice:
    assert isinstance(engine, VoiceCloner)
    (folder / "sample.wav").write_bytes(wav("It is me."))
    *_, voice = engine.clone(folder / "sample.wav", title="Anna", mark=mark, language="en")
    assert isinstance(voice, SpeechVoice)
    return voice


def test_elevenlabs_copies_a_voice_once_speaks_with_it_and_forgets_it(server: SpeechServer, tmp_path: Path) -> None:
    engine = build(server)["elevenlabs"]
    server.faults.append("gateway")  # it was made, and the answer was lost
    with pytest.raises(EngineUnavailable):
        copy_voice(engine, tmp_path)
    voice = copy_voice(engine, tmp_path)
    assert [(copy["name"], copy["description"]) for copy in server.cloned] == [("Anna", "job_1")]
    assert wav_file.duration_s(say(engine, voice.name, tmp_path).path) > 0
    assert voice.name not in [offered.name for offered in engine.voices()]  # nobody's but its consent's
    assert isinstance(engine, VoiceCloner)
    server.faults.append("down")
    with pytest.raises(EngineUnavailable):
        engine.forget(voice.name)
    engine.forget(voice.name)
    engine.forget(voice.name)
    assert server.cloned == []
    server.faults.append("verification")
    with pytest.raises(Unsupported, match="dashboard"):
        copy_voice(engine, tmp_path)
    assert server.cloned == []
    server.faults.append("voices full")
    with pytest.raises(Rejected, match="maximum"):
        copy_voice(engine, tmp_path)
    assert not isinstance(build(server)["openai"], VoiceCloner)
