"""Styles come and go: renamed, deleted and brought back, cleared away when idle, never while somebody speaks with them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text, update

from backend import influencers, jobs, writing_styles
from backend.app import App
from backend.db.tables import StyleSource, WritingStyle
from backend.errors import Conflict, NotFound
from backend.influencers import InfluencerDraft, Persona
from backend.writing_styles import StyleTextDraft, WritingStyleDraft
from tests.factories.account import Tenant
from tests.factories.styles import make_style


def test_deleting_cancels_its_work_and_can_be_taken_back(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx)
        text_card = writing_styles.write(tx, style.id, StyleTextDraft(topic="tea"), request_key="k")
        influencers.create(tx, InfluencerDraft(name="Bella", persona=Persona(voice_style=style.id)))
        with pytest.raises(Conflict, match="voice of Bella"):
            writing_styles.delete(tx, style.id)
        writing_styles.delete(tx, style.id, force=True)
        assert jobs.get(tx, text_card.job_id).state == "cancelled"
        assert writing_styles.page(tx) == []
        assert writing_styles.voice(tx, style.id) == ""
        with pytest.raises(NotFound):
            writing_styles.text(tx, text_card.id)
        writing_styles.create(tx, WritingStyleDraft(name="Walden"))
        with pytest.raises(Conflict, match="already a writing style"):
            writing_styles.undelete(tx, style.id)
        writing_styles.edit(tx, writing_styles.page(tx)[0].id, WritingStyleDraft(name="Another"))
        assert writing_styles.undelete(tx, style.id).name == "Walden"
        assert writing_styles.voice(tx, style.id)


def test_idle_sessions_go_and_kept_ones_stay(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        kept, passing = make_style(tx, "Kept"), make_style(tx, "Passing", kept=False)
        spoken, raw = make_style(tx, "Spoken", kept=False), writing_styles.create(tx, WritingStyleDraft(name="Untrained"))
        busy = make_style(tx, "Busy", kept=False)
        writing_styles.write(tx, busy.id, StyleTextDraft(topic="tea"), request_key="k")
        influencers.create(tx, InfluencerDraft(name="Bella", persona=Persona(voice_style=spoken.id)))
        tx.execute(update(WritingStyle).values(last_activity_at=func.clock_timestamp() - text("interval '25 hours'")))
        fresh = writing_styles.create(tx, WritingStyleDraft(name="Fresh"))
        assert writing_styles.retire_idle(tx, idle_hours=24, purge_days=7) == (2, [])
        assert {style.name for style in writing_styles.page(tx)} == {"Kept", "Spoken", "Busy", "Fresh"}
        assert writing_styles.undelete(tx, passing.id).card
        tx.execute(update(WritingStyle).where(WritingStyle.id == raw.id).values(deleted_at=text("now() - interval '8 days'")))
        writing_styles.delete(tx, kept.id)
        tx.execute(update(WritingStyle).where(WritingStyle.id == kept.id).values(deleted_at=text("now() - interval '8 days'")))
        writing_styles.retire_idle(tx, idle_hours=24, purge_days=7)
        remaining_ids = set(tx.scalars(select(WritingStyle.id)))
        assert remaining_ids == {passing.id, spoken.id, busy.id, fresh.id}
        assert kept.id not in set(tx.scalars(select(StyleSource.style_id)))


def test_another_workspace_sees_nothing(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        other_style = make_style(tx)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert writing_styles.page(tx) == []
        assert writing_styles.voice(tx, other_style.id) == ""
        for verb in (writing_styles.get, writing_styles.sources, writing_styles.texts, writing_styles.delete):
            with pytest.raises(NotFound):
                verb(tx, other_style.id)
