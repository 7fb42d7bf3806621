"""Aligns known English words with the sound of them: `python -m backend.engines.local.speech.child_align SETTINGS`.

Request: `{"wav", "sentences": [[[word, …], start_s, end_s], …]}`. Answers `{"words": [[start_s, end_s], …]}`, or `{"refused"}`
where sound and text do not fit, then `{"id", "done"}`. How a word is spoken comes from PocketSphinx's dictionary where it is
there, else from Hibari's rules, which also spell out numbers. Nothing is recognised: the text is known.
"""

from __future__ import annotations

import re
import wave
from pathlib import Path
from typing import Any

import numpy as np

from backend.engines.local.torch_host.child import ParentPipe, serve_warm

_RATE = 16_000
_MARGIN_S = 0.05
"""Sound around a sentence that is shown to the aligner: consonants begin before the voice does."""
_BEAMS = {"beam": 1e-100, "pbeam": 1e-100, "wbeam": 1e-80}
"""Wider than for recognition: there is one text only, and a voice unlike those that the model knows must not lose it."""
_PHONES = (
    "A=EY I=AY O=OW W=AW Y=OY Q=OW ʤ=JH ʧ=CH ɑ=AA a=AA ɒ=AA æ=AE ʌ=AH ə=AH ɐ=AH ᵊ=AH ɔ=AO b=B d=D ð=DH ɛ=EH e=EH "
    "ɜ=ER ɚ=ER f=F ɡ=G h=HH ɪ=IH ᵻ=IH ɨ=IH i=IY j=Y k=K l=L m=M n=N ŋ=NG p=P ɹ=R r=R s=S ʃ=SH t=T T=T ɾ=T θ=TH ʊ=UH "
    "u=UW v=V w=W z=Z ʒ=ZH "
)
"""Phonemes of Hibari (misaki's alphabet) = phones of the dictionary."""
_ARPABET = {pair[0]: pair[2:] for pair in _PHONES.split()}


class _Aligner:
    def __init__(self) -> None:
        import pocketsphinx
        from hibari.g2p import G2P

        self._decoder = pocketsphinx.Decoder(samprate=_RATE, lm=None, loglevel="FATAL", **_BEAMS)
        self._g2p = G2P()
        self._entries: dict[str, str] = {}

    def align(self, samples: Any, words: list[str]) -> list[tuple[float, float]] | None:
        """Start and end of each word in seconds of `samples` (16 kHz, int16); None: they do not fit."""
        entries = [self._entry(word) for word in words]
        if not all(entries):
            return None
        try:
            self._decoder.set_align_text(" ".join(entries))
            self._decoder.start_utt()
            self._decoder.process_raw(samples.tobytes(), full_utt=True)
            self._decoder.end_utt()
            segments = [part for part in self._decoder.seg() or () if not part.word.startswith(("<", "[", "(", "+"))]
        except RuntimeError:  # how PocketSphinx says that no path through the text fits the sound
            return None
        if [re.sub(r"\(\d+\)$", "", part.word) for part in segments] != entries:
            return None
        return [(part.start_frame / 100, (part.end_frame + 1) / 100) for part in segments]

    def _entry(self, word: str) -> str:
        """The word of the dictionary that sounds like `word`; added to it where there is none; "" when it has no sound."""
        if word not in self._entries:
            plain = re.sub(r"[^a-z']", "", word.lower().replace("’", "'")).strip("'")
            spelled = re.search(r"[0-9$€£%&@+#/]|[A-Z]{2,}|\w[-–—.]\w", word) is not None
            if plain and not spelled and self._decoder.lookup_word(plain):
                self._entries[word] = plain
            else:
                self._entries[word] = self._added(word)
        return self._entries[word]

    def _added(self, word: str) -> str:
        phones = [_ARPABET[char] for char in self._g2p(word) if char in _ARPABET]
        if not phones:
            return ""
        name = f"entry{len(self._entries)}"
        self._decoder.add_word(name, " ".join(phones), True)
        return name


def main() -> None:
    serve_warm(lambda settings: _Aligner(), _answer)


def _answer(pipe: ParentPipe, aligner: _Aligner, message: dict[str, Any]) -> None:
    request, words = message["request"], []
    samples = samples_of(Path(request["wav"]))
    for texts, start_s, end_s in request["sentences"]:
        begin = max(0.0, start_s - _MARGIN_S)
        times = aligner.align(samples[round(begin * _RATE) : round((end_s + _MARGIN_S) * _RATE)], texts)
        if times is None:
            pipe.send({"refused": " ".join(texts)[:200]})
            break
        words += [[round(begin + start, 3), round(begin + end, 3)] for start, end in times]
        pipe.send({"aligned": len(words)})
    else:
        pipe.send({"words": words})
    pipe.send({"id": message["id"], "done": True})


def samples_of(path: Path) -> Any:
    """The sound at 16 kHz, one channel, int16."""
    with wave.open(str(path), "rb") as file:
        rate = file.getframerate()
        sound: Any = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    if rate > _RATE:  # a moving average before the sampling below, so that hiss does not fold into the band of speech
        width = max(1, round(rate / _RATE))
        sound = np.convolve(sound, np.ones(width, np.float32) / width, "same")
    moments = np.arange(0, len(sound) / rate, 1 / _RATE) * rate
    return np.interp(moments, np.arange(len(sound)), sound).astype(np.int16)


if __name__ == "__main__":
    main()
