"""Subtitles: lines from timed words, as SRT, and as ASS with the word that is spoken filled (karaoke). Pure.

Colour fonts are not drawn by libass, so emoji are set in the outline font Noto Emoji, without variation selectors
(docs/contracts/ffmpeg.md, 5).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from backend.media.fonts import EMOJI_FONT, REGULAR_FONTS, TEXT_FONT, SubtitleFont, can_draw

Position = Literal["bottom", "middle", "top"]
_EMOJI_SIGN = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\U0001f1e6-\U0001f1ff\u20e3]"
_EMOJI = re.compile(f"{_EMOJI_SIGN}+(?:\u200d{_EMOJI_SIGN}+)*")
"""Signs that a zero-width joiner stands between are one picture: the font has a glyph for it."""
_VARIATION_SELECTORS = re.compile("[\ufe0e\ufe0f]")
_SENTENCE_END = (".", "!", "?", "…", "。")
_STYLE_FIELDS = (
    *("Name", "Fontname", "Fontsize", "PrimaryColour", "SecondaryColour", "OutlineColour", "BackColour", "Bold", "Italic"),
    *("Underline", "StrikeOut", "ScaleX", "ScaleY", "Spacing", "Angle", "BorderStyle", "Outline", "Shadow", "Alignment"),
    *("MarginL", "MarginR", "MarginV", "Encoding"),
)
_MAX_GAP_S = 0.6
"""A pause longer than this ends a line."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as it is written, and when it is heard, in seconds of the film."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SafeArea:
    """Shares of width and height that the platform's own buttons and texts cover."""

    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    left: float = 0.0


@dataclass(frozen=True, slots=True)
class SubtitleStyle:
    """`size`: height of a line in px where the film's shorter side has 1080; other sizes scale it. Colours are #rrggbb.

    `karaoke`: the spoken word is filled with `highlight`. `box`: a plain box behind the line instead of an outline.
    `max_characters`: of a line; a word that is longer stands alone, in smaller letters.
    """

    font: SubtitleFont = TEXT_FONT
    size: int = 96
    color: str = "#ffffff"
    highlight: str = "#ffd54a"
    outline: str = "#000000"
    position: Position = "bottom"
    karaoke: bool = True
    box: bool = False
    upper_case: bool = False
    max_characters: int = 20


@dataclass(frozen=True, slots=True)
class SubtitleLine:
    words: tuple[TimedWord, ...]

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def lines_of(words: Sequence[TimedWord], *, max_characters: int) -> list[SubtitleLine]:
    """Words put into lines: a line ends with a sentence, before a pause, and before it is too long."""
    lines: list[SubtitleLine] = []
    current: list[TimedWord] = []
    for word in words:
        length = sum(len(other.text) + 1 for other in current) + len(word.text)
        pause = bool(current) and word.start_s - current[-1].end_s > _MAX_GAP_S
        ends = bool(current) and current[-1].text.rstrip("\"'»”)").endswith(_SENTENCE_END)
        if current and (length > max_characters or pause or ends):
            lines.append(SubtitleLine(tuple(current)))
            current = []
        current.append(word)
    return [*lines, SubtitleLine(tuple(current))] if current else lines


def srt(lines: Iterable[SubtitleLine]) -> str:
    """SubRip: numbered lines with times, for players and platforms."""
    blocks = (f"{n}\n{_srt_time(line.start_s)} --> {_srt_time(line.end_s)}\n{line.text}\n" for n, line in enumerate(lines, 1))
    return "\n".join(blocks)


