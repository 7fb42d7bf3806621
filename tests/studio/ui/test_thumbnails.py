"""Thumbnails of rows are small files, and rows without a picture stay aligned."""

from __future__ import annotations

from studio.ui.thumbnails import portrait_html, thumbnail_html


def test_a_thumbnail_is_never_the_original() -> None:
    html = thumbnail_html("ws_1", "ast_1")
    assert "w=160" in html
    assert 'loading="lazy"' in html


def test_a_row_without_a_picture_has_a_square_of_the_same_size() -> None:
    assert "<img" not in thumbnail_html("ws_1", None, side=72)
    assert "width:72px;height:72px" in thumbnail_html("ws_1", None, side=72)


def test_a_person_without_a_picture_has_a_letter_that_is_no_markup() -> None:
    assert "&lt;" in portrait_html("", "<b>Nina")
    assert 'src="/a?b&amp;c"' in portrait_html("/a?b&c", "Nina")
