"""The library against real Postgres and S3: names, uses, uploads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend import influencers, loras
from backend.db.tables import Upload
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_lora, make_pictures
from tests.fakes.engines import MODEL, OTHER, write_lora


def test_a_taken_name_is_counted_on(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert [make_lora(tx, "Bella v1").name for _ in range(3)] == ["bella-v1", "bella-v2", "bella-v3"]
        assert [card.name for card in loras.page(tx, take=2).cards] == ["bella-v3", "bella-v2"]
        assert loras.page(tx).total == 3


def test_found_by_name_or_told_close_ones(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        with pytest.raises(Invalid, match="It is empty"):
            loras.by_name(tx, "bella")
        make_lora(tx, "bella-v1")
        assert loras.by_name(tx, "BELLA-V1").name == "bella-v1"
        with pytest.raises(Invalid, match="Did you mean bella-v1"):
            loras.by_name(tx, "bela-v1")
        with pytest.raises(Invalid, match="It has: bella-v1"):
            loras.by_name(tx, "zzzzzz")


def test_rename(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        first, second = make_lora(tx, "bella-v1"), make_lora(tx, "marco-v1")
        assert loras.rename(tx, first.id, "Bella-Best").name == "bella-best"
        with pytest.raises(Conflict, match="already a LoRA called bella-best"):
            loras.rename(tx, second.id, "bella-best")
        with pytest.raises(Invalid, match="For example: two-words"):
            loras.rename(tx, second.id, "two words")


def test_deleting_says_what_uses_it(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card, influencer = make_lora(tx), make_influencer(tx)
        influencers.set_default_lora(tx, influencer.id, card.id)
        make_pictures(tx, 2, lora_id=card.id)
        with pytest.raises(Conflict, match="the default of Bella, 2 pictures"):
            loras.delete(tx, card.id)
        loras.delete(tx, card.id, force=True)
        assert influencers.get(tx, influencer.id).default_lora_id is None
        with pytest.raises(NotFound):
            loras.get(tx, card.id)
        assert make_lora(tx).name == card.name


def test_the_base_is_checked_before_use(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = make_lora(tx)
    loras.check_base(card, MODEL)
    with pytest.raises(Invalid, match="does not fit Big model"):
        loras.check_base(card, OTHER)


def test_another_workspaces_lora_is_not_found(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = make_lora(tx)
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        with pytest.raises(NotFound):
            loras.delete(tx, card.id)
        with pytest.raises(Invalid):
            loras.by_name(tx, card.name)


class TestUploads:
    @pytest.fixture
    def uploaded(self, app: Any, workspace: Tenant, tmp_path: Path) -> Any:
        """Puts bytes where an upload puts them; returns the upload's id."""

        def upload(data: bytes, filename: str = "Nice One.safetensors") -> str:
            upload_id = new_id("up")
            key = f"incoming/{workspace.id}/{upload_id}"
            app.storage.put_bytes(key, data, "application/octet-stream")
            with app.db.transaction(workspace.caller, needs="editor") as tx:
                row = Upload(id=upload_id, noun="lora", noun_id="library", filename=filename, client_key=upload_id, key=key)
                row.size_bytes, row.state = len(data), "stored"
                tx.add(row)
            return upload_id

        return upload

    def take(self, app: Any, influencer: Tenant, upload_id: str, **values: str) -> loras.LoraCard:
        return loras.take_upload(
            lambda: app.db.transaction(influencer.editor.caller, needs="editor"), app.storage, upload_id=upload_id, **values
        )

    def test_a_good_file_joins_the_library(self, app: Any, workspace: Tenant, uploaded: Any, tmp_path: Path) -> None:
        data = write_lora(tmp_path / "x.safetensors", 7).read_bytes()
        upload_id = uploaded(data)
        card = self.take(app, workspace, upload_id, trigger_word="nice")
        assert (card.name, card.base, card.dim, card.source, card.trigger_word) == (
            "nice-one",
            "starter-128",
            4,
            "uploaded",
            "nice",
        )
        assert b"".join(app.storage.open(card.key)) == data
        with pytest.raises(Conflict, match="in the library already"):
            self.take(app, workspace, upload_id)

    @pytest.mark.parametrize(
        "data", [b"", b"\x80\x02pickle", b"PK\x03\x04zip", b"not a lora at all", b"\x10" + b"\0" * 7 + b"{}" + b" " * 14]
    )
    def test_a_bad_file_gets_a_reason_that_stays(self, app: Any, workspace: Tenant, uploaded: Any, data: bytes) -> None:
        upload_id = uploaded(data)
        with pytest.raises(Invalid) as first:
            self.take(app, workspace, upload_id)
        with pytest.raises(Invalid) as second_error:
            self.take(app, workspace, upload_id)
        assert first.value.message == second_error.value.message
        assert first.value.message.startswith("Nice One.safetensors: "), "which of several"

    def test_numbers_that_are_not_finite(self, app: Any, workspace: Tenant, uploaded: Any, tmp_path: Path) -> None:
        data = write_lora(tmp_path / "x.safetensors", float("nan")).read_bytes()
        with pytest.raises(Invalid, match="not finite"):
            self.take(app, workspace, uploaded(data))

    def test_a_taken_name_is_refused_before_the_work(self, app: Any, workspace: Tenant, uploaded: Any, tmp_path: Path) -> None:
        upload_id = uploaded(write_lora(tmp_path / "x.safetensors", 7).read_bytes())
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            make_lora(tx, "bella-v1")
        with pytest.raises(Conflict, match="already a LoRA called bella-v1"):
            self.take(app, workspace, upload_id, name="bella-v1")
        assert self.take(app, workspace, upload_id, name="bella-v9").name == "bella-v9"
