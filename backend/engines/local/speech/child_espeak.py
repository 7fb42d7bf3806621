"""Speaks with eSpeak NG (GPL-3.0-or-later): `python -m backend.engines.local.speech.child_espeak SETTINGS`.

The library is only ever loaded in this process. Request: `{"language", "text", "speed", "out"}`. Writes a WAV to `out`, answers
`{"sample_rate", "starts": [[index of the character, ms], …], "sentence_ends": [ms, …]}`, then `{"id", "done"}`.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.audio.wav_file import write_wav

_RETRIEVAL, _UTF8, _CHARACTERS, _RATE = 1, 1, 1, 1
"""Names of speak_lib.h: samples to a callback, encoding, unit of positions, the parameter for words a minute."""
_WORD, _END, _TERMINATED = 1, 5, 0
_WORDS_A_MINUTE = 160


class _EventId(ctypes.Union):
    _fields_: ClassVar[Any] = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_: ClassVar[Any] = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Espeak:
    """The library, initialised once."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        self.sample_rate = self._lib.espeak_Initialize(_RETRIEVAL, 500, espeakng_loader.get_data_path().encode(), 0)
        if self.sample_rate <= 0:
            raise EngineUnavailable(tr_lazy("eSpeak NG does not start here. Install the requirements again."))
        self._callback = _Callback(self._receive)  # kept: the library holds no reference to it
        self._lib.espeak_SetSynthCallback(self._callback)
        self.pcm = bytearray()
        self.starts: list[list[int]] = []
        self.sentence_ends: list[int] = []

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self.pcm += ctypes.string_at(samples, count * 2)
        n = 0
        while events[n].type != _TERMINATED:
            event = events[n]
            if event.type == _WORD:
                self.starts.append([event.text_position - 1, event.audio_position])
            elif event.type == _END:
                self.sentence_ends.append(event.audio_position)
            n += 1
        return 0

    def speak(self, text: str, language: str, speed: float) -> None:
        self.pcm, self.starts, self.sentence_ends = bytearray(), [], []
        if self._lib.espeak_SetVoiceByName(language.encode()) != 0:
            raise Unsupported(
                tr_lazy("eSpeak NG has no voice for {language}. Choose another language.", language=repr(language))
            )
        self._lib.espeak_SetParameter(_RATE, round(_WORDS_A_MINUTE * speed), 0)
        data = text.encode() + b"\0"
        if self._lib.espeak_Synth(data, len(data), 0, _CHARACTERS, 0, _UTF8, None, None) != 0:
            raise Rejected(tr_lazy("This voice cannot say this text. Write it in letters."))
        self._lib.espeak_Synchronize()


def main() -> None:
    serve_warm(lambda settings: _Espeak(), _speak)


def _speak(pipe: ParentPipe, espeak: _Espeak, message: dict[str, Any]) -> None:
    request = message["request"]
    espeak.speak(request["text"], request["language"], request["speed"])
    if not espeak.pcm:
        raise Rejected(tr_lazy("This voice cannot say this text. Write it in letters."))
    write_wav(request["out"], bytes(espeak.pcm), espeak.sample_rate)
    pipe.send({"sample_rate": espeak.sample_rate, "starts": espeak.starts, "sentence_ends": espeak.sentence_ends})
    pipe.send({"id": message["id"], "done": True})


if __name__ == "__main__":
    main()
