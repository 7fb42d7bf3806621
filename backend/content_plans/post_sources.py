"""Posts made from what there is already (pictures, videos, a text), and what a post was made from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend import assets, channels, generation, influencers, music, reels, videos, writing
from backend.channels import ChannelCard
from backend.content_plans import dates, faces, files, plans, queries
from backend.content_plans.adaptation import adapt_text
from backend.content_plans.faces import FaceMatch
from backend.content_plans.schemas import PlanCard, PlanDraft, PostSource, VariantDraft
from backend.errors import Invalid, NotFound
from backend.generation import PictureCard
from backend.influencers import InfluencerCard
from backend.language import tr_lazy
from backend.platforms.registry import PLATFORMS
from backend.reels import ReelCard
from backend.videos import VideoCard
from backend.writing import DraftCard, TextParts

_MAX_TOPIC = 80
_LORA_TAG = re.compile(r"<[^<>]*>")
_WEIGHT = re.compile(r":\s*-?\d+(?:\.\d+)?(?=\s*[)\]])")


@dataclass(frozen=True, slots=True)
class OriginFile:
    """A picture or video of a post, with where it comes from. `title`: what it shows, by its prompt; "": not known.

    `picture_id`, `video_id`: in the library, "" when it is not (or no more) from there. `match`: None, not scored.
    """

    asset_id: str
    kind: str
    picture_id: str
    video_id: str
    title: str
    match: FaceMatch | None


@dataclass(frozen=True, slots=True)
class PostOrigin:
    """What a post was made from. `text`: None, none is known. `repurposed_from`: id of the post that it uses again, or ""."""

    files: tuple[OriginFile, ...]
    text: DraftCard | None
    repurposed_from: str


@dataclass(frozen=True, slots=True)
class _Materials:
    """The things that a PostSource names. `media`: asset ids and their kinds, pictures first. `credits`: of music in them."""

    pictures: Sequence[PictureCard]
    videos: Sequence[VideoCard]
    reels: Sequence[ReelCard]
    text: DraftCard | None
    media: dict[str, str]
    credits: Sequence[str]

    @property
    def influencer_id(self) -> str:
        owners = [self.text.influencer_id] if self.text else []
        owners += [picture.influencer_id or "" for picture in self.pictures]
        owners += [video.influencer_id or "" for video in self.videos]
        owners += [reel.influencer_id or "" for reel in self.reels]
        return next((owner for owner in owners if owner), "")


def create_from(tx: Session, source: PostSource, *, request_key: str) -> PlanCard:
    """Creates a draft from pictures (several make a carousel), videos, a text, or from nothing but an influencer.

    It has a post on each connected channel of the influencer that takes such files (on the practice channel, which is added,
    if nothing is connected), caption and hashtags within each platform's limits, alt texts, and the next free time. A picture
    whose own text is not used yet brings that along. The text counts as used. The same `request_key` returns the first plan.

    Raises NotFound, Invalid (it is not known whose post it is).
    """
    if first_plan := queries.find_by_request_key(tx, request_key):
        return first_plan
    materials = _read_materials(tx, source)
    influencer = influencers.get(tx, source.influencer_id or _require_influencer(tx, materials))
    dates.lock_calendar(tx, influencer.id)
    zone = source.zone or influencer.time_zone
    channel_cards = _channels(tx, source, influencer, materials)
    draft = PlanDraft(
        influencer_id=influencer.id,
        topic=_topic(materials, influencer),
        wall=source.wall or (dates.suggested_time(tx, influencer.id, zone=zone) if source.dated else None),
        zone=zone,
        variants=tuple(_variant(channel, source, materials, influencer) for channel in channel_cards),
    )
    text = materials.text
    plan = plans.create(tx, draft, request_key=request_key, text_id=text.id if text else None)
    if text and text.state == "draft":
        writing.set_state(tx, text.id, "used")
    return plan


def influencer_of_source(tx: Session, source: PostSource) -> str:
    """Whose post it will be: the id in `source`, else the owner of what it names, else the only influencer there is; "" when
    somebody has to say. Raises NotFound."""
    return source.influencer_id or _read_materials(tx, source).influencer_id or _only_influencer(tx)


def origin_of(tx: Session, card: PlanCard) -> PostOrigin:
    """What the plan's posts were made from, their files in order and each once."""
    asset_ids = list(dict.fromkeys(asset_id for post in card.posts for asset_id in post.media))
    asset_cards, matches = assets.get_many(tx, asset_ids), faces.matches_by_asset(tx, asset_ids)
    pictures_by_asset = generation.pictures_by_asset(tx, asset_ids)
    videos_by_asset = videos.by_asset(tx, asset_ids)
    source_files = []
    for asset_id in asset_ids:
        picture, video = pictures_by_asset.get(asset_id), videos_by_asset.get(asset_id)
        prompt = picture.recipe.asked or picture.prompt if picture else video.recipe.prompt if video else ""
        source_files.append(
            OriginFile(
                asset_id=asset_id,
                kind=asset_cards[asset_id].kind if asset_id in asset_cards else "",
                picture_id=picture.id if picture else "",
                video_id=video.id if video else "",
                title=prompt,
                match=matches.get(asset_id),
            )
        )
    text = writing.get(tx, card.text_id) if card.text_id else None
    return PostOrigin(tuple(source_files), text, card.repurposed_from or "")


