"""Text as a voice reads it (pauses, the lexicon's words, no emoji), and the way back to the words as they are written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backend.engines.ports.speech import SpokenWord
from backend.engines.ports.word_times import words_of
from backend.voices.schemas import LexiconCard

MAX_PAUSE_S = 10.0
_PAUSE = re.compile(r"\[pause(?:\s+(\d+(?:[.,]\d+)?)\s*s?)?\]", re.IGNORECASE)
_PAUSE_S = 0.5
_KEPT_SYMBOLS = "°№"
_EDGES = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpeechPart:
    """A part between two pauses. `spoken` is read, then `pause_s` of silence. `groups`: (words as written, how many words they
    are when spoken), in order; together all words of the part."""

    spoken: str
    groups: tuple[tuple[tuple[str, ...], int], ...]
    pause_s: float


def speech_parts(text: str, entries: Sequence[LexiconCard]) -> list[SpeechPart]:
    """The parts of `text`, split at `[pause]` and `[pause 1.5 s]`; parts without a word are left out."""
    parts: list[SpeechPart] = []
    pieces = _PAUSE.split(text)
    for n, piece in enumerate(pieces[::2]):
        seconds = pieces[2 * n + 1] if 2 * n + 1 < len(pieces) else "0"
        pause_s = min(MAX_PAUSE_S, float(seconds.replace(",", "."))) if seconds else _PAUSE_S
        if words_of(piece):
            parts.append(_part(piece, entries, pause_s))
        elif parts:
            last = parts[-1]
            parts[-1] = SpeechPart(last.spoken, last.groups, min(MAX_PAUSE_S, last.pause_s + pause_s))
    return parts


def without_pauses(text: str) -> str:
    """The text as captions show it."""
    return re.sub(r"[ \t]{2,}", " ", _PAUSE.sub(" ", text)).strip()


def written_words(parts: Sequence[SpeechPart], spoken: Sequence[SpokenWord]) -> tuple[SpokenWord, ...]:
    """The words as written, with the times of what was spoken for them. `spoken`: all words of all parts."""
    result: list[SpokenWord] = []
    position = 0
    for written, count in (group for part in parts for group in part.groups):
        words = spoken[position : position + count]
        position += count
        if len(written) == count:
            result += [SpokenWord(text, word.start_s, word.end_s) for text, word in zip(written, words, strict=True)]
            continue
        moment, total = words[0].start_s, sum(map(len, written))
        for text in written:
            end = moment + (words[-1].end_s - words[0].start_s) * len(text) / total
            result.append(SpokenWord(text, round(moment, 3), round(end, 3)))
            moment = end
    return tuple(result)


def _part(piece: str, entries: Sequence[LexiconCard], pause_s: float) -> SpeechPart:
    by_words = {tuple(entry.written.lower().split()): entry.spoken for entry in entries}
    longest = max(map(len, by_words), default=0)
    lines, groups = [], []
    for line in piece.splitlines():
        words, n, read = words_of(line), 0, []
        while n < len(words):
            taken, spoken = _longest_match(words[n:], by_words, longest)
            group = tuple(words[n : n + taken])
            read.append(spoken if spoken is not None else _readable(group[0]))
            groups.append((group, len(words_of(read[-1]))))
            n += taken
        if read:
            lines.append(" ".join(read))
    return SpeechPart("\n".join(lines), tuple(groups), pause_s)


def _longest_match(words: list[str], by_words: dict[tuple[str, ...], str], longest: int) -> tuple[int, str | None]:
    """(how many words, what is read for them); (1, None): the first word is read as it is."""
    for count in range(min(longest, len(words)), 0, -1):
        lead, _, _ = _edges(words[0])
        _, _, tail = _edges(words[count - 1])
        bare = tuple(_edges(word)[1].lower() for word in words[:count])
        if (spoken := by_words.get(bare)) is not None:
            return count, _readable(f"{lead}{spoken}{tail}")
    return 1, None


def _edges(word: str) -> tuple[str, str, str]:
    match = _EDGES.match(word)
    assert match is not None
    return match[1], match[2], match[3]


def _readable(text: str) -> str:
    """Without emoji and other pictures, which voices read out by their names."""
    readable = (char for char in unicodedata.normalize("NFC", text) if char in _KEPT_SYMBOLS or not _is_picture(char))
    return " ".join("".join(readable).split())


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Cs", "Co", "Cf") or char == "\ufe0f"
