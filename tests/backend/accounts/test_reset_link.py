"""The operator's command for an owner who forgot the password and has nobody to ask."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from backend import accounts
from backend.db.transactions import Anonymous, Database
from ops import reset_link
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
    with db.transaction(Anonymous()) as tx:
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
    monkeypatch.setenv("STUDIO_DATA", str(tmp_path))
    assert reset_link.main(["nobody@example.org"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for words in ("Nobody signs in here", "not an e-mail address", "Say whose password", "make run"):
        assert words in said.err


def test_the_link_names_the_port_that_the_studio_here_was_started_with(
    workspace: Tenant,
    database_urls: DatabaseUrls,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`make run PORT=8600` with somebody else's database: the port is in no setting that this command reads."""
    (tmp_path / "run.json").write_text('{"url": "http://127.0.0.1:8600"}')
    for name, value in (("DATABASE_URL", database_urls.owner), ("STUDIO_DATA", str(tmp_path)), ("PUBLIC_URL", "")):
        monkeypatch.setenv(name, value)
    assert reset_link.main([workspace.owner.email]) == 0
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8600/?reset=")
