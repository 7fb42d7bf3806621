"""Subtitles as text: lines, times, karaoke, and what the bundled fonts can draw."""

from __future__ import annotations

import re

import pytest

from backend.media.ffmpeg.subtitles import SafeArea, SubtitleStyle, TimedWord, ass, lines_of, srt
from backend.media.fonts import SUBTITLE_FONTS, SubtitleFont, missing_glyphs

WORDS = [
    TimedWord(text, start_s, start_s + 0.3)
    for text, start_s in (("Buongiorno,", 0.2), ("Torino!", 0.6), ("Oggi", 1.0), ("piove.", 1.4), ("Caffè", 3.0), ("🎉☕️", 3.5))
]


def test_a_line_ends_with_a_sentence_before_a_pause_and_before_it_is_too_long() -> None:
    assert [line.text for line in lines_of(WORDS, max_characters=20)] == ["Buongiorno, Torino!", "Oggi piove.", "Caffè 🎉☕️"]
    assert [line.text for line in lines_of(WORDS[:2], max_characters=5)] == ["Buongiorno,", "Torino!"]
    assert lines_of([], max_characters=20) == []


def test_srt_is_what_players_read() -> None:
    blocks = srt(lines_of(WORDS, max_characters=20)).split("\n\n")
    assert blocks[1] == "2\n00:00:01,000 --> 00:00:01,700\nOggi piove."
    assert srt([]) == ""


def test_each_word_is_filled_when_it_is_spoken() -> None:
    lines = lines_of(WORDS, max_characters=20)
    events = [line for line in ass(lines, style=SubtitleStyle(), width=1080, height=1920).splitlines() if "Dialogue" in line]
    assert events[0].startswith("Dialogue: 0,0:00:00.20,0:00:01.00,")
    for line, event in zip(lines, events, strict=True):
        centis = sum(int(value) for value in re.findall(r"\\kf?(\d+)", event))
        assert centis == round((line.end_s - line.start_s) * 100)
    assert r"{\fnNoto Emoji}🎉☕{\fnNoto Sans}" in events[2]
    joined = ass(lines_of([TimedWord("❤️‍🔥", 0, 1)], max_characters=20), style=SubtitleStyle(), width=1080, height=1920)
    assert "{\\fnNoto Emoji}❤\u200d🔥{\\fnNoto Sans}" in joined, "signs that are joined stay one picture"


def test_words_are_never_markup() -> None:
    hostile = [TimedWord(r"{\fs900}a\Nb", 0, 1)]
    text = ass(lines_of(hostile, max_characters=20), style=SubtitleStyle(karaoke=False), width=1080, height=1920)
    assert text.splitlines()[-1].endswith(",(/fs900)a/Nb")


def test_lines_stay_off_what_the_platform_covers() -> None:
    lines = lines_of(WORDS, max_characters=20)
    text = ass(lines, style=SubtitleStyle(), width=1080, height=1920, safe=SafeArea(right=0.1, bottom=0.25))
    style = next(line for line in text.splitlines() if line.startswith("Style:"))
    assert style.split(",")[-4:] == ["108", "108", "480", "1"]


def test_a_word_too_long_for_a_line_is_written_smaller() -> None:
    lines = lines_of([TimedWord("precipitevolissimevolmente", 0, 1), TimedWord("ok", 1, 2)], max_characters=20)
    long, short = ass(lines, style=SubtitleStyle(karaoke=False), width=1080, height=1920).splitlines()[-2:]
    assert long.endswith(r",,{\fscx76\fscy76}precipitevolissimevolmente")
    assert short.endswith(",,ok")


def test_characters_without_a_glyph_are_named_once() -> None:
    assert missing_glyphs("Caffè à Kraków, “Привет” 5 € 👩‍🍳 🎉☕️") == ""
    assert missing_glyphs("你好 你 ok") == "你好"


@pytest.mark.parametrize("font", SUBTITLE_FONTS)
def test_a_word_that_a_font_has_no_letters_for_is_set_in_noto_sans(font: SubtitleFont) -> None:
    lines = lines_of([TimedWord("Caffè", 0, 1), TimedWord("Καλημέρα🎉", 1, 2)], max_characters=40)
    text = ass(lines, style=SubtitleStyle(font=font, karaoke=False), width=1080, height=1920)
    assert f"Style: Default,{font}," in text
    expected = "Καλημέρα{\\fnNoto Emoji}🎉{\\fnNoto Sans}"
    dialogue = text.splitlines()[-1].partition("Caffè ")[2]
    assert dialogue == (expected if font == "Noto Sans" else f"{{\\fnNoto Sans}}{expected}{{\\fn{font}}}")
