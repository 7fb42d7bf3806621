"""Words of a text and their times: what counts as a word, which times can be believed, and times where none are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from backend.engines.ports.speech import SpokenWord

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|\n+")
Span = TypeVar("Span")
SLACK_S = 0.05
"""Times of engines are rounded: a word may begin so much before the end of the one before, or end after the file."""


def words_of(text: str) -> list[str]:
    """What stands between spaces. What has neither letter nor digit (a dash, an emoji) belongs to the word before it, or to the
    first one."""
    words: list[str] = []
    lead = ""
    for token in text.split():
        if any(char.isalnum() for char in token):
            words.append(f"{lead} {token}".strip())
            lead = ""
        elif words:
            words[-1] = f"{words[-1]} {token}"
        else:
            lead = f"{lead} {token}".strip()
    return words


def sentences_of(text: str) -> list[str]:
    """Sentences with at least one word, in order; together they hold the words of `text`."""
    sentences: list[str] = []
    for part in _split_keeping_ends(text):
        if words_of(part):
            sentences.append(part)
        elif part and sentences:
            sentences[-1] = f"{sentences[-1]} {part}"
    return sentences


def _split_keeping_ends(text: str) -> list[str]:
    parts, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        parts.append(text[start : match.end()].strip())
        start = match.end()
    return [*parts, text[start:].strip()]


def believable(words: Sequence[SpokenWord], script: Sequence[str], duration_s: float) -> bool:
    """Whether there is one word for each of the script, each after the one before and all inside of the file."""
    if not script or len(words) != len(script):
        return False
    before = 0.0
    for word in words:
        if not before - SLACK_S <= word.start_s <= word.end_s <= duration_s + SLACK_S:
            return False
        before = word.end_s
    return words[-1].end_s - words[0].start_s >= 0.02 * len(words)


def relabelled(words: Sequence[SpokenWord], script: Sequence[str], duration_s: float) -> tuple[SpokenWord, ...]:
    """The times of `words` with the script's spelling, none before the one before it or outside of the file."""
    result, before = [], 0.0
    for word, text in zip(words, script, strict=True):
        start = min(max(word.start_s, before), duration_s)
        end = min(max(word.end_s, start), duration_s)
        result.append(SpokenWord(text, round(start, 3), round(end, 3)))
        before = end
    return tuple(result)


def spread(sentences: Sequence[SpokenWord]) -> tuple[SpokenWord, ...]:
    """The words of sentences, each with a share of its sentence's time by its length in letters."""
    spread_words: list[SpokenWord] = []
    for sentence in sentences:
        words = words_of(sentence.text)
        weights = [len(word) + 1 for word in words]
        moment, total = sentence.start_s, sum(weights)
        for word, weight in zip(words, weights, strict=True):
            end = moment + (sentence.end_s - sentence.start_s) * weight / total
            spread_words.append(SpokenWord(word, round(moment, 3), round(end, 3)))
            moment = end
    return tuple(spread_words)


def evenly(text: str, duration_s: float) -> tuple[SpokenWord, ...]:
    """Sentences of `text` with shares of the file by their length: where nothing is known."""
    sentences = sentences_of(text)
    total, moment, spoken = sum(len(sentence) for sentence in sentences), 0.0, []
    for sentence in sentences:
        end = moment + duration_s * len(sentence) / total
        spoken.append(SpokenWord(sentence, round(moment, 3), round(end, 3)))
        moment = end
    return tuple(spoken)


def words_at(text: str, starts: Sequence[tuple[int, float]], end_s: float) -> tuple[SpokenWord, ...]:
    """The words of `text`, given (index of a character, seconds) of everything that begins to be said. A word begins with the
    first of its characters that has a time and ends where the next begins; () when one has none."""
    spans, cursor = [], 0
    for word in words_of(text):
        first = word.split()[0]
        begin = text.index(first, cursor)
        cursor = begin
        for token in word.split():
            cursor = text.index(token, cursor) + len(token)
        spans.append((word, begin, cursor))
    begins: list[float] = []
    for _, begin, end in spans:
        times = [moment for position, moment in starts if begin <= position < end]
        if not times:
            return ()
        begins.append(min(times))
    ends = [*begins[1:], end_s]
    timed = zip(spans, begins, ends, strict=True)
    return tuple(SpokenWord(word, start, max(start, end)) for (word, _, _), start, end in timed)


def spans_of_words(alone: Sequence[str], phonemes: Sequence[tuple[str, float, float]]) -> list[tuple[float, float]]:
    """When each word of a sentence is said, (start, end) in the unit of `phonemes`; [] where that cannot be told.

    `alone`: the phonemes of each word when it is said by itself. `phonemes`: (phoneme, start, end) of the whole sentence, in
    order, spaces and punctuation among them. Voices run words together ("of the" is one group) and take figures apart, so the
    groups between spaces are the words only if there are as many and the two rows of phonemes, matched, do not contradict it.
    """
    groups: list[list[tuple[str, float, float]]] = [[]]
    for phoneme in phonemes:
        if phoneme[0].isspace():
            groups.append([])
        elif _is_sound(phoneme[0]):
            groups[-1].append(phoneme)
    groups = [group for group in groups if group]
    sounds = [sound for group in groups for sound in group]
    matched = _matched_spans([[char for char in word if _is_sound(char)] for word in alone], sounds)
    if len(groups) != len(alone):
        return matched
    grouped = [(group[0][1], group[-1][2]) for group in groups]
    elsewhere = [start for (start, _), (begin, end) in zip(matched, grouped, strict=False) if not begin <= start < end]
    return matched if len(elsewhere) > 1 else grouped


def joined(spans: Sequence[Sequence[Span]]) -> list[Span]:
    """The spans of all sentences' words; [] where those of a sentence are not known."""
    return [span for sentence in spans for span in sentence] if all(spans) else []


def _is_sound(phoneme: str) -> bool:
    """Neither space, punctuation, stress nor length: these differ between a word alone and in its sentence."""
    return any(char.isalpha() for char in phoneme) and phoneme not in "ˈˌːˑ"


def _matched_spans(alone: Sequence[Sequence[str]], sounds: Sequence[tuple[str, float, float]]) -> list[tuple[float, float]]:
    expected = [char for word in alone for char in word]
    matcher = SequenceMatcher(None, expected, [symbol for symbol, _, _ in sounds], autojunk=False)
    said_at = {block.a + n: block.b + n for block in matcher.get_matching_blocks() for n in range(block.size)}
    spans, position = [], 0
    for word in alone:
        positions = [said_at[n] for n in range(position, position + len(word)) if n in said_at]
        position += len(word)
        if 2 * len(positions) < len(word) or not positions:
            return []
        spans.append((sounds[positions[0]][1], sounds[positions[-1]][2]))
    return spans