def describe_picture(picture: PictureCard, *, trigger_word: str, name: str) -> str:
    """What a picture shows, in the words of its prompt, for people who cannot see it: without LoRA tags and weights, the
    trigger word replaced by the name. "" for an imported picture without a prompt."""
    words = _WEIGHT.sub("", _LORA_TAG.sub(" ", picture.recipe.asked or picture.prompt))
    words = re.sub(r"[()\[\]{}]", "", words)
    if trigger_word:
        words = re.sub(rf"\b{re.escape(trigger_word)}\b", name, words, flags=re.IGNORECASE)
    parts = [" ".join(part.split()) for part in words.split(",")]
    return ", ".join(part for part in parts if part)[:1000]


def _read_materials(tx: Session, source: PostSource) -> _Materials:
    text = writing.get(tx, source.text_id) if source.text_id else None
    picture_ids = source.picture_ids
    if text and text.picture_id and not picture_ids and not source.video_ids:
        picture_ids = (text.picture_id,)
    picture_cards = generation.pictures(tx, picture_ids)
    if len(picture_cards) < len(source.picture_ids):
        raise NotFound(tr_lazy("One of these pictures does not exist here any more. Load the page again."))
    video_cards = [videos.get(tx, video_id) for video_id in source.video_ids]
    if any(video.deleted_at or not video.asset_id for video in video_cards):
        raise NotFound(tr_lazy("One of these videos is not finished, or was deleted. Load the page again."))
    reel_cards = [reels.get(tx, reel_id) for reel_id in source.reel_ids]
    if any(reel.deleted_at or not reel.asset_id for reel in reel_cards):
        raise NotFound(tr_lazy("One of these reels is not rendered yet, or was deleted. Render it first."))
    if text is None and not source.caption and (picture_cards or video_cards):
        first_picture_id = picture_cards[0].id if picture_cards else video_cards[0].picture_id
        text = writing.unused_text_of_picture(tx, first_picture_id) if first_picture_id else None
    media = {picture.asset_id: "image" for picture in picture_cards}
    media |= {video.asset_id: "video" for video in video_cards if video.asset_id}
    media |= {reel.asset_id: "video" for reel in reel_cards if reel.asset_id}
    tracks = [video.recipe.finish.track for video in video_cards if video.recipe.finish]
    credits = [track.credit for track in tracks if track and track.credit]
    credits += [credit for reel in reel_cards if reel.music_track_id and (credit := music.credit_of(tx, reel.music_track_id))]
    return _Materials(picture_cards, video_cards, reel_cards, text, media, list(dict.fromkeys(credits)))


