"""One text for every platform: whatever it is, each gets what it takes. No database."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.bulk_planning import SeriesOrder
from backend.bulk_planning.platform_adaptation import PictureFormat, choose_format
from backend.content_plans import adapt_text, whole_caption
from backend.errors import Invalid
from backend.platforms import rules
from backend.platforms.port import Media, PostRequest
from backend.platforms.registry import PLATFORMS
from backend.writing import TextParts

PICTURE = Media(kind="picture", mime="image/jpeg", width=1080, height=1350, size=10, sha256="x", alt_text="")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=600).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(PLATFORMS)),
    st.sampled_from(("picture", "carousel", "story")),
    WORDS,
    st.builds(lambda text, n: (text or "x") * n, WORDS, st.integers(1, 9)),
    st.lists(st.from_regex(r"\A#[a-zà-ü0-9_]{1,40}\Z"), max_size=20),
    st.booleans(),
)
def test_no_text_is_too_long_for_its_platform(
    platform: str, form: PictureFormat, hook: str, caption: str, tags: list[str], ai_mark: bool
) -> None:
    parts = TextParts(hook=hook[:500], caption=caption[:5000], hashtags=tuple(tags))
    draft = adapt_text("chn_1", platform, choose_format(platform, form), parts, ai_mark=ai_mark, after_minutes=10)
    assert draft.options == {"after_minutes": 10}
    assert draft.format in PLATFORMS[platform].formats
    request = PostRequest(
        format=draft.format,
        media=(PICTURE, PICTURE),
        caption=whole_caption(draft.caption, draft.hashtags),
        title=draft.title,
        first_comment="",
        ai_made=ai_mark,
        privacy="",
    )  # type: ignore[arg-type]
    wrong = {problem.code for problem in rules.problems(platform, request)}
    assert not wrong & {"caption_long", "title_long", "hashtags", "letters", "ai_unmarked", "caption_unseen"}


def test_each_channel_gets_it_as_it_takes_it() -> None:
    parts = TextParts(
        hook="Up the hill.", caption="The tram was empty.", hashtags=("#One", "#Two", "#Three", "#Four", "#Five", "#Six")
    )
    drafts = {name: adapt_text("c", name, choose_format(name, "picture"), parts, ai_mark=True) for name in PLATFORMS}
    assert drafts["instagram"].caption == "Up the hill.\n\nThe tram was empty."
    assert len(drafts["instagram"].hashtags) == 6
    assert (drafts["tiktok"].title, drafts["tiktok"].caption) == ("Up the hill.", "The tram was empty.")
    assert drafts["tiktok"].hashtags[-1] == "AIgenerated"
    assert len(drafts["tiktok"].hashtags) == 5
    assert (drafts["youtube"].format, drafts["youtube"].title) == ("short", "Up the hill.")
    assert not drafts["youtube"].options


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channel_ids": ()}, "Choose at least one channel"),
        ({"clocks": ("25:00",)}, "not a time of day"),
        ({"clocks": ("18:00", "18:00")}, "there twice"),
        ({"days": 31, "clocks": ("09:00", "18:00")}, "at most 60"),
        ({"format": "carousel"}, "at least 2"),
        ({"pictures": 3}, "has one picture"),
        ({"minutes_between": 120, "channel_ids": tuple("abcdefg")}, "12 hours"),
    ],
)
def test_an_order_that_cannot_be_says_why(values: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        SeriesOrder(**{"influencer_id": "inf_1", "first": "2026-12-01", "channel_ids": ("chn_1",), **values})