def ass(lines: Sequence[SubtitleLine], *, style: SubtitleStyle, width: int, height: int, safe: SafeArea = SafeArea()) -> str:
    """An ASS file for a film of this size in px. Each line stays until the next one begins, at most half a second longer."""
    size = max(8, round(style.size * min(width, height) / 1080))
    # the same on both sides: lines stay in the middle of the film
    side = round(width * max(safe.left, safe.right, 0.05))
    edge = safe.bottom if style.position == "bottom" else safe.top
    vertical = 0 if style.position == "middle" else round(height * max(edge, 0.06))
    alignment = {"bottom": 2, "middle": 5, "top": 8}[style.position]
    # 4 is one box of libass for the whole line, its shadow wide on each side; 3 would be a box for each font of the line
    border_style, outline, shadow = (4, 0.0, size * 0.18) if style.box else (1, max(1.0, size * 0.05), 0.0)
    fields = (
        "Default",
        style.font,
        size,
        _color(style.highlight if style.karaoke else style.color),
        _color(style.color),
        _color(style.outline),
        _color(style.outline),
        0 if style.font in REGULAR_FONTS else -1,
        *(0, 0, 0, 100, 100, 0, 0),
        border_style,
        f"{outline:.1f}",
        f"{shadow:.1f}",
        alignment,
        side,
        side,
        vertical,
        1,
    )
    head = (
        "[Script Info]\nScriptType: v4.00+\nWrapStyle: 0\nScaledBorderAndShadow: yes\n"
        f"PlayResX: {width}\nPlayResY: {height}\n\n[V4+ Styles]\nFormat: {', '.join(_STYLE_FIELDS)}\n"
        f"Style: {','.join(map(str, fields))}\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    return head + "".join(
        f"Dialogue: 0,{_ass_time(line.start_s)},{_ass_time(_end(lines, n))},Default,,0,0,0,,"
        f"{_shrunk(line, style)}{_ass_text(line, style)}\n"
        for n, line in enumerate(lines)
    )


def _shrunk(line: SubtitleLine, style: SubtitleStyle) -> str:
    """Makes a line smaller that is one word too long for it: libass breaks no words, they would leave the safe area."""
    if len(line.text) <= style.max_characters:
        return ""
    percent = max(40, 100 * style.max_characters // len(line.text))
    return f"{{\\fscx{percent}\\fscy{percent}}}"


def _ass_text(line: SubtitleLine, style: SubtitleStyle) -> str:
    if not style.karaoke:
        return " ".join(_styled(word.text, style) for word in line.words)
    parts, at_s = [], line.start_s
    for n, word in enumerate(line.words):
        wait, spoken = round((word.start_s - at_s) * 100), max(1, round((word.end_s - word.start_s) * 100))
        gap = f"{{\\k{wait}}}" if wait > 0 else ""
        space = " " if n < len(line.words) - 1 else ""
        parts.append(f"{gap}{{\\kf{spoken}}}{_styled(word.text, style)}{space}")
        at_s = word.end_s
    return "".join(parts)


def _styled(text: str, style: SubtitleStyle) -> str:
    """The word for libass: no markup of its own, emoji in their own font, and in Noto Sans where the font lacks a letter."""
    plain = _VARIATION_SELECTORS.sub("", unicodedata.normalize("NFC", text.upper() if style.upper_case else text))
    plain = plain.replace("\\", "/").replace("{", "(").replace("}", ")").replace("\n", " ")
    has_letters = style.font == TEXT_FONT or can_draw(style.font, _EMOJI.sub("", plain))
    font = style.font if has_letters else TEXT_FONT
    word = _EMOJI.sub(lambda emoji: f"{{\\fn{EMOJI_FONT}}}{emoji[0]}{{\\fn{font}}}", plain)
    return word if font == style.font else f"{{\\fn{font}}}{word}{{\\fn{style.font}}}"


def _end(lines: Sequence[SubtitleLine], n: int) -> float:
    later = lines[n].end_s + 0.5
    return min(later, lines[n + 1].start_s) if n + 1 < len(lines) else later


def _color(value: str) -> str:
    """#rrggbb as libass writes it: &H00bbggrr."""
    red, green, blue = value[1:3], value[3:5], value[5:7]
    return f"&H00{blue}{green}{red}".upper()


def _srt_time(seconds: float) -> str:
    millis = max(0, round(seconds * 1000))
    return f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02},{millis % 1000:03}"


def _ass_time(seconds: float) -> str:
    centis = max(0, round(seconds * 100))
    return f"{centis // 360_000}:{centis // 6000 % 60:02}:{centis // 100 % 60:02}.{centis % 100:02}"
