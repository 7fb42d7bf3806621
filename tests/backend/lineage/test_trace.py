"""The chain both ways from any of its links, in a number of statements that does not grow with it."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from backend import gallery, lineage, videos
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.studio_rows import Rows, fill_workspace, make_clip


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace, pictures=16)


def test_the_same_chain_from_every_link(db: Database, workspace: Tenant, rows: Rows) -> None:
    links = {"dataset": rows.dataset_id, "run": rows.run_id, "lora": rows.lora_id, "picture": rows.picture_ids[0]}
    with db.transaction(workspace.viewer.caller) as tx:
        for noun, thing_id in links.items():
            traced = lineage.trace(tx, noun, thing_id)
            assert (traced.focus.noun, traced.focus.id) == (noun, thing_id)
            shown = {column.noun: [node.id for node in column.nodes] for column in traced.columns}
            assert [shown["dataset"], shown["run"], shown["lora"]] == [[rows.dataset_id], [rows.run_id], [rows.lora_id]]
            expected = [rows.picture_ids[0]] if noun == "picture" else rows.picture_ids[:3:-1]
            assert shown["picture"] == expected
            assert traced.columns[3].count == (1 if noun == "picture" else 16)
            assert {(rows.dataset_id, rows.run_id), (rows.run_id, rows.lora_id), (rows.lora_id, expected[0])} <= set(
                traced.edges
            )
            assert all(node.thumbs for column in traced.columns for node in column.nodes)


def test_videos_hang_on_the_picture_they_were_made_of(db: Database, workspace: Tenant, rows: Rows) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        clip, _, _ = clips = [make_clip(tx, rows.picture_ids[-1], rating=n) for n in (0, 2, 0)]
        videos.delete(tx, [clips[2]])
        for noun, thing_id in (("dataset", rows.dataset_id), ("lora", rows.lora_id), ("picture", rows.picture_ids[-1])):
            traced = lineage.trace(tx, noun, thing_id)
            column = traced.columns[-1]
            assert ([node.id for node in column.nodes], column.count) == (clips[1::-1], 2)
            assert [node.detail for node in column.nodes] == ["9:16 ★★", "9:16"]
            assert (rows.picture_ids[-1], clip) in traced.edges
        traced = lineage.trace(tx, "clip", clip)
        assert [[node.id for node in column.nodes] for column in traced.columns] == [
            [rows.dataset_id],
            [rows.run_id],
            [rows.lora_id],
            [rows.picture_ids[-1]],
            [clip],
        ]
        assert lineage.trace(tx, "clip", clips[2]).focus.gone


def test_a_long_chain_costs_no_more_statements(db: Database, workspace: Tenant, rows: Rows) -> None:
    statements: list[str] = []
    with db.transaction(workspace.caller, needs="editor") as tx:
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        lineage.trace(tx, "dataset", rows.dataset_id)
        before = len(statements)
        make_pictures(tx, 30, lora_id=rows.lora_id)
        statements.clear()
        traced = lineage.trace(tx, "dataset", rows.dataset_id)
        assert len(statements) == before <= 8
    assert (len(traced.columns[3].nodes), traced.columns[3].count) == (lineage.MAX_NODES, 46)


def test_what_stands_alone_is_gone_or_is_not_there(
    db: Database, workspace: Tenant, other_workspace: Tenant, rows: Rows
) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        alone = make_pictures(tx, 1)[0]
        traced = lineage.trace(tx, "picture", alone)
        assert [len(column.nodes) for column in traced.columns] == [0, 0, 0, 1, 0]
        gallery.delete(tx, [alone])
        assert lineage.trace(tx, "picture", alone).focus.gone
        with pytest.raises(Invalid, match="starts from one of"):
            lineage.trace(tx, "post", "x")
    with db.transaction(other_workspace.caller) as tx:
        for noun, thing_id in (("dataset", rows.dataset_id), ("lora", rows.lora_id), ("picture", alone), ("clip", "clip_1")):
            with pytest.raises(NotFound):
                lineage.trace(tx, noun, thing_id)
