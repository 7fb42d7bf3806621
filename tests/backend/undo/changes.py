"""One changeable thing for each part that can be undone: its id, and a change of it to the n-th of four states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from backend import (
    access,
    accounts,
    automations,
    budgets,
    channels,
    content_plans,
    datasets,
    gallery,
    identity,
    influencers,
    loras,
    music,
    notices,
    prompt_library,
    reels,
    undo,
    videos,
    voices,
    webhooks,
    writing,
    writing_styles,
)
from backend.access import ApiKeyChange, ApiKeyDraft
from backend.automations import AutomationDraft
from backend.automations.definition import CronTrigger, Notify
from backend.content_plans import HashtagSetDraft, RulesDraft
from backend.db.tables import Voice
from backend.gallery import BoardDraft, BulkActionDraft
from backend.identity import GatePolicy
from backend.influencers import BrandKit, InfluencerDraft
from backend.music import TrackDraft
from backend.notices import Preference
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from backend.reels import ReelDraft
from backend.settings import Settings
from backend.webhooks import EndpointChange, EndpointDraft
from backend.writing import TextParts, WriteOrder
from backend.writing_styles import WritingStyleDraft
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_dataset, make_influencer, make_lora, make_pictures
from tests.factories.posts import make_channel
from tests.factories.studio_rows import make_clip, make_track
from tests.factories.styles import make_style
from tests.fakes.identity import FakeIdentity


@dataclass(frozen=True, slots=True)
class Studio:
    tx: Session
    settings: Settings
    workspace: Tenant


Change = Callable[[int], object]
Made = tuple[str, Change]


def is_there(tx: Session, verb: str, noun_id: str) -> bool:
    return undo.registered()[verb].read(tx, noun_id) is not None


def _switched(tx: Session, verb: str, noun_id: str, name: str, on: Change, off: Change) -> Change:
    """`on` for even numbers and `off` for odd ones, where it is not so already."""

    def change(n: int) -> None:
        values = undo.registered()[verb].read(tx, noun_id)
        assert values is not None
        if values[name] != (n % 2 == 0):
            (on if n % 2 == 0 else off)(n)

    return change


def _restored(tx: Session, verb: str, noun_id: str, restore: Callable[[], object]) -> Change:
    """A restore out of the trash, kept as a change of `verb`, which the page of the trash does not do."""

    def change(_: int) -> None:
        with undo.watch(tx, verb, noun_id):
            restore()

    return change


def _lora(studio: Studio) -> Made:
    lora_id = make_lora(studio.tx).id
    return lora_id, lambda n: loras.rename(studio.tx, lora_id, f"bella-{n}")


def _automation(studio: Studio, **values: Any) -> str:
    draft = AutomationDraft(name="Mornings", trigger=CronTrigger(cron="0 8 * * *"), steps=(Notify(),), **values)
    make_influencer(studio.tx)
    return automations.create(studio.tx, draft).id


def _automation_switch(studio: Studio) -> Made:
    tx, automation_id = studio.tx, _automation(studio)
    on = lambda _: automations.resume(tx, automation_id)  # noqa: E731
    return automation_id, _switched(
        tx, "automation.on", automation_id, "on", on, lambda _: automations.pause(tx, automation_id)
    )


def _automation_definition(studio: Studio) -> Made:
    tx, automation_id = studio.tx, _automation(studio)

    def save(n: int) -> None:
        card = automations.get(tx, automation_id)
        automations.save(tx, automation_id, card.draft.model_copy(update={"name": f"Mornings {n}"}), version=card.version)

    return automation_id, save


def _automation_deletion(studio: Studio) -> Made:
    tx, automation_id = studio.tx, _automation(studio)
    delete = lambda _: automations.delete(tx, automation_id)  # noqa: E731
    restore = _restored(tx, "automation.deleted", automation_id, lambda: automations.restore(tx, automation_id))
    return automation_id, _switched(tx, "automation.deleted", automation_id, "deleted", delete, restore)


def _automation_skip(studio: Studio) -> Made:
    automation_id = _automation(studio)
    return automation_id, lambda _: automations.skip_next(studio.tx, automation_id)


def _channel(studio: Studio) -> str:
    return make_channel(studio.tx, make_influencer(studio.tx).id, platform="youtube").id


def _channel_switch(studio: Studio) -> Made:
    channel_id = _channel(studio)
    return channel_id, lambda n: channels.switch(studio.tx, channel_id, on=n % 2 == 1)


def _channel_name(studio: Studio) -> Made:
    channel_id = _channel(studio)
    return channel_id, lambda n: channels.rename(studio.tx, channel_id, f"Trams {n}")


def _channel_defaults(studio: Studio) -> Made:
    channel_id = _channel(studio)
    privacy = ["", *channels.PRIVACY["youtube"]]

    def save(n: int) -> None:
        channels.save_settings(
            studio.tx, channel_id, privacy=privacy[n % len(privacy)], made_for_kids=(None, True, False)[n % 3]
        )

    return channel_id, save


def _role(studio: Studio) -> Made:
    user_id = studio.workspace.viewer.id
    roles = ("viewer", "editor", "owner", "editor")
    return user_id, lambda n: accounts.set_role(studio.tx, user_id, roles[n])


def _workspace_name(studio: Studio) -> Made:
    return studio.workspace.id, lambda n: accounts.rename_workspace(studio.tx, f"Studio {n}")


def _budget(studio: Studio) -> Made:
    def set_limits(n: int) -> None:
        daily_usd = None if n == 0 else Decimal(n) / 10
        budgets.set_limits(studio.tx, daily_usd=daily_usd, monthly_usd=Decimal(1 + n), settings=studio.settings)

    return studio.workspace.id, set_limits


def _influencer(studio: Studio, change: Callable[[Session, str, int], object]) -> Made:
    influencer_id = make_influencer(studio.tx).id
    return influencer_id, lambda n: change(studio.tx, influencer_id, n)


def _persona(studio: Studio) -> Made:
    def save(tx: Session, influencer_id: str, n: int) -> None:
        draft = InfluencerDraft(name=f"Bella {n}", persona={"bio": f"Barista {n}"}, time_zone="Europe/Rome")
        influencers.save(tx, influencer_id, draft, version=influencers.get(tx, influencer_id).version)

    return _influencer(studio, save)


def _archive(studio: Studio) -> Made:
    influencer_id = make_influencer(studio.tx).id
    archive, restore = (
        lambda _: influencers.archive(studio.tx, influencer_id),
        lambda _: influencers.restore(studio.tx, influencer_id),
    )
    return influencer_id, _switched(studio.tx, "influencer.archived", influencer_id, "archived", archive, restore)


def _default_lora(studio: Studio) -> Made:
    lora_ids = [None, make_lora(studio.tx).id, make_lora(studio.tx, "bella-v2").id, None]
    return _influencer(studio, lambda tx, influencer_id, n: influencers.set_default_lora(tx, influencer_id, lora_ids[n], n / 4))


def _cover(studio: Studio) -> Made:
    asset_ids = [None, make_asset(studio.tx), make_asset(studio.tx), None]
    return _influencer(studio, lambda tx, influencer_id, n: influencers.set_cover(tx, influencer_id, asset_ids[n]))


def _brand_kit(studio: Studio) -> Made:
    logo = make_asset(studio.tx)
    kits = (
        BrandKit(),
        BrandKit(logo_asset_id=logo),
        BrandKit(color="#ff8800"),
        BrandKit(outro_asset_id=logo, corner="top-right"),
    )
    return _influencer(studio, lambda tx, influencer_id, n: influencers.set_brand_kit(tx, influencer_id, kits[n]))


def _face_check(studio: Studio) -> Made:
    gates = tuple(identity.GATES)

    def set_policy(tx: Session, influencer_id: str, n: int) -> None:
        policy = GatePolicy(gate=gates[n % len(gates)], extra_max=n + 1)
        identity.set_policy(tx, influencer_id, policy, engine=FakeIdentity())

    return _influencer(studio, set_policy)


def _voice(studio: Studio) -> Made:
    rows = [
        Voice(id=f"voi_{n}", title="Anna", engine="fake", engine_voice=f"anna{n}", language="en", licence="MIT") for n in (0, 1)
    ]
    studio.tx.add_all(rows)
    studio.tx.flush()
    voice_ids = (None, "voi_0", "voi_1", "voi_1")
    return _influencer(
        studio, lambda tx, influencer_id, n: voices.choose(tx, influencer_id, voice_ids[n], speed=1 + n / 10 if n else 1.0)
    )


def _pronunciation(studio: Studio) -> Made:
    def change(n: int) -> None:
        if n:
            voices.set_pronunciation(studio.tx, "Nguyen", f"Win {'a' * n}")
        elif is_there(studio.tx, "lexicon.entry", "nguyen"):
            [entry] = voices.lexicon(studio.tx)
            voices.remove_pronunciation(studio.tx, entry.id)

    return "Nguyen", change


def _track(studio: Studio) -> Made:
    track_id = make_track(studio.tx)
    return track_id, lambda n: music.save(
        studio.tx, track_id, TrackDraft(title=f"Sunrise {n}", licence="CC-BY-4.0", source="Ada", credit="Sunrise by Ada")
    )


def _lora_deletion(studio: Studio) -> Made:
    lora_id = make_lora(studio.tx).id
    influencer_id = make_influencer(studio.tx).id
    influencers.set_default_lora(studio.tx, influencer_id, lora_id)
    delete = lambda _: loras.delete(studio.tx, lora_id, force=True)  # noqa: E731
    restore = _restored(studio.tx, "lora.deleted", lora_id, lambda: loras.undelete(studio.tx, [lora_id]))
    return lora_id, _switched(studio.tx, "lora.deleted", lora_id, "deleted", delete, restore)


def _dataset_deletion(studio: Studio) -> Made:
    dataset_id = make_dataset(studio.tx, images=1)
    delete = lambda _: datasets.delete(studio.tx, dataset_id)  # noqa: E731
    restore = _restored(studio.tx, "dataset.deleted", dataset_id, lambda: datasets.undelete(studio.tx, [dataset_id]))
    return dataset_id, _switched(studio.tx, "dataset.deleted", dataset_id, "deleted", delete, restore)


def _notice_hours(studio: Studio) -> Made:
    hours = notices.hour_settings(studio.tx, studio.settings)
    user_id = studio.workspace.owner.id
    return user_id, lambda n: notices.set_hours(studio.tx, studio.settings, replace(hours, digest_at=f"0{n}:30"))


def _notice_choices(studio: Studio) -> Made:
    choices = ("off", "now", "daily", "weekly")

    def save(n: int) -> None:
        chosen = {"post.failed": Preference(email=choices[n % 4])}
        notices.set_preferences(studio.tx, studio.settings, chosen)

    return studio.workspace.owner.id, save


def _track_deletion(studio: Studio) -> Made:
    track_id = make_track(studio.tx)
    delete = lambda _: music.delete(studio.tx, track_id)  # noqa: E731
    restore = _restored(studio.tx, "track.deleted", track_id, lambda: music.undelete(studio.tx, [track_id]))
    return track_id, _switched(studio.tx, "track.deleted", track_id, "deleted", delete, restore)


def _reel_deletion(studio: Studio) -> Made:
    reel_id = reels.create(studio.tx, ReelDraft(script="The first tram.")).id
    delete = lambda _: reels.delete(studio.tx, reel_id)  # noqa: E731
    restore = _restored(studio.tx, "reel.deleted", reel_id, lambda: reels.undelete(studio.tx, reel_id))
    return reel_id, _switched(studio.tx, "reel.deleted", reel_id, "deleted", delete, restore)


def _clips(studio: Studio) -> Made:
    clip_ids = [make_clip(studio.tx, picture_id) for picture_id in make_pictures(studio.tx, 2)]
    videos.rate(studio.tx, clip_ids[:1], 4)

    def change(n: int) -> None:
        match n:
            case 3:
                videos.delete(studio.tx, clip_ids)
            case 2:
                videos.set_favourite(studio.tx, clip_ids, True)
            case _:
                videos.rate(studio.tx, clip_ids, n)

    return " ".join(clip_ids), change


def _text(studio: Studio) -> str:
    order = WriteOrder(influencer_id=make_influencer(studio.tx).id, topic="trams")
    return writing.create(studio.tx, order, TextParts(caption="The tram was empty.")).id


def _text_state(studio: Studio) -> Made:
    text_id = _text(studio)
    states = ("draft", "used", "discarded", "used")
    return text_id, lambda n: writing.set_state(studio.tx, text_id, states[n])  # type: ignore[arg-type]


def _text_parts(studio: Studio) -> Made:
    text_id = _text(studio)
    return text_id, lambda n: writing.edit(
        studio.tx, text_id, {"caption": f"The tram was empty {n}.", "hashtags": ["tram"] * n}
    )


def _writing_style(studio: Studio) -> Made:
    style_id = make_style(studio.tx).id
    return style_id, lambda n: writing_styles.edit(studio.tx, style_id, WritingStyleDraft(name=f"Walden {n}", kept=n % 2 == 0))


def _api_key(studio: Studio) -> Made:
    key_id = access.create(studio.tx, ApiKeyDraft(name="n8n", scopes=("*:read",))).card.id

    def change(n: int) -> None:
        draft = ApiKeyChange(name=f"n8n {n}", jobs_per_day=n or None, usd_per_month=Decimal(n) / 3 if n else None)
        access.change(studio.tx, key_id, draft)

    return key_id, change


def _endpoint(studio: Studio) -> Made:
    draft = EndpointDraft(name="n8n", url="https://hooks.example/")
    endpoint_id = webhooks.create_endpoint(studio.settings, studio.tx, draft).card.id

    def change(n: int) -> None:
        draft = EndpointChange(name=f"n8n {n}", url=f"https://hooks.example/{n}", active=n % 2 == 0)
        webhooks.change_endpoint(studio.settings, studio.tx, endpoint_id, draft)

    return endpoint_id, change


def _rules(studio: Studio) -> Made:
    def save(tx: Session, influencer_id: str, n: int) -> None:
        slots = tuple({"weekday": day, "at": "18:30"} for day in range(n))
        content_plans.save_rules(tx, influencer_id, RulesDraft(policy="auto", gap_minutes=n * 5, slots=slots))

    return _influencer(studio, save)


def _pause(studio: Studio) -> Made:
    influencer_id = make_influencer(studio.tx).id
    pause, resume = (
        lambda _: content_plans.pause_publishing(studio.tx, influencer_id),
        lambda _: content_plans.resume_publishing(studio.tx, influencer_id),
    )
    return influencer_id, _switched(studio.tx, "posting.pause", influencer_id, "paused", pause, resume)


def _holidays(studio: Studio) -> Made:
    countries = ("", "IT", "DE", content_plans.NO_HOLIDAYS)
    return _influencer(studio, lambda tx, influencer_id, n: content_plans.set_holiday_country(tx, countries[n], influencer_id))


def _campaign(studio: Studio) -> Made:
    campaign_id = content_plans.create_campaign(studio.tx, "Summer").id

    def change(n: int) -> None:
        if not is_there(studio.tx, "campaign", campaign_id):
            return
        if n:
            content_plans.rename_campaign(studio.tx, campaign_id, f"Summer {n}")
        else:
            content_plans.delete_campaign(studio.tx, campaign_id)

    return campaign_id, change


def _snippet(studio: Studio) -> Made:
    set_id = content_plans.save_hashtag_set(studio.tx, HashtagSetDraft(name="Trams", hashtags=("tram",))).id

    def change(n: int) -> None:
        if not is_there(studio.tx, "snippet", set_id):
            return
        if n:
            draft = HashtagSetDraft(name="Trams", hashtags=("tram", f"line{n}"))
            content_plans.save_hashtag_set(studio.tx, draft, set_id=set_id)
        else:
            content_plans.delete_hashtag_set(studio.tx, set_id)

    return set_id, change


def _template(studio: Studio) -> Made:
    template_id = prompt_library.save_template(studio.tx, TemplateDraft(name="Tram", prompt="in a tram")).id

    def change(n: int) -> None:
        if not is_there(studio.tx, "template", template_id):
            return
        if n:
            draft = TemplateDraft(name=f"Tram {n % 2}", prompt=f"in tram {n // 2}")
            version = prompt_library.template(studio.tx, template_id).version
            prompt_library.save_template(studio.tx, draft, template_id=template_id, version=version)
        else:
            prompt_library.delete_template(studio.tx, template_id)

    return template_id, change


def _wildcard(studio: Studio) -> Made:
    wildcard_id = prompt_library.save_wildcard(studio.tx, WildcardDraft(name="places", lines=("Rome",))).id

    def change(n: int) -> None:
        if not is_there(studio.tx, "wildcard", wildcard_id):
            return
        if n:
            draft = WildcardDraft(name="places", lines=("Rome", f"line {n}"))
            version = prompt_library.wildcard(studio.tx, wildcard_id).version
            prompt_library.save_wildcard(studio.tx, draft, wildcard_id=wildcard_id, version=version)
        else:
            prompt_library.delete_wildcard(studio.tx, wildcard_id)

    return wildcard_id, change


def _prompt_style(studio: Studio) -> Made:
    style_id = prompt_library.save_style(studio.tx, PromptStyleDraft(name="Film", prompt="35 mm")).id

    def change(n: int) -> None:
        if not is_there(studio.tx, "prompt_style", style_id):
            return
        if n:
            version = prompt_library.style(studio.tx, style_id).version
            prompt_library.save_style(
                studio.tx, PromptStyleDraft(name="Film", prompt=f"{n} mm"), style_id=style_id, version=version
            )
        else:
            prompt_library.delete_style(studio.tx, style_id)

    return style_id, change


def _board(studio: Studio) -> Made:
    board_id = gallery.create_board(studio.tx, draft=BoardDraft(name="Trams")).id
    return board_id, lambda n: gallery.edit_board(studio.tx, board_id, draft=BoardDraft(name=f"Trams {n}", notes="x" * n))


def _board_cover(studio: Studio) -> Made:
    tx, picture_ids = studio.tx, make_pictures(studio.tx, 2)
    board_id = gallery.create_board(tx, draft=BoardDraft(name="Trams")).id
    draft = BulkActionDraft(kind="board-add", board_id=board_id, picture_ids=tuple(picture_ids))
    gallery.act(tx, draft=draft, request_key="add")
    covers = (None, *picture_ids, None)
    return board_id, lambda n: gallery.set_board_cover(tx, board_id, covers[n])


def _gates(studio: Studio) -> Made:
    picture_ids = make_pictures(studio.tx, 2)
    gallery.decide(studio.tx, picture_ids[:1], "rejected")
    return " ".join(sorted(picture_ids)), lambda n: gallery.decide(
        studio.tx, sorted(picture_ids), "approved" if n % 2 == 0 else "rejected"
    )


MAKERS: dict[str, Callable[[Studio], Made]] = {
    "api_key.changed": _api_key,
    "automation.definition": _automation_definition,
    "automation.deleted": _automation_deletion,
    "automation.next": _automation_skip,
    "automation.on": _automation_switch,
    "board.cover": _board_cover,
    "board.saved": _board,
    "budget.limits": _budget,
    "campaign": _campaign,
    "channel.defaults": _channel_defaults,
    "channel.name": _channel_name,
    "channel.on": _channel_switch,
    "clips": _clips,
    "influencer.archived": _archive,
    "influencer.brand_kit": _brand_kit,
    "influencer.cover": _cover,
    "influencer.face_check": _face_check,
    "influencer.lora": _default_lora,
    "influencer.saved": _persona,
    "influencer.voice": _voice,
    "lexicon.entry": _pronunciation,
    "lora.name": _lora,
    "member.role": _role,
    "pictures.gate": _gates,
    "posting.holidays": _holidays,
    "posting.pause": _pause,
    "posting.rules": _rules,
    "prompt_style": _prompt_style,
    "reel.deleted": _reel_deletion,
    "snippet": _snippet,
    "template": _template,
    "text.parts": _text_parts,
    "text.state": _text_state,
    "notice_settings.hours": _notice_hours,
    "notice_settings.choices": _notice_choices,
    "lora.deleted": _lora_deletion,
    "dataset.deleted": _dataset_deletion,
    "track.deleted": _track_deletion,
    "track.saved": _track,
    "webhook_endpoint.changed": _endpoint,
    "wildcard": _wildcard,
    "workspace.name": _workspace_name,
    "writing_style.saved": _writing_style,
}
