"""The operator's command for an owner who forgot the password and has nobody to ask."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from backend import accounts
from backend.accounts import reset_link
from backend.kit.db import Database, Nobody
from tests.factories.account import Tenant
from tests.support.databases import DatabaseUrls


def test_the_link_lets_the_only_owner_in(
    db: Database,
    workspace: Tenant,
    database_urls: DatabaseUrls,
    password: SecretStr,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls.app)
    monkeypatch.setenv("PUBLIC_URL", "https://studio.example.org")
    assert reset_link.main([f" {workspace.owner.email.upper()}"]) == 0
    link = urlsplit(capsys.readouterr().out.strip())
    assert (link.netloc, link.path) == ("studio.example.org", "/")
    with db.transaction(Nobody()) as tx:
        accounts.reset(tx, link.query.removeprefix("reset="), password)
    assert accounts.sign_in(db, email=workspace.owner.email, password=password)


def test_what_cannot_be_done_is_a_sentence(
    db: Database,
    database_urls: DatabaseUrls,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls.app)
    assert (reset_link.main(["nobody@example.org"]), reset_link.main(["nobody"]), reset_link.main([])) == (1, 1, 2)
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_SHARED_BASE", str(tmp_path))
    assert reset_link.main(["nobody@example.org"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for words in ("Nobody signs in here", "not an e-mail address", "Say whose password", "make run"):
        assert words in said.err