def _only_influencer(tx: Session) -> str:
    page = influencers.page(tx, take=2)
    return page.cards[0].id if page.total == 1 else ""


def _require_influencer(tx: Session, materials: _Materials) -> str:
    if influencer_id := materials.influencer_id or _only_influencer(tx):
        return influencer_id
    raise Invalid(tr_lazy("Choose an influencer for this post: none of it belongs to one yet."))


def _topic(materials: _Materials, influencer: InfluencerCard) -> str:
    if materials.text:
        return materials.text.parts.hook[:300] or materials.text.topic
    if not materials.pictures:
        return materials.reels[0].title if materials.reels else ""
    words = describe_picture(materials.pictures[0], trigger_word=influencer.trigger_word, name=influencer.name)
    return words if len(words) <= _MAX_TOPIC else words[:_MAX_TOPIC].rsplit(" ", 1)[0].rstrip(" ,") + " …"


def _channels(tx: Session, source: PostSource, influencer: InfluencerCard, materials: _Materials) -> list[ChannelCard]:
    """The chosen channels; else the connected ones that take such files, the practice channel only where it is alone."""
    channel_cards = channels.of(tx, influencer.id)
    if source.channel_ids is not None:
        cards_by_id = {channel.id: channel for channel in channel_cards}
        if missing := [channel_id for channel_id in source.channel_ids if channel_id not in cards_by_id]:
            raise NotFound(
                tr_lazy("{n} of the chosen channels is not the influencer's. Choose the channels again.", n=len(missing))
            )
        return [cards_by_id[channel_id] for channel_id in source.channel_ids]
    connected = [channel for channel in channel_cards if channel.state == "connected"]
    real = [channel for channel in connected if not PLATFORMS[channel.platform].practice]
    candidates = real or connected or [channels.add_sandbox(tx, influencer.id)]
    kinds = set(materials.media.values())
    return [channel for channel in candidates if _takes(channel.platform, kinds)] or candidates


def _takes(platform: str, kinds: set[str]) -> bool:
    """Whether one of the platform's formats takes all these kinds of files."""
    return any(
        ("image" not in kinds or limits.picture is not None) and ("video" not in kinds or limits.video is not None)
        for limits in PLATFORMS[platform].formats.values()
    )


def _variant(channel: ChannelCard, source: PostSource, materials: _Materials, influencer: InfluencerCard) -> VariantDraft:
    parts = materials.text.parts if materials.text else TextParts()
    caption = source.caption or next((reel.caption for reel in materials.reels if not materials.text), "")
    if caption:
        parts = parts.model_copy(update={"hook": "", "caption": caption})
    if missing := [credit for credit in materials.credits if credit not in parts.caption]:
        credits = f"Music: {'; '.join(missing)}"
        parts = parts.model_copy(update={"caption": f"{parts.caption}\n\n{credits}" if parts.caption else credits})
    post_format = files.choose_format(channel.platform, "", list(materials.media.values()))
    variant = adapt_text(channel.id, channel.platform, post_format, parts, ai_mark=influencer.ai_mark)
    return variant.model_copy(
        update={"format": "", "media": tuple(materials.media), "alt_texts": _alt_texts(materials, influencer)}
    )


def _alt_texts(materials: _Materials, influencer: InfluencerCard) -> dict[str, str]:
    alt_texts = {
        picture.asset_id: describe_picture(picture, trigger_word=influencer.trigger_word, name=influencer.name)
        for picture in materials.pictures
    }
    if materials.text and materials.text.parts.alt_text and materials.pictures:
        alt_texts[materials.pictures[0].asset_id] = materials.text.parts.alt_text
    return {asset_id: words for asset_id, words in alt_texts.items() if words}
