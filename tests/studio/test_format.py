"""Figures, times and users' text as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.language import Reader, reading
from studio.ui import format as words

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "1 s"), (42, "42 s"), (75, "1 min 15 s"), (1800, "30 min"), (3 * 3600 + 240, "3 h 4 min")],
)
def test_durations(seconds: float, expected: str) -> None:
    assert words.duration(seconds) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=59), "1 Jan 2026"),
    ],
)
def test_ago(before: timedelta, expected: str) -> None:
    assert words.ago(NOW - before, now=NOW) == expected


def test_instants_are_shown_in_the_readers_zone() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    with reading(Reader("en", zone="Asia/Tokyo")):
        assert words.date_time_text(late) == "2 Mar 2026, 08:30"
        assert words.date_text(late.date()) == "1 Mar 2026"


def test_sizes_and_counts() -> None:
    assert [words.size(n) for n in (12, 2048, 3 * 2**20)] == ["12 B", "2 KB", "3.0 MB"]
    assert words.count(1, "picture") == "1 picture"
    assert words.count(1200, "picture") == "1,200 pictures"


def test_media_urls_are_root_relative_and_quoted() -> None:
    assert words.media_url("ws_1", "ast_2", w=320) == "/api/media/ws_1/ast_2?w=320"
    assert words.media_url("ws_1", "ast_2", download=True) == "/api/media/ws_1/ast_2?download=1"
    assert words.media_url("ws_1", "../x") == "/api/media/ws_1/..%2Fx"


def test_user_text_is_shown_letter_by_letter() -> None:
    assert words.plain("**b** [x](y) :red[z] <b>") == r"\*\*b\*\* \[x\]\(y\) \:red\[z\] \<b\>"
    assert words.esc('"><script>') == "&quot;&gt;&lt;script&gt;"


def test_lines() -> None:
    assert words.lines(" a \n\n b\n") == ("a", "b")


@pytest.mark.parametrize(
    ("ahead", "zone", "expected"),
    [
        (timedelta(minutes=20), "UTC", "12:20"),
        (timedelta(hours=11), "UTC", "23:00"),
        (timedelta(hours=11), "Europe/Rome", "tomorrow 00:00"),
        (timedelta(days=3), "UTC", "4 Mar 12:00"),
    ],
)
def test_clocks(ahead: timedelta, zone: str, expected: str) -> None:
    assert words.clock_time(NOW + ahead, zone, now=NOW) == expected


def test_what_is_said_of_a_duration_names_loading() -> None:
    assert words.estimated_duration(14.2, 8.1) == "about 14 s, of which 8 s to load the model"
    assert words.estimated_duration(95.0) == "about 1 min 35 s"
    assert words.estimated_duration(0.3, 0.2) == "about 1 s"


AT = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (Reader(), ("24 Nov 2026", "Tue 24 Nov, 14:20", "1,200", "$12.30", "3.0 MB")),
        (Reader(date_style="mdy", hours=12), ("Nov 24, 2026", "Tue, Nov 24, 2:20 PM", "1,200", "$12.30", "3.0 MB")),
        (Reader(date_style="iso"), ("2026-11-24", "Tue 11-24, 14:20", "1,200", "$12.30", "3.0 MB")),
        (Reader(currency="EUR", rate=0.9), ("24 Nov 2026", "Tue 24 Nov, 14:20", "1,200", "≈ €11.07", "3.0 MB")),
        (Reader("it"), ("24 nov 2026", "mar 24 nov, 14:20", "1.200", "12,30 $", "3,0 MB")),
    ],
)
def test_dates_and_figures_are_written_as_the_reader_does(reader: Reader, expected: tuple[str, ...]) -> None:
    with reading(reader):
        amount = words.usd(Decimal("12.3"))
        texts = (words.date_text(AT), words.moment_text(AT), words.number(1200), amount, words.size(3 * 2**20))
    assert texts == expected
