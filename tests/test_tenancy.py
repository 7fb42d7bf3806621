"""No statement crosses a workspace's border: checked for every table; the exceptions are a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import BigInteger, Boolean, DateTime, Float, Integer, Numeric

from backend.db.migrations import check_confined
from backend.db.tables import WITHOUT_TENANT, Base
from backend.db.tables.message_column import MessageColumn
from backend.db.transactions import Anonymous, Database, SignedIn, SystemCaller
from backend.errors import Invalid, NotSignedIn
from tests.factories.account import Tenant
from tests.support.databases import DatabaseUrls, copy_of, make_login

CONFINED = sorted(set(Base.metadata.tables) - WITHOUT_TENANT)
WRITTEN_ONCE = ("audit_changes", "events")
MINE, THEIRS = "ws_mine", "ws_theirs"


def row_of(table: Table, tenant_id: str) -> dict[str, Any]:
    """A row that satisfies NOT NULL, CHECKs and references; ids are `<table>:<tenant>`."""
    words, references = _words(table), _references(table)
    row: dict[str, Any] = {}
    for column in table.columns:
        name = column.name
        if column.identity is not None:
            continue
        if name == "tenant_id":
            row[name] = tenant_id
        elif name in words:
            row[name] = words[name]
        elif name == "id":
            row[name] = f"{table.name}:{tenant_id}"
        elif not column.nullable and name in references:
            row[name] = f"{references[name]}:{tenant_id}"
        elif not column.nullable and column.server_default is None:
            row[name] = _value(column.type, f"{table.name}.{name}:{tenant_id}")
    return row


def _references(table: Table) -> dict[str, str]:
    """Column -> table it refers to."""
    return {
        column.name: constraint.referred_table.name
        for constraint in table.foreign_key_constraints
        for column in constraint.columns
        if column.name != "tenant_id"
    }


def _words(table: Table) -> dict[str, str]:
    values = {}
    for constraint in table.constraints:
        sql = str(getattr(constraint, "sqltext", ""))
        if " IN (" in sql:
            name, _, rest = sql.partition(" IN (")
            values[name] = rest.split("'")[1]
    return values


def _value(kind: object, word: str) -> Any:
    match kind:
        case Boolean():
            return False
        case Integer() | BigInteger() | Float() | Numeric():
            return 1
        case DateTime():
            return "2026-01-01T00:00:00Z"
        case MessageColumn():
            return json.dumps({"text": word})
        case _ if "JSON" in type(kind).__name__:
            return "{}"
        case _:
            return word


def insert(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row)


def confine(connection: Connection, tenant_id: str) -> None:
    connection.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": tenant_id})


@pytest.fixture(params=["owner with BYPASSRLS", "plain owner"])
def database_urls(request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    """With both kinds of table owners: the embedded server's, and a plain login as managed servers give it."""
    name = "plain_template" if request.param == "plain owner" else "template"
    with copy_of(request.getfixturevalue(name)) as urls:
        yield urls


@pytest.fixture
def walked(database_urls: DatabaseUrls) -> Iterator[Connection]:
    """The app login, on a database where both workspaces own one row in every confined table."""
    owner = create_engine(database_urls.owner, poolclass=NullPool)
    with owner.begin() as connection:
        for tenant_id in (MINE, THEIRS):
            connection.execute(text("INSERT INTO workspaces (id, name) VALUES (:t, :t)"), {"t": tenant_id})
            connection.execute(
                text("INSERT INTO users (id, email, name, password_hash) VALUES (:u, :u, 'x', '!')"),
                {"u": f"users:{tenant_id}"},
            )
            for table in Base.metadata.sorted_tables:
                if table.name in CONFINED:
                    insert(connection, table, row_of(table, tenant_id))
    with create_engine(database_urls.app, poolclass=NullPool).connect() as connection:
        yield connection


def test_the_allow_list_is_exact(database_urls: DatabaseUrls) -> None:
    engine = create_engine(database_urls.owner, poolclass=NullPool)
    with engine.connect() as connection:
        unconfined = set(
            connection.scalars(
                text(
                    "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
                    "AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' "
                    "AND c.relrowsecurity AND c.relforcerowsecurity AND c.relname <> 'workspaces')"
                )
            )
        )
    assert unconfined == WITHOUT_TENANT


def test_no_workspace_sees_nothing_and_writes_nothing(walked: Connection) -> None:
    for name in CONFINED:
        table = Base.metadata.tables[name]
        assert walked.scalar(text(f"SELECT count(*) FROM {name}")) == 0, name
        with pytest.raises(DBAPIError, match="row-level security"), walked.begin_nested():
            insert(walked, table, row_of(table, THEIRS))


def test_another_workspace_sees_nothing_of_ours(walked: Connection) -> None:
    confine(walked, MINE)
    for name in CONFINED:
        assert set(walked.scalars(text(f"SELECT tenant_id FROM {name}"))) == {MINE}, name
        table = Base.metadata.tables[name]
        with pytest.raises(DBAPIError, match="row-level security"), walked.begin_nested():
            insert(walked, table, row_of(table, THEIRS))
        refused = "permission denied" if name in WRITTEN_ONCE else "row-level security"
        with pytest.raises(DBAPIError, match=refused), walked.begin_nested():
            walked.execute(text(f"UPDATE {name} SET tenant_id = :t"), {"t": THEIRS})
        if name in WRITTEN_ONCE:
            with pytest.raises(DBAPIError, match="permission denied"), walked.begin_nested():
                walked.execute(text(f"DELETE FROM {name}"))
        else:
            assert walked.execute(text(f"DELETE FROM {name} WHERE tenant_id = :t"), {"t": THEIRS}).rowcount == 0


