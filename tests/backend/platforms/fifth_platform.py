"""Adds a platform to the registry before anything else reads it, and prints as JSON what each part of the studio knows of it.

A process of its own, because the other modules read the registry when they are imported.
"""

from __future__ import annotations

import json
from dataclasses import replace

from backend.platforms import registry
from backend.platforms.limits import FormatLimits, PictureFormatLimits, TextLimit, TextRules
from backend.platforms.platform import ContentType
from backend.platforms.sandbox.platform import SANDBOX

_TEXT = TextRules("pinboard", "Pinboard", TextLimit("description", 40), TextLimit("title", 9), forbidden="|")
PINBOARD = replace(
    SANDBOX,
    name="pinboard",
    label="Pinboard",
    short_name="PB",
    formats={"picture": FormatLimits((1, 1), PictureFormatLimits(("image/jpeg",), 1_000), caption=True, ai_label=False)},
    text_rules=_TEXT,
    content_types=(ContentType("pinboard-pin", "Pinboard pin", _TEXT, ("picture",), "portrait"),),
    useful_hashtags=2,
    ai_hashtag="MadeByAI",
    title=True,
    title_required=True,
    privacy="by hand",
    privacy_labels={"all": "Everybody", "me": "Nobody"},
    only_me="me",
    asks_made_for_kids=True,
    practice=False,
    profile_url=lambda settings, name, account_id: f"https://pinboard.example/{name}",
    api_url=lambda settings: "http://localhost:1",
    secret_settings=("PINBOARD_SECRET",),
)


def known() -> dict[str, object]:
    """Name of a list -> what it has for the platform."""
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from sqlalchemy import CheckConstraint

    from backend import channels, content_plans
    from backend.bulk_planning import platform_adaptation
    from backend.channels import ChannelCard
    from backend.db.tables import Channel
    from backend.platforms import oauth, rules, text_limits
    from backend.platforms.port import Media, Options, PostRequest
    from backend.publishing import media
    from backend.settings import Settings
    from backend.writing import CONTENT_TYPES, TextParts
    from ops.local_stack.services import worker_services
    from studio.content_plans import calendar
    from studio.writing import writing_card

    settings = Settings.read(env_file=None)
    card = ChannelCard(
        "chn_1",
        "inf_1",
        "pinboard",
        "Bella",
        "connected",
        "7",
        None,
        {"profile": {"name": "@bella"}},
        "",
        datetime.now(UTC),
        None,
    )
    options = Options(paid_partnership=True)
    picture = Media(kind="picture", mime="image/jpeg", width=100, height=100, size=10)
    post = PostRequest("picture", (picture,), caption="x" * 41, privacy="me", options=options)
    adapter, connector = registry.create_adapter("pinboard", settings), oauth.connector("pinboard", settings)
    adapter.close()
    connector.close()
    parts = TextParts(hook="A | very long hook", caption="Hello.", hashtags=("#one", "#two", "#three"))
    adapted = content_plans.adapt_text(
        "chn_1", "pinboard", platform_adaptation.choose_format("pinboard", "carousel"), parts, ai_mark=True
    )
    constraints = [str(check.sqltext) for check in Channel.__table__.constraints if isinstance(check, CheckConstraint)]
    draft = SimpleNamespace(parts=TextParts(caption="x" * 41), content_type="instagram-post", length=100)
    return {
        "channels": [channels.PLATFORMS["pinboard"], card.label, dict(channels.PRIVACY["pinboard"])],
        "profile": channels.profile_url(card, settings),
        "table": any("'pinboard'" in constraint for constraint in constraints),
        "formats": rules.formats("pinboard"),
        "problems": sorted(problem.code for problem in rules.problems("pinboard", post)),
        "text_rules": text_limits.RULES["pinboard"].title,
        "text_problems": [problem.part for problem in text_limits.problems("pinboard", text="x" * 41)],
        "content_type": [CONTENT_TYPES["pinboard-pin"].title, platform_adaptation.content_type("pinboard", "carousel")],
        "adapted": [adapted.format, adapted.title, adapted.hashtags],
        "adapter": type(adapter).__name__,
        "connector": type(connector).__name__,
        "local": media._is_local_platform(settings, "pinboard"),
        "counters": writing_card.counters(draft),  # type: ignore[arg-type]
        "calendar": calendar._PLATFORM_NAMES["pinboard"],
        "withheld": ["PINBOARD_SECRET" in worker.withheld for worker in worker_services(stop_grace_s=1)],
    }


if __name__ == "__main__":
    registry.PLATFORMS["pinboard"] = PINBOARD
    print(json.dumps(known()))
