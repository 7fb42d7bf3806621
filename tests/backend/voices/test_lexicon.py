"""Text as a voice reads it, and the way back."""

from __future__ import annotations

from backend.engines.ports.speech import SpokenWord
from backend.engines.ports.word_times import believable, evenly, sentences_of, spread, words_at, words_of
from backend.voices.lexicon import speech_parts, without_pauses, written_words
from backend.voices.schemas import LexiconCard

ENTRIES = [LexiconCard("1", "Nguyen", "win"), LexiconCard("2", "New York", "nyu jork city")]


def test_a_voice_reads_the_lexicon_and_captions_keep_what_is_written() -> None:
    [part] = speech_parts("Ask (Nguyen), in new york: yes!", ENTRIES)
    assert part.spoken == "Ask (win), in nyu jork city: yes!"
    spoken = [SpokenWord(word, n, n + 1) for n, word in enumerate(words_of(part.spoken))]
    words = written_words([part], spoken)
    assert [word.text for word in words] == words_of("Ask (Nguyen), in new york: yes!")
    assert [(word.start_s, word.end_s) for word in words] == [(0, 1), (1, 2), (2, 3), (3, 4.125), (4.125, 6), (6, 7)]


def test_pauses_are_silence_and_no_words() -> None:
    parts = speech_parts("One. [pause 1,5 s] Two [PAUSE][pause 99] three [pause]", [])
    assert [(part.spoken, part.pause_s) for part in parts] == [("One.", 1.5), ("Two", 10.0), ("three", 0.5)]
    assert without_pauses("One. [pause 1,5 s] Two [PAUSE]") == "One. Two"
    assert speech_parts(" [pause] — 🎉", []) == []


def test_emoji_are_not_read_out_and_stay_with_their_word() -> None:
    [part] = speech_parts("Più 30° 🎉🎉 oggi✨ cosi\u0300", [])
    assert part.spoken == "Più 30° oggi così"
    words = written_words([part], [SpokenWord(word, n, n + 1) for n, word in enumerate(words_of(part.spoken))])
    assert [word.text for word in words] == ["Più", "30° 🎉🎉", "oggi✨", "cosi\u0300"]


def test_times_are_believed_only_in_order_inside_of_the_file_and_one_a_word() -> None:
    words = [SpokenWord("a", 0.0, 0.4), SpokenWord("b", 0.4, 0.9)]
    assert believable(words, ["a", "b"], 0.9)
    assert not believable(words, ["a"], 0.9)
    assert not believable(words, ["a", "b"], 0.5)
    assert not believable(words[::-1], ["a", "b"], 0.9)
    assert not believable([SpokenWord("a", 0, 0), SpokenWord("b", 0, 0)], ["a", "b"], 0.9)


def test_without_times_each_sentence_is_shared_out_by_length() -> None:
    sentences = sentences_of('He said "Go!" And left.\nFin')
    assert sentences == ['He said "Go!"', "And left.", "Fin"]
    words = spread(evenly("Hi there. Go", 1.2))
    assert [word.text for word in words] == ["Hi", "there.", "Go"]
    assert words[0].start_s == 0
    assert words[-1].end_s == 1.2


def test_words_begin_with_their_first_character_that_is_said() -> None:
    words = words_at("È 129 — sì", [(0, 0.0), (2, 0.5), (3, 0.8), (8, 1.0)], 1.5)
    assert [(word.text, word.start_s, word.end_s) for word in words] == [("È", 0.0, 0.5), ("129 —", 0.5, 1.0), ("sì", 1.0, 1.5)]
    assert words_at("a b", [(0, 0.0)], 1.0) == ()
