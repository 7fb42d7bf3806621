"""`python bin/make_music.py`: writes the pieces of backend/music/files, and pieces.json with what pages show of them. Additive
synthesis, no samples of others; CC0.

Both end where they begin, so that they can be repeated: notes that ring over the end are added to the beginning.
"""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from backend.media.audio.sound_check_child import waveform
from backend.media.ffmpeg.loudness_meter import measured

Sound = NDArray[np.float64]
RATE = 48_000
FILES = Path(__file__).resolve().parents[1] / "backend" / "music" / "files"
_A4_HZ, _A4 = 440.0, 69


def main() -> None:
    FILES.mkdir(parents=True, exist_ok=True)
    described = {}
    for name, title, note, piece in (
        ("morning-walk", "Morning walk", "Light and bright, plucked, 104 beats a minute", morning_walk()),
        ("city-lights", "City lights", "Calm and warm, with a soft beat, 80 beats a minute", city_lights()),
    ):
        out = FILES / f"{name}.opus"
        write(piece, out)
        steps = np.abs(piece[: len(piece) // 2400 * 2400]).reshape(-1, 2400).max(axis=1)
        described[name] = {
            "title": title,
            "note": note,
            "seconds": round(len(piece) / RATE, 3),
            "lufs": round(measured(out).integrated, 2),
            "peaks": waveform((1000 * steps).astype(int).tolist()),
        }
    (FILES / "pieces.json").write_text(json.dumps(described, indent=1) + "\n")


def morning_walk() -> Sound:
    """C G Am F, twice, broken chords on a plucked string over a bass; 8 bars of 4/4 at 104."""
    beat_s = 60 / 104
    piece = np.zeros(round(32 * beat_s * RATE))
    chords = ((60, 64, 67), (59, 62, 67), (57, 60, 64), (57, 60, 65))
    roots = (36, 43, 45, 41)
    for bar in range(8):
        chord, root = chords[bar % 4], roots[bar % 4]
        for beat in (0, 2, 3):
            add(piece, pluck(root, 1.2 * beat_s, 3.0) * 0.5, (bar * 4 + beat) * beat_s)
        for eighth, step in enumerate((0, 1, 2, 1, 0, 2, 1, 2)):
            note = chord[step] + (12 if (bar + eighth) % 3 == 0 else 0)
            add(piece, pluck(note, 2.2 * beat_s, 5.0) * 0.32, (bar * 4 + eighth / 2) * beat_s)
        if bar % 2:
            add(piece, pluck(chord[2] + 12, 3 * beat_s, 2.5) * 0.25, (bar * 4 + 2) * beat_s)
    return piece


def city_lights() -> Sound:
    """Am7 Fmaj7 Cmaj7 G6, twice: a soft pad with a kick and brushes; 8 bars of 4/4 at 80."""
    beat_s = 60 / 80
    piece = np.zeros(round(32 * beat_s * RATE))
    chords = ((57, 60, 64, 67), (53, 57, 60, 64), (60, 64, 67, 71), (55, 59, 62, 64))
    noise = np.random.default_rng(18)
    for bar in range(8):
        chord = chords[bar % 4]
        for note in chord:
            add(piece, pad(note, 4.3 * beat_s) * 0.16, bar * 4 * beat_s)
        add(piece, pad(chord[0] - 24, 3.8 * beat_s) * 0.3, bar * 4 * beat_s)
        for beat in range(4):
            add(piece, kick() * (0.5 if beat % 2 == 0 else 0.2), (bar * 4 + beat) * beat_s)
            brush = noise.standard_normal(round(0.12 * RATE)) * np.exp(-np.arange(round(0.12 * RATE)) / RATE * 45)
            add(piece, np.diff(brush, prepend=0.0) * 0.05, (bar * 4 + beat + 0.5) * beat_s)
        add(piece, pluck(chord[(bar * 3) % 4] + 12, 2 * beat_s, 3.0) * 0.2, (bar * 4 + 1.5) * beat_s)
    return piece


def pluck(note: int, seconds: float, decay: float) -> Sound:
    """A plucked string: overtones that fade the sooner the higher they are."""
    t = np.arange(round(seconds * RATE)) / RATE
    overtones = (np.sin(2 * np.pi * hertz(note) * k * t) * np.exp(-decay * k**0.7 * t) / k**1.5 for k in range(1, 7))
    return np.asarray(sum(overtones, np.zeros_like(t)) * fade(t, 0.004, 0.05))


def pad(note: int, seconds: float) -> Sound:
    """Two slightly different tones that swell and fade."""
    t = np.arange(round(seconds * RATE)) / RATE
    tones = (
        np.sin(2 * np.pi * hertz(note) * cents * t) + 0.25 * np.sin(4 * np.pi * hertz(note) * cents * t)
        for cents in (0.9985, 1.0015)
    )
    return np.asarray(sum(tones, np.zeros_like(t)) * fade(t, 0.5, 0.9))


def kick() -> Sound:
    """A drum: a tone that falls from 110 to 45 Hz."""
    t = np.arange(round(0.35 * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * (45 * t + 65 / 18 * (1 - np.exp(-18 * t)))) * np.exp(-9 * t))


def hertz(note: int) -> float:
    """Of a MIDI note."""
    return float(_A4_HZ * 2 ** ((note - _A4) / 12))


def fade(t: Sound, attack_s: float, release_s: float) -> Sound:
    return np.asarray(np.minimum(1, t / attack_s) * np.minimum(1, (t[-1] - t) / release_s))


def add(piece: Sound, sound: Sound, at_s: float) -> None:
    """Adds `sound` at `at_s`; what is longer than the piece goes on at its beginning."""
    places = (round(at_s * RATE) + np.arange(len(sound))) % len(piece)
    np.add.at(piece, places, sound)


def write(piece: Sound, out: Path) -> None:
    """As Opus, 96 kbit/s, with a little echo between the ears, peaks at -3 dB."""
    stereo = np.stack([piece + 0.25 * np.roll(piece, 1250), piece + 0.25 * np.roll(piece, 1870)], axis=1)
    samples = np.int16(stereo / np.abs(stereo).max() * 0.708 * 32767)
    with TemporaryDirectory() as folder:
        raw = Path(folder) / "piece.wav"
        with wave.open(str(raw), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(raw), "-c:a", "libopus", "-b:a", "96k"]
        subprocess.run([*command, "-bitexact", str(out)], check=True)


if __name__ == "__main__":
    main()
