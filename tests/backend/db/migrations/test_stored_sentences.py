"""Sentences that an earlier version wrote as plain English text stay readable."""

from __future__ import annotations

from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from backend.db.migrations.apply import alembic_config
from backend.language import Reader, messages, reading, worded
from tests.support.databases import DatabaseUrls, copy_of

SAID = "2 pictures rated ★★★."


def test_what_an_earlier_version_wrote_is_read_as_it_is(template: DatabaseUrls) -> None:
    with copy_of(template) as urls:
        engine = create_engine(urls.owner, poolclass=NullPool)
        with engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0071")
            connection.execute(text("INSERT INTO workspaces (id, name) VALUES ('ws_1', 'First')"))
            connection.execute(
                text(
                    "INSERT INTO picture_acts (id, tenant_id, kind, request_key, said, count, before) "
                    "VALUES ('act_1', 'ws_1', 'rate', 'key', :said, 2, '{}')"
                ),
                {"said": SAID},
            )
            command.upgrade(alembic_config(connection), "head")
            read = messages.read(connection.scalars(text("SELECT said FROM picture_acts")).one())
        with reading(Reader("it")):
            assert (read, worded(read)) == (SAID, SAID)
