"""What each platform takes (instagram.md, 3; tiktok.md, 6; youtube.md, 4), and that what we offer to mend mends it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.platforms import rules
from backend.platforms.port import Media, Options, PlatformAccount, PostProblem, PostRequest
from backend.platforms.registry import PLATFORMS
from backend.platforms.text_limits import hashtags_in, limit_hashtags, shorten, text_length
from tests.backend.platforms.posts import film, picture, post_of

WAYS = [(name, format) for name, platform in PLATFORMS.items() for format in platform.formats]


def codes(platform: str, post: PostRequest, account: PlatformAccount | None = None) -> list[str]:
    return [problem.code for problem in rules.problems(platform, post, account)]


@pytest.mark.parametrize(("platform", "format"), WAYS)
def test_a_good_post_has_no_problem_anywhere(platform: str, format: str) -> None:
    assert rules.problems(platform, post_of(platform, format)) == ()


@pytest.mark.parametrize(
    ("platform", "format", "changed", "code", "fix"),
    [
        ("instagram", "picture", {"caption": "x" * 2201}, "caption_long", "shorten"),
        ("instagram", "picture", {"caption": "#a1 " * 31}, "hashtags", "remove_hashtags"),
        ("instagram", "picture", {"caption": "@bella " * 21}, "mentions", None),
        ("instagram", "picture", {"media": (picture(mime="image/png"),)}, "picture_format", "jpeg"),
        ("instagram", "picture", {"media": (picture(size=8_000_001),)}, "picture_size", "jpeg"),
        ("instagram", "picture", {"media": (picture(width=1000, height=1400),)}, "ratio", "crop"),
        ("instagram", "picture", {"media": (picture(width=1920, height=1000),)}, "ratio", "crop"),
        ("instagram", "picture", {"media": (picture(width=300, height=300),)}, "picture_small", "enlarge"),
        ("instagram", "picture", {"media": (picture(alt_text="x" * 1001),)}, "alt_text_long", None),
        ("instagram", "picture", {"media": ()}, "media_missing", None),
        ("instagram", "carousel", {"media": (picture(),)}, "too_few_files", None),
        ("instagram", "carousel", {"media": (picture(),) * 11}, "too_many_files", None),
        ("instagram", "picture", {"media": (film(),)}, "wrong_kind", None),
        ("instagram", "reel", {"media": (film(duration_s=2.0),)}, "video_short", None),
        ("instagram", "reel", {"media": (film(duration_s=901.0),)}, "video_long", "trim"),
        ("instagram", "reel", {"media": (film(size=300_000_001),)}, "video_size", "transcode"),
        ("instagram", "reel", {"media": (film(fps=15.0),)}, "video_format", "transcode"),
        ("instagram", "reel", {"media": (film(codec="vp9"),)}, "video_format", "transcode"),
        ("instagram", "reel", {"media": (film(width=2000, height=3000),)}, "video_format", "transcode"),
        ("instagram", "story", {"media": (film(duration_s=61.0),)}, "video_long", "trim"),
        ("instagram", "reel", {"options": Options(collaborators=("a", "b", "c", "d"))}, "collaborators", None),
        ("instagram", "reel", {"options": Options(cover_ms=12_000)}, "cover", None),
        ("instagram", "video", {}, "format", None),
        ("tiktok", "video", {"caption": "🌊" * 1101}, "caption_long", "shorten"),
        ("tiktok", "video", {"privacy": ""}, "privacy_missing", None),
        ("tiktok", "video", {"media": (film(duration_s=601.0),)}, "video_long", "trim"),
        ("tiktok", "video", {"media": (film(width=300, height=600),)}, "video_format", "transcode"),
        ("tiktok", "video", {"options": Options(paid_partnership=True)}, "paid_but_private", None),
        ("tiktok", "picture", {"title": "x" * 91}, "title_long", "shorten"),
        ("tiktok", "picture", {"media": (picture(mime="image/png"),)}, "picture_format", "jpeg"),
        ("tiktok", "picture", {"media": (picture(width=2000, height=2000),)}, "picture_large", "resize"),
        ("tiktok", "carousel", {"media": (picture(),) * 36}, "too_many_files", None),
        ("youtube", "short", {"title": ""}, "title_missing", None),
        ("youtube", "short", {"title": "x" * 101}, "title_long", "shorten"),
        ("youtube", "short", {"title": "a <b>"}, "letters", None),
        ("youtube", "short", {"caption": "é" * 2501}, "caption_long", "shorten"),
        ("youtube", "short", {"media": (film(width=1920, height=1080),)}, "ratio", "crop"),
        ("youtube", "short", {"media": (film(duration_s=181.0),)}, "video_long", "trim"),
        ("youtube", "short", {"privacy": "friends"}, "privacy_not_offered", None),
        ("youtube", "short", {"options": Options(tags=("x" * 250, "y" * 250))}, "tags", None),
    ],
)
def test_what_is_wrong_is_said_with_what_mends_it(
    platform: str, format: str, changed: dict[str, object], code: str, fix: str | None
) -> None:
    problem = next(
        (candidate for candidate in rules.problems(platform, post_of(platform, format, **changed)) if candidate.code == code),
        None,
    )
    assert problem is not None
    assert problem.blocks
    assert (problem.fix.kind if problem.fix else None) == fix
    assert problem.message.endswith(".")


def test_what_only_surprises_does_not_block() -> None:
    story = rules.problems("instagram", post_of("instagram", "story", caption="Hello"))
    carousel = post_of("instagram", "carousel", media=(picture(), picture(width=1080, height=1080)))
    short_post = post_of("youtube", "short", caption="See https://example.org")
    comment = post_of("tiktok", "video", first_comment="First!")
    unsaid = rules.problems("tiktok", post_of("tiktok", "picture", caption="A day at the lake"))
    all_problems = [*unsaid, *story, *rules.problems("instagram", carousel), *rules.problems("youtube", short_post)]
    all_problems += rules.problems("tiktok", comment)
    assert [problem.code for problem in all_problems] == [
        "ai_unmarked",
        "caption_unseen",
        "mixed_ratios",
        "links",
        "comment_unseen",
    ]
    assert not any(problem.blocks for problem in all_problems)


def test_what_creator_info_says_counts() -> None:
    """B2: privacy out of what is offered now, the account's own longest video, its interactions."""
    today = PlatformAccount("1", "bella", privacy=("SELF_ONLY",), max_video_s=10, comments_off=True)
    post = post_of("tiktok", "video", privacy="PUBLIC_TO_EVERYONE", options=Options(allow_comments=True))
    assert codes("tiktok", post) == []
    assert codes("tiktok", post, today) == ["privacy_not_offered", "account_duration", "comments_off"]


