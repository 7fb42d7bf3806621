"""What the studio knows about one platform, in one value. `backend/platforms/<name>/platform.py` has one each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from backend.platforms.limits import FormatLimits, TextRules
from backend.platforms.oauth_port import Connector
from backend.platforms.port import Format, PlatformAdapter
from backend.settings import Settings

Privacy = Literal["none", "by hand", "public by default"]
ProfileUrl = Callable[[Settings, str, str], str]
"""(settings, account's name without @ and quoted for URLs, account's id) -> its public page, "" when it cannot be told."""


@dataclass(frozen=True, slots=True)
class ContentType:
    """A kind of text that can be written for a platform: a post, a reel, a story …

    `key`: its name in the API. `rules`: the limits that it keeps. `formats`: formats of posts that such a text suits.
    `size`: a key of generation.SIZES for its picture. `note`: a hint for people. `craft`: how a good text of this type is
    built, told to the model. `hook`: characters at most that read well there.
    """

    key: str
    title: str
    rules: TextRules
    formats: tuple[Format, ...]
    size: str
    note: str = ""
    craft: str = ""
    hook: int = 80


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: the only place with these facts. Lists of other modules derive from `registry.PLATFORMS`.

    `name`: as stored (`channels.platform`). `label`: for people. `short_name`: where there is room for two letters.
    `formats`: what it takes, in the order that forms show. `text_rules`: of its posts; `text_rules_by_format`: of formats
    whose texts have other limits.
    """

    name: str
    label: str
    short_name: str
    formats: Mapping[Format, FormatLimits]
    text_rules: TextRules
    adapter: str
    """"module:class" of its PlatformAdapter; imported when first needed, so that the facts do not depend on the client."""
    connector: str
    """"module:class" of its Connector."""
    profile_url: ProfileUrl
    text_rules_by_format: Mapping[Format, TextRules] = field(default_factory=dict)
    content_types: tuple[ContentType, ...] = ()
    """Those that are written for it. (): plans take Instagram's."""
    useful_hashtags: int = 10
    """As many as are useful there; the platform accepts more."""
    ai_hashtag: str = ""
    """Added to posts made with AI, where the platform's own AI label cannot be set for all formats; "": not needed."""
    title: bool = False
    """Whether posts have a title apart from their text."""
    title_required: bool = False
    comments: bool = True
    """Whether a first comment can be written."""
    privacy: Privacy = "none"
    """by hand: somebody must choose who sees each post. public by default: a choice that need not be made."""
    privacy_labels: Mapping[str, str] = field(default_factory=dict)
    """Who may see posts: the platform's value -> label for people."""
    privacy_per_account: bool = False
    """Whether only the account itself tells which of these values it may choose now."""
    only_me: str = ""
    """The privacy value that paid partnerships may not have, as nobody would see them."""
    asks_made_for_kids: bool = False
    max_collaborators: int | None = None
    review_step: str = ""
    """What the platform asks of the app before everybody may see its posts; "": nothing."""
    crops_carousels: bool = False
    """Whether every file of a carousel is cropped to the shape of the first."""
    practice: bool = False
    """The practice platform: it runs beside the studio, and nobody outside sees it."""
    api_url: Callable[[Settings], str] = lambda _settings: ""
    """The URL of its API; one on this machine can fetch the studio's files as they are."""
    secret_settings: tuple[str, ...] = ()
    """Environment names that only processes which connect and publish get."""

    def create_adapter(self, settings: Settings) -> PlatformAdapter:
        """Imports the adapter and creates it, without a call."""
        adapter: PlatformAdapter = _load_class(self.adapter)(settings)
        return adapter

    def create_connector(self, settings: Settings) -> Connector:
        connector: Connector = _load_class(self.connector)(settings)
        return connector

    @property
    def fixed_privacy(self) -> tuple[str, ...]:
        """The privacy values that every account may choose; (): each account has its own, or there is nothing to choose."""
        return () if self.privacy_per_account else tuple(self.privacy_labels)

    def text_rules_for(self, post_format: str) -> TextRules:
        """The text rules of posts as picture, carousel, reel, story, video or short."""
        return next((rules for name, rules in self.text_rules_by_format.items() if name == post_format), self.text_rules)


def _load_class(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
