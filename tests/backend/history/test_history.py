"""The history: one's own acts, newest first, page by page, in words, with the undo of each."""

from __future__ import annotations

from backend import automations, content_plans, gallery, history, loras, music
from backend.automations import AutomationDraft
from backend.automations.definition import HandTrigger, Notify
from backend.db.tables import EventRow
from backend.db.transactions import Database
from backend.gallery import BulkActionDraft
from backend.history import NOUN_GROUPS
from backend.history.sentences import SENTENCES
from backend.language import Reader, reading, worded
from tests.factories.account import Tenant
from tests.factories.making import make_lora, make_pictures
from tests.factories.posts import local_time_ahead, make_planner
from tests.factories.studio_rows import make_track


def test_pages_meet_everything_once_newest_first(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        for n in range(5):
            make_lora(tx, f"bella-{n}")
            gallery.act(
                tx,
                draft=BulkActionDraft(kind="rate", rating=n % 5 + 1, picture_ids=tuple(make_pictures(tx, 2))),
                request_key=f"rate-{n}",
            )
        whole = history.page(tx, user_id=workspace.owner.id, take=200).entries
        met, cursor = [], None
        while True:
            part = history.page(tx, user_id=workspace.owner.id, take=3, cursor=cursor)
            met += part.entries
            if (cursor := part.next_cursor) is None:
                break
    assert met == whole
    assert [entry.at for entry in met] == sorted((entry.at for entry in met), reverse=True)
    sentences = [str(entry.sentence) for entry in met]
    assert sentences[:2] == ["2 files rated ★★★★★.", "LoRA “bella-4” added."]
    assert len(sentences) == 10


def test_groups_narrow_it_down_and_hold_every_noun_that_is_told(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora_id = make_lora(tx).id
        loras.rename(tx, lora_id, "bella-9")
        music.delete(tx, make_track(tx))
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
        content_plans.delete(tx, plan.id)
        models = history.page(tx, user_id=workspace.owner.id, group="models").entries
        posts = history.page(tx, user_id=workspace.owner.id, group="posts").entries
        everything = history.page(tx, user_id=workspace.owner.id).entries
    assert [str(entry.sentence) for entry in models] == ["LoRA “bella-v1” renamed to “bella-9”.", "LoRA “bella-9” added."]
    assert str(posts[0].sentence) == "Post “Trams” deleted."
    assert posts[0].can_undo
    grouped = {noun for nouns in NOUN_GROUPS.values() for noun in nouns}
    assert {entry.noun for entry in everything} <= grouped


def test_it_is_worded_for_whoever_reads(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        draft = AutomationDraft(name="Mattine", trigger=HandTrigger(), steps=(Notify(),))
        automations.pause(tx, automations.create(tx, draft).id)
        [latest, created] = history.page(tx, user_id=workspace.owner.id, group="automations").entries
    with reading(Reader("it")):
        assert worded(latest.sentence) == "Automazione “Mattine” spenta."
        assert worded(created.why_not) == "È stato creato qualcosa. Se non serve a nessuno, eliminalo dove lo vedi."


def test_jobs_and_others_are_not_in_it(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        loras.rename(tx, make_lora(tx).id, "bella-9")
        row = EventRow(id="evt_00000000000000000000000000", kind="lora.added", noun="lora", noun_id="lora_1", data={})
        row.user_id, row.job_id = workspace.editor.id, "job_1"
        tx.add(row)
    for caller, user in ((workspace.caller, workspace.owner), (other_workspace.caller, other_workspace.owner)):
        with db.transaction(caller) as tx:
            assert history.page(tx, user_id=user.id).entries == []
    with db.transaction(other_workspace.caller) as tx:
        assert history.page(tx, user_id=workspace.editor.id).entries == []
    with db.transaction(workspace.editor.caller) as tx:
        kinds = [entry.kind for entry in history.page(tx, user_id=workspace.editor.id).entries]
    assert kinds == ["lora.renamed", "lora.added"]
    assert set(kinds) <= set(SENTENCES)
