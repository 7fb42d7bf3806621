"""Days planned as reels: from an idea to a video on the calendar without a hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from backend import bulk_planning, content_plans, jobs, reels
from backend.app import App
from backend.bootstrap import bootstrap
from backend.bulk_planning import SeriesOrder
from backend.bulk_planning.platform_adaptation import choose_format
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.media.ffmpeg.film_order import FORMATS
from backend.media.images import faces
from backend.settings import Settings
from tests.backend.bulk_planning.conftest import first_day
from tests.factories.account import Tenant
from tests.factories.posts import make_channel, make_planner
from tests.fakes.identity import FakeIdentity
from tests.fakes.speech import DeafAligner, FakeSpeech
from tests.support.inline_worker import LargePictures, run_job


@pytest.fixture
def studio(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setitem(FORMATS, "instagram-reel", replace(FORMATS["instagram-reel"], width=108, height=192))
    monkeypatch.setattr(faces, "can_find", lambda: False)  # what the fake draws has none
    engines = SimpleNamespace(
        image=LargePictures(),
        identity=FakeIdentity(),
        text=OfflineWriter(),
        speech={"fake": FakeSpeech()},
        aligner=DeafAligner(),
    )
    built = bootstrap(settings, engines=engines)
    yield built
    built.close()


def test_a_day_becomes_a_reel_on_the_calendar(studio: App, workspace: Tenant) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        planner = make_planner(tx)
        channels = tuple(make_channel(tx, planner.influencer.id, platform=platform).id for platform in ("instagram", "tiktok"))
        order = SeriesOrder(
            influencer_id=planner.influencer.id,
            first=first_day(),
            days=1,
            clocks=("18:00",),
            channel_ids=channels,
            format="reel",
            reel_seconds=10,
        )
    forecast = bulk_planning.forecast(studio, lambda: studio.db.transaction(workspace.caller), order=order)
    assert (forecast.pictures, forecast.most_usd) == (2, None), "a picture for each of the scenes"
    assert not [warning for warning in forecast.warnings if "only" in warning]
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        job = bulk_planning.start_series(tx, order=order, request_key="reels")
    run_job(studio, workspace, job.id)
    with studio.db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, job.id).state == "completed", jobs.get(tx, job.id).error_message
        [plan] = bulk_planning.get_series(tx, job.id).plans
        [child] = jobs.children(tx, job.id)
        assert child.kind == bulk_planning.REEL_KIND
        reel = reels.get(tx, (child.result or {})["reelId"])
        posts = content_plans.get(tx, plan.id).posts
    assert reel.scenes[0].words, "it begins with the hook"
    assert len(reel.scenes) == 2
    assert [list(post.media) for post in posts] == [[reel.asset_id]] * 2
    assert [post.platform for post in posts] == ["instagram", "tiktok"]


def test_each_platform_has_its_own_form_of_reel() -> None:
    assert [choose_format(name, "reel") for name in ("instagram", "tiktok", "youtube")] == ["reel", "video", "short"]
