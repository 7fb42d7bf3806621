"""Sound files of others: what can be heard is taken, and everything else is refused with what is wrong with it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend.errors import Rejected
from backend.media.audio import sound_file
from backend.media.ffmpeg.sound_mix import SoundClip, SoundMix, mix
from tests.support.media_files import SETTINGS, maker, result

TONE = ("-f", "lavfi", "-i", "aevalsrc='0.3*sin(2*PI*440*t)*(0.2+0.8*gt(t,1.5))':d=3:s=44100")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`sound("x.mp3", arguments of ffmpeg…)`: a file made by ffmpeg."""
    return maker(tmp_path_factory.mktemp("sound"))


def check(path: Path, max_seconds: float = 60.0) -> sound_file.SoundInfo:
    info: sound_file.SoundInfo = result(sound_file.check(path, max_seconds=max_seconds))
    return info


def refusal(path: Path, max_seconds: float = 60.0) -> str:
    with pytest.raises(Rejected) as error:
        check(path, max_seconds)
    return error.value.message


@pytest.mark.parametrize(
    ("name", "format"), [("a.mp3", "mp3"), ("a.m4a", "mov"), ("a.ogg", "ogg"), ("a.flac", "flac"), ("a.wav", "wav")]
)
def test_what_is_heard_is_measured(sound: Callable[..., Path], name: str, format: str) -> None:
    info = check(sound(name, *TONE))
    assert info.format == format
    assert info.seconds == pytest.approx(3, abs=0.1)
    quiet, loud = np.mean(info.peaks[:25]), np.mean(info.peaks[35:55])
    assert loud == pytest.approx(100, abs=12)
    assert quiet == pytest.approx(20, abs=6), "the waveform is quiet where the sound is"


def test_a_cover_in_the_file_is_no_film(sound: Callable[..., Path], tmp_path: Path) -> None:
    cover = ("-f", "lavfi", "-i", "color=red:size=64x64:rate=1:duration=1", "-disposition:v", "attached_pic", "-c:v", "mjpeg")
    path = sound("cover.mp3", *TONE, *cover, "-map", "0:a", "-map", "1:v")
    out = tmp_path / "out.m4a"
    result(sound_file.write_m4a(path, check(path).format, out, settings=SETTINGS))
    assert check(out).seconds == pytest.approx(3, abs=0.1)


def test_what_cannot_be_used_is_said(sound: Callable[..., Path], tmp_path: Path) -> None:
    wav, m4a, mp3 = sound("x.wav", *TONE), sound("x.m4a", *TONE), sound("x.mp3", *TONE)
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(m4a.read_bytes()[:2000])
    noise = bytearray(mp3.read_bytes())
    noise[2000:] = bytes(np.random.default_rng(1).integers(0, 255, len(noise) - 2000, np.uint8))
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(noise)
    header, _, samples = wav.read_bytes().partition(b"data")
    endless = tmp_path / "endless.wav"
    endless.write_bytes(header + b"data" + struct.pack("<I", 0xFFFFFFFF) + samples[4:] * 4)
    playlist = tmp_path / "list.mp3"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{mp3}\n#EXT-X-ENDLIST\n")
    assert "damaged" in refusal(cut)
    assert "damaged" in refusal(broken)
    assert "longer than" in refusal(endless, max_seconds=10)
    assert "sound file cannot be used" in refusal(playlist), "a playlist would have other files opened"
    silence = sound("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=3")
    assert "silent" in refusal(silence)
    film = sound("film.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", *TONE)
    assert "is a video" in refusal(film)


def test_music_that_is_too_short_repeats_without_a_gap(sound: Callable[..., Path], tmp_path: Path) -> None:
    """It fades out at its own end, which would be heard as a gap every four seconds."""
    path = sound("short.wav", "-f", "lavfi", "-i", "anoisesrc=d=4:a=0.2:r=48000:seed=3", "-af", "afade=out:st=3.8:d=0.2")
    out = tmp_path / "mix.wav"
    for repeat_s, gap in ((0.0, True), (4.0, False)):
        result(mix(SoundMix(11.0, music=SoundClip(path, repeat_s=repeat_s)), out, settings=SETTINGS))
        samples = np.frombuffer(out.read_bytes()[-11 * 48_000 * 4 :], np.int16).astype(float).reshape(-1, 2)[:, 0]
        assert len(samples) == 11 * 48_000
        loudness = np.sqrt((samples[: 9 * 48_000].reshape(-1, 2400) ** 2).mean(axis=1))
        assert (loudness.min() < 0.5 * np.median(loudness)) == gap, repeat_s
        assert np.abs(samples[-480:]).max() < 0.1 * np.median(loudness), "it fades out at the film's end"