_TEXT = st.text(max_size=400) | st.text(alphabet="ab# 👩‍👩‍👧🏽é̂\U0001f3fd", max_size=400)


@given(_TEXT, st.sampled_from(["characters", "UTF-16 units", "bytes"]), st.integers(0, 300))
@example("000000000000\u200d 00", "characters", 15)
def test_a_shortened_text_fits_and_is_whole(text: str, unit: str, to: int) -> None:
    cut = shorten(text, unit, to)  # type: ignore[arg-type]
    assert text_length(cut, unit) <= to  # type: ignore[arg-type]
    assert cut == text or text_length(text, unit) > to  # type: ignore[arg-type]
    assert "\u200d…" not in cut


@given(st.text(alphabet="a#b 1\n", max_size=200), st.integers(0, 10))
@example("#1#1", 0)
@example("a #b#c", 0)
def test_surplus_hashtags_go_and_the_first_stay(text: str, at_most: int) -> None:
    assert hashtags_in(limit_hashtags(text, at_most)) == hashtags_in(text)[:at_most]


_MEDIA = st.builds(
    Media,
    kind=st.sampled_from(["picture", "video"]),
    mime=st.sampled_from(["image/jpeg", "image/png", "video/mp4", "video/webm", "application/pdf"]),
    width=st.integers(0, 9000),
    height=st.integers(0, 9000),
    size=st.integers(0, 10**10),
    duration_s=st.none() | st.floats(0, 10**5),
    fps=st.none() | st.floats(0, 240),
    codec=st.sampled_from(["", "h264", "mjpeg"]),
)
_POSTS = st.builds(
    PostRequest,
    format=st.sampled_from(["picture", "carousel", "reel", "story", "video", "short"]),
    media=st.lists(_MEDIA, max_size=4).map(tuple),
    caption=st.text(max_size=60),
    title=st.text(max_size=120),
    privacy=st.sampled_from(["", "public", "SELF_ONLY"]),
)


@given(st.sampled_from(list(PLATFORMS)), _POSTS)
def test_one_click_mends_what_it_says_it_mends(platform: str, post: PostRequest) -> None:
    for problem in rules.problems(platform, post):
        assert problem.message.endswith(".")
        if problem.fix:
            after = rules.problems(platform, mended(post, problem))
            assert (problem.code, problem.media) not in [(remaining.code, remaining.media) for remaining in after]


def mended(post: PostRequest, problem: PostProblem) -> PostRequest:
    """The post as a fix leaves it."""
    fix, n = problem.fix, problem.media
    assert fix
    if n is None:
        assert fix.to is not None
        cut = shorten(getattr(post, problem.field), "bytes", fix.to)
        return replace(post, **{problem.field: cut})  # type: ignore[arg-type]
    media = post.media[n]
    match fix.kind:
        case "jpeg":
            media = replace(media, mime="image/jpeg", size=300_000)
        case "crop":
            assert fix.ratio
            wide = min(media.width, round(media.height * fix.ratio))
            media = replace(media, width=max(wide, 1000), height=round(max(wide, 1000) / fix.ratio))
        case "resize":
            assert fix.width
            media = replace(media, width=fix.width, height=max(1, int(media.height * fix.width / media.width)))
        case "enlarge":
            assert fix.width
            media = replace(media, width=fix.width, height=max(1, round(media.height * fix.width / media.width)))
        case "trim":
            media = replace(media, duration_s=fix.seconds)
        case _:
            assert fix.kind == "transcode"
            media = replace(media, mime="video/mp4", codec="h264", audio="aac", fps=30.0, width=1080, height=1920, size=10**6)
    return replace(post, media=(*post.media[:n], media, *post.media[n + 1 :]))
