"""`make seed`: fills a workspace of its own, once; `--delete` takes that away and leaves everybody else's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backend import accounts, assets
from backend.app import App
from backend.db.tables import Asset, EventRow, Job, Membership, Picture, Post, User, Workspace
from backend.db.transactions import Anonymous, SignedIn, SystemCaller
from backend.errors import Conflict
from backend.media.model_files.lora_check_child import check
from ops.seed import __main__ as seed
from ops.seed import models, workspace
from tests.factories.account import Tenant, make_person
from tests.support.databases import DatabaseUrls


def test_a_studio_without_an_owner_is_left_to_its_first_visitor(worker_app: App) -> None:
    with pytest.raises(Conflict, match="no owner yet"):
        seed.fill(worker_app, 1, pictures_wanted=1, posts_wanted=0)


def test_it_fills_its_own_workspace_once_and_removes_only_that(
    worker_app: App,
    app: App,
    other_workspace: Tenant,
    database_urls: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(models, "IMAGES", 2)
    [influencer, *_] = seed.read_influencers()
    monkeypatch.setattr(seed, "read_influencers", lambda: [influencer])
    people = seed.fill(worker_app, 1, pictures_wanted=5, posts_wanted=14)
    viewer = people["viewer"]
    ticket = accounts.sign_in(app.db, email=viewer.email, password=SecretStr(viewer.password))
    with app.db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, ticket, days=1)
    with app.db.transaction(SignedIn(token, workspace.workspace_id(1))) as tx:
        states = Counter(tx.scalars(select(Post.state)))
        pictures = tx.execute(select(Picture.id, Asset.key, Asset.thumbs).join(Asset, Asset.id == Picture.asset_id)).all()
        waiting = set(tx.scalars(select(Job.kind).where(Job.state == "pending")))
        assert set(tx.scalars(select(EventRow.source).where(EventRow.noun != "member"))) == {"command"}
    expected_states = {"published", "failed", "missed", "draft", "in_review", "approved", "scheduled", "on_hold"}
    assert set(states) == expected_states
    assert states.total() == 14
    assert len(pictures) == 5
    assert waiting <= {"media-preparation"}  # a worker beside finds nothing else to do
    stored_keys = [key for _, key, _ in pictures] + [
        assets.thumb_key(key, width) for _, key, widths in pictures for width in widths
    ]
    assert all(app.storage.stat(key).size > 0 for key in stored_keys)
    assert seed.fill(worker_app, 1, pictures_wanted=5, posts_wanted=14) == {}
    seed.show(worker_app, 1, {})
    assert "was there already" in capsys.readouterr().out
    guest = make_person(app.db, workspace.workspace_id(1), "editor")
    with pytest.raises(Conflict, match=guest.email):
        seed.delete(worker_app, database_urls.owner)
    with workspace.acting(worker_app, 1) as tx:
        tx.delete(tx.get_one(Membership, (workspace.workspace_id(1), guest.id)))
    editor_id = people["editor"].user_id
    with worker_app.db.transaction(SystemCaller(other_workspace.id)) as tx:  # who has joined another workspace stays there
        tx.add(Membership(tenant_id=other_workspace.id, user_id=editor_id, role="editor"))
    assert seed.delete(worker_app, database_urls.owner).keys() == {"Sample agency"}
    assert list(worker_app.storage.list(f"images/{workspace.workspace_id(1)}/")) == []
    with worker_app.db.dispatch() as tx:
        assert set(tx.scalars(select(Workspace.id))) == {other_workspace.id}
    with worker_app.db.transaction(Anonymous()) as tx:
        left = select(User.id).where(User.id.in_([person.user_id for person in people.values()]))
        assert tx.scalars(left).all() == [editor_id]
    with worker_app.db.transaction(SystemCaller(other_workspace.id)) as tx:
        assert tx.get(Membership, (other_workspace.id, editor_id))
    assert seed.delete(worker_app, database_urls.owner) == {}


def test_one_that_was_interrupted_says_so_and_is_removed(
    worker_app: App, other_workspace: Tenant, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "IMAGES", 1)
    with monkeypatch.context() as patched:
        patched.setattr(seed.posts, "add_posts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            seed.fill(worker_app, 1, pictures_wanted=1, posts_wanted=1)
    with pytest.raises(Conflict, match="not filled to its end"):
        seed.fill(worker_app, 1, pictures_wanted=1, posts_wanted=1)
    assert seed.delete(worker_app, database_urls.owner).keys() == {"Sample agency"}


def test_the_lora_fits_the_bundled_model(tmp_path: Path) -> None:
    models.write_neutral_lora(tmp_path / "nora.safetensors")
    assert check(tmp_path / "nora.safetensors", tmp_path / "checked.safetensors")["base"] == "starter-128"
