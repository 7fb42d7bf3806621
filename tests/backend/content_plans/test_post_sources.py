"""A post made from pictures, a video, a text: with everything that is known of them, and never asked twice."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from backend import channels, content_plans, generation, music, videos, writing
from backend.content_plans import PlanCard, PostSource, RecurringTime, RulesDraft
from backend.db.tables import Picture
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from backend.kit.ids import new_id
from backend.videos import FinishDraft
from backend.videos.finish_schemas import FinishRecipe
from backend.writing import TextParts, WriteOrder
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_pictures
from tests.factories.posts import make_channel
from tests.factories.studio_rows import make_clip, make_track

PARTS = TextParts(hook="Up the hill.", caption="The tram was empty.", hashtags=("#Lisbon", "#tram"), alt_text="Bella in a tram")


def make_post(tx: Session, **source: object) -> PlanCard:
    return content_plans.create_from(tx, PostSource(**source), request_key=new_id("key"))


def test_pictures_become_a_carousel_at_the_next_free_time(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_influencer(tx, trigger_word="bella_01", time_zone="Europe/Lisbon")
        slots = tuple(RecurringTime(weekday, "12:30") for weekday in range(7))
        content_plans.save_rules(tx, bella.id, RulesDraft(slots=slots))
        prompt = "<lora:bella:0.8> (bella_01:1.2) in a tram, , smiling"
        pictures = make_pictures(tx, 2, influencer_id=bella.id, prompt=prompt, identity_score=0.9, identity_line=0.8)
        source = PostSource(picture_ids=tuple(pictures))
        plan = content_plans.create_from(tx, source, request_key="k")
        assert content_plans.create_from(tx, source, request_key="k").id == plan.id
        [post] = plan.posts
        media = tuple(picture.asset_id for picture in generation.pictures(tx, pictures))
        assert (post.platform, post.media, post.state, plan.zone) == ("sandbox", media, "draft", "Europe/Lisbon")
        assert post.alt_texts == dict.fromkeys(media, "Bella in a tram, smiling")
        assert plan.topic == "Bella in a tram, smiling"
        assert plan.wall is not None
        assert (plan.wall.hour, plan.wall.minute) == (12, 30)
        later = make_post(tx, picture_ids=pictures)
        assert later.wall is not None
        assert (later.wall - plan.wall).days == 1

        origin = content_plans.origin_of(tx, plan)
        assert [(file.picture_id, file.title) for file in origin.files] == [(picture_id, prompt) for picture_id in pictures]
        assert origin.files[0].match is not None
        assert origin.files[0].match.passes


def test_every_connected_channel_that_takes_the_files_gets_a_post(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_influencer(tx)
        channels.add_sandbox(tx, bella.id)
        for platform in ("instagram", "tiktok", "youtube"):
            make_channel(tx, bella.id, platform, platform)
        off = make_channel(tx, bella.id, "instagram", "second")
        channels.switch(tx, off.id, on=False)
        [picture_id] = make_pictures(tx, 1, influencer_id=bella.id)
        of_picture = make_post(tx, picture_ids=[picture_id])
        assert [post.platform for post in of_picture.posts] == ["instagram", "tiktok"]
        of_video = make_post(tx, video_ids=[make_clip(tx, picture_id)])
        assert [post.platform for post in of_video.posts] == ["instagram", "tiktok", "youtube"]
        chosen = make_post(tx, picture_ids=[picture_id], channel_ids=[off.id], dated=False)
        assert ([post.channel_id for post in chosen.posts], chosen.wall) == ([off.id], None)
        other = make_influencer(tx, "Zara")
        with pytest.raises(NotFound, match="channels"):
            make_post(tx, picture_ids=[picture_id], influencer_id=other.id, channel_ids=[off.id])


def test_who_made_the_music_is_named_in_the_post(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_influencer(tx)
        [picture_id] = make_pictures(tx, 1, influencer_id=bella.id)
        clip_id = make_clip(tx, picture_id)
        track = music.usable(tx, make_track(tx))
        finish = FinishRecipe(video_id=clip_id, asset_id="ast_1", draft=FinishDraft(music=track.id), track=track)
        recipe = videos.get(tx, clip_id).recipe.model_copy(update={"finish": finish})
        finished_id = make_clip(tx, picture_id, recipe=recipe.model_dump())
        assert [post.caption for post in make_post(tx, video_ids=[finished_id]).posts] == ["Music: Sunrise by Ada"]
        named = make_post(tx, video_ids=[finished_id], caption="Good morning! Sunrise by Ada.")
        assert [post.caption for post in named.posts] == ["Good morning! Sunrise by Ada."]


def test_a_text_brings_its_picture_and_a_picture_its_unused_text(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_influencer(tx)
        make_channel(tx, bella.id)
        [picture_id] = make_pictures(tx, 1, influencer_id=bella.id)
        text = writing.create(tx, WriteOrder(influencer_id=bella.id, topic="trams"), PARTS)
        writing.set_picture(tx, text.id, picture_id)
        for source in ({"text_id": text.id}, {"picture_ids": [picture_id]}):
            writing.set_state(tx, text.id, "draft")
            plan = make_post(tx, **source)
            [post] = plan.posts
            assert (post.caption, post.hashtags) == ("Up the hill.\n\nThe tram was empty.", ("Lisbon", "tram"))
            assert list(post.alt_texts.values()) == ["Bella in a tram"]
            assert (plan.topic, plan.text_id) == ("Up the hill.", text.id)
            assert writing.get(tx, text.id).state == "used"
            assert content_plans.origin_of(tx, plan).text == writing.get(tx, text.id)
        again = make_post(tx, picture_ids=[picture_id])
        assert (again.text_id, again.posts[0].caption) == (None, "")
        chat = make_post(tx, influencer_id=bella.id, caption="As I said.")
        assert (chat.posts[0].caption, chat.posts[0].media) == ("As I said.", ())


def test_whose_post_it_is_must_be_known_and_nothing_gone_is_posted(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        [picture_id] = make_pictures(tx, 1)
        source = PostSource(picture_ids=(picture_id,))
        with pytest.raises(Invalid, match="Choose an influencer"):
            content_plans.create_from(tx, source, request_key="k")
        bella = make_influencer(tx)
        assert content_plans.influencer_of_source(tx, source) == bella.id, "the only one there is"
        make_influencer(tx, "Zara")
        assert content_plans.influencer_of_source(tx, source) == ""
        assert make_post(tx, picture_ids=[picture_id], influencer_id=bella.id).influencer_id == bella.id
        tx.get_one(Picture, picture_id).deleted_at = bella.created_at
        tx.flush()
        with pytest.raises(NotFound, match="picture"):
            make_post(tx, picture_ids=[picture_id], influencer_id=bella.id)
