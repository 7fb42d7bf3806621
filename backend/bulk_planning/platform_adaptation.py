"""One text for several channels: each gets it as its platform takes it. Pure."""

from __future__ import annotations

from backend.bulk_planning.schemas import Form
from backend.content_plans import VariantDraft, hashtags, whole_caption
from backend.platforms.limits import PLATFORMS
from backend.platforms.port import Format
from backend.platforms.text_limits import Field, TextRules, measure, rules_of
from backend.platforms.text_shortening import shortened
from backend.writing import TextParts

MOST_TAGS = {"instagram": 10, "tiktok": 5, "youtube": 4, "sandbox": 10}
"""As many hashtags as help there; the platforms take more."""
_AI_TAG = "AIgenerated"


def content_type(platform: str, form: Form) -> str:
    """What a text for this channel is called where texts are written."""
    match platform:
        case "tiktok":
            return "tiktok-photo"
        case "youtube":
            return "youtube-short"
        case _:
            return {"picture": "instagram-post", "carousel": "instagram-carousel", "story": "instagram-story"}[form]


def fitting(platform: str, form: Form) -> Format:
    """The wished form where the platform has it; a picture instead of a story; else the platform's first."""
    known = PLATFORMS[platform].formats
    wish: tuple[Format, ...] = (form, "picture")
    return next((one for one in wish if one in known), next(iter(known)))


def takes_pictures(platform: str, form: Form) -> bool:
    return PLATFORMS[platform].formats[fitting(platform, form)].picture is not None


def variant(
    channel_id: str, platform: str, form: Form, parts: TextParts, *, ai_mark: bool, after_minutes: int = 0, privacy: str = ""
) -> VariantDraft:
    """Within the platform's limits whatever the text is. The hook is the title where there is one, else the first line."""
    known, kind = PLATFORMS[platform], fitting(platform, form)
    rules = rules_of(platform, kind)
    titled = known.title and rules.heading is not None
    title = _within(_clean(parts.hook or parts.caption, rules), rules.heading) if titled else ""
    tags = list(hashtags(parts.hashtags))[: MOST_TAGS.get(platform, 10)]
    if platform == "tiktok" and ai_mark and _AI_TAG.lower() not in {tag.lower() for tag in tags}:
        tags = [*tags[: MOST_TAGS["tiktok"] - 1], _AI_TAG]  # it takes no label for pictures of other programs
    words, shown = "", rules.text is not None and known.formats[kind].caption
    if shown:
        said = parts.caption if titled or parts.caption.startswith(parts.hook) else f"{parts.hook}\n\n{parts.caption}"
        words, tags = _room(_clean(said.strip(), rules), tags, rules)
    return VariantDraft(
        channel_id=channel_id, format=kind, caption=words, title=title, hashtags=tuple(tags) if shown else (),
        privacy=privacy, options={"after_minutes": after_minutes} if after_minutes else {},
    )  # fmt: skip


def _room(words: str, tags: list[str], rules: TextRules) -> tuple[str, list[str]]:
    """Hashtags go before words do, the words are shortened when they alone are too long."""
    assert rules.text is not None
    most, unit = min(rules.text.most, 5000), rules.text.unit
    words = shortened(words, unit, most)
    while tags and measure(whole_caption(words, tags), unit) > most:
        tags = tags[:-1]
    return words, tags


def _within(words: str, field: Field | None) -> str:
    return shortened(words, field.unit, field.most) if field else words


def _clean(words: str, rules: TextRules) -> str:
    return "".join(letter for letter in words if letter not in rules.forbidden)