def test_foreign_keys_cannot_leave_the_workspace(walked: Connection) -> None:
    confine(walked, MINE)
    checked = 0
    for name in CONFINED:
        for constraint in Base.metadata.tables[name].foreign_key_constraints:
            if constraint.referred_table.name not in CONFINED:
                continue
            (column,) = (column.name for column in constraint.columns if column.name != "tenant_id")
            assert "tenant_id" in {c.name for c in constraint.columns}, f"{name}.{column}"
            foreign_id = f"{constraint.referred_table.name}:{THEIRS}"
            with pytest.raises(DBAPIError, match="foreign key"), walked.begin_nested():
                walked.execute(text(f"UPDATE {name} SET {column} = :theirs"), {"theirs": foreign_id})
            checked += 1
    assert checked >= 20


def test_the_logins_are_below_row_level_security(database_urls: DatabaseUrls) -> None:
    for url in (database_urls.app, database_urls.worker):
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            check_confined(connection)
        owner = create_engine(database_urls.owner, poolclass=NullPool)
    with owner.connect() as connection, pytest.raises(Invalid, match="see past workspace borders"):
        check_confined(connection)


def test_only_workers_dispatch(db: Database, worker_db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.dispatch():
        pass
    with worker_db.dispatch() as tx:
        assert tx.scalar(text("SELECT count(*) FROM workspaces")) == 2
        tx.execute(text("SELECT * FROM turns"))
    with worker_db.transaction(Anonymous()) as tx:
        assert tx.scalar(text("SELECT count(*) FROM workspaces")) == 0
    with pytest.raises(DBAPIError, match="permission denied"), worker_db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(text("SELECT * FROM turns"))


def test_a_session_opens_only_its_own_workspaces(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="owner") as tx:
        assert tx.scalar(text("SELECT name FROM workspaces")) == workspace.name
    with pytest.raises(NotSignedIn), db.transaction(SignedIn(workspace.token, other_workspace.id)):
        pass


def test_the_setting_does_not_outlive_its_transaction(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        assert tx.scalar(text("SELECT count(*) FROM memberships")) == 3
    with db.transaction(Anonymous()) as tx:
        assert tx.scalar(text("SELECT count(*) FROM memberships")) == 0


def test_only_owners_are_let_past_and_nobody_may_become_one(database_urls: DatabaseUrls) -> None:
    """Each forced table has the policy of its owner alone; a login that could take the owner's role is refused."""
    engine = create_engine(database_urls.owner, poolclass=NullPool)
    policies = text(
        "SELECT c.relname, p.polname, array(SELECT pg_get_userbyid(o)::text FROM unnest(p.polroles) o) FROM pg_class c "
        "LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'owner' WHERE c.relforcerowsecurity"
    )
    open_to_all = text(
        "SELECT count(*) FROM pg_policy WHERE pg_get_expr(polqual, polrelid) = 'true' AND polname NOT IN ('owner', 'dispatch')"
    )
    with engine.connect() as connection:
        me = connection.scalar(text("SELECT current_user"))
        policy_rows = connection.execute(policies).all()
        assert len(policy_rows) > len(CONFINED)
        assert {(name, tuple(roles)) for _, name, roles in policy_rows} == {("owner", (me,))}
        assert connection.scalar(open_to_all) == 0


@pytest.mark.parametrize("way", ["WITH INHERIT TRUE, SET FALSE", "WITH INHERIT FALSE, SET TRUE"])
def test_a_login_that_could_become_the_owner_is_refused(plain_template: DatabaseUrls, template: DatabaseUrls, way: str) -> None:
    name = "takes_role" if "SET TRUE" in way else "inherits_role"
    member = make_url(make_login(template.owner, name, "")).set(database=make_url(plain_template.owner).database)
    with create_engine(template.owner, poolclass=NullPool).begin() as connection:
        connection.execute(text(f"GRANT plain_owner TO {name} {way}"))
    message = "see past workspace borders"
    with create_engine(member, poolclass=NullPool).connect() as connection, pytest.raises(Invalid, match=message):
        check_confined(connection)


def test_the_schema_is_what_the_migrations_make(database_urls: DatabaseUrls) -> None:
    engine = create_engine(database_urls.owner, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_what_runs_as_the_owner_sees_no_table_of_the_callers_own(db: Database, workspace: Tenant) -> None:
    """Temporary tables come first on a search path that does not name them: a login's own would stand in for ours."""
    listed = text(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY proname"
    )
    with db.engine.connect() as connection:
        functions = {name: config for name, config in connection.execute(listed)}
        connection.execute(text("CREATE TEMP TABLE workspaces ()"))
        assert connection.scalar(text("SELECT workspace_exists()"))
        connection.rollback()
    assert {"enter_workspace", "find_pictures", "find_plans", "similar_pictures"} <= set(functions)
    assert all("search_path=public, pg_temp" in config for config in functions.values()), functions
