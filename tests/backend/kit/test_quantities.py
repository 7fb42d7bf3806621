"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest

from backend.kit.quantities import byte_count, seconds
from backend.settings import Settings


def test_units() -> None:
    assert [seconds(text) for text in ("900", "15m", "12h", "7d", " 1.5 h ", 60)] == [900, 900, 43_200, 604_800, 5400, 60]
    assert [byte_count(text) for text in ("10", "100MB", "4 gb", "1.5kb", 7)] == [10, 104_857_600, 4 << 30, 1536, 7]


@pytest.mark.parametrize("text", ["", "7 days", "-1", "0", "MB", "1e3", "7d7d"])
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    for parse in (seconds, byte_count):
        with pytest.raises(ValueError, match="like"):
            parse(text)


def test_settings_take_them(settings: Settings) -> None:
    changed = settings.replace(MAX_UPLOAD_SIZE="100MB", JWT_EXPIRES_IN="12h")
    assert (changed.uploads.max_picture_size, changed.api.refresh_expires_s) == (104_857_600, 43_200.0)
