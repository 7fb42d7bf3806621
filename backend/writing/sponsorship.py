"""The hashtag that discloses an ad, in the influencer's language, at the front of the caption. Pure."""

from __future__ import annotations

from backend.platforms.text_limits import hashtags_in

_TAGS: dict[str, tuple[str, ...]] = {
    "en": ("#ad", "#advert", "#sponsored"), "it": ("#adv", "#pubblicità", "#ad", "#sponsorizzato"),
    "de": ("#werbung", "#anzeige"), "es": ("#publicidad", "#publi"), "fr": ("#publicité", "#sponsorisé"),
    "pt": ("#publicidade", "#publi"), "nl": ("#reclame", "#advertentie"), "pl": ("#reklama",), "tr": ("#reklam",),
    "sv": ("#reklam", "#annons"), "da": ("#reklame", "#annonce"), "nb": ("#reklame", "#annonse"), "fi": ("#mainos",),
    "cs": ("#reklama",), "hu": ("#reklám",), "ro": ("#publicitate",), "ru": ("#реклама",), "uk": ("#реклама",),
    "el": ("#διαφήμιση",), "ja": ("#広告", "#pr"), "ko": ("#광고",), "zh": ("#广告", "#廣告"), "id": ("#iklan",),
    "vi": ("#quảngcáo",), "th": ("#โฆษณา",), "ar": ("#إعلان",), "he": ("#פרסומת",), "hi": ("#विज्ञापन",),
}  # fmt: skip
"""Language -> hashtags: the first is the one we put; the others count too."""
_VISIBLE_CHARACTERS = 60
"""Characters: what a feed shows of a caption before “more”."""


def disclosure_tag(language: str) -> str:
    return disclosure_tags(language)[0]


def disclosure_tags(language: str) -> tuple[str, ...]:
    return _TAGS.get(language.partition("-")[0], _TAGS["en"])


def is_disclosed(caption: str, language: str) -> bool:
    """Whether a disclosure stands where everybody sees it."""
    front = {hashtag.lower() for hashtag in hashtags_in(caption[:_VISIBLE_CHARACTERS])}
    return bool(front & {*disclosure_tags(language), *_TAGS["en"]})


def with_disclosure(caption: str, language: str) -> str:
    """With the disclosure in front, unless it is there."""
    return caption if is_disclosed(caption, language) else f"{disclosure_tag(language)} {caption}".strip()
