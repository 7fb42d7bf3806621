"""Checks the server and the logins that a migration needs. Creates missing roles where that is allowed; else the error names
the SQL to run."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import Connection, make_url, text

from backend.db.tables import Base
from backend.db.transactions import with_driver
from backend.errors import Invalid
from backend.kit.ids import new_secret

APP, WORKER, DISPATCH = "studio_app", "studio_worker", "studio_dispatch"
OLDEST_POSTGRES = 16
"""Roles are granted WITH INHERIT FALSE, SET TRUE, which older versions do not support (docs/contracts/postgres.md, 2)."""

_GRANT_DISPATCH = f"GRANT {DISPATCH} TO {WORKER} WITH INHERIT FALSE, SET TRUE"
_LOGIN = text(
    "SELECT current_user AS name, quote_ident(current_user) AS quoted, quote_ident(current_database()) AS database, "
    "rolsuper AS super, rolsuper OR rolcreaterole AS makes_roles, has_schema_privilege('public', 'CREATE') AS makes_tables "
    "FROM pg_roles WHERE rolname = current_user"
)
_FOREIGN_OWNERS = text(
    "SELECT DISTINCT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "AND relkind = 'r' AND relname = ANY(:ours) AND NOT pg_has_role(relowner, 'USAGE')"
)
_ROLES = text("SELECT rolname, pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') AS ours FROM pg_roles WHERE rolname = ANY(:names)")
_WORKER_MAY_DISPATCH = text("SELECT pg_has_role(:worker, :dispatch, 'SET')")


@dataclass(frozen=True, slots=True)
class Logins:
    """URLs of the confined logins, with their passwords."""

    app_url: str
    worker_url: str


def check_server(connection: Connection) -> None:
    """Raises Invalid when Postgres is too old, or when this login cannot own the studio's tables."""
    version = int(connection.scalar(text("SHOW server_version_num")) or 0)
    if version < OLDEST_POSTGRES * 10_000:
        raise Invalid(
            f"This is Postgres {version // 10_000}; the studio needs {OLDEST_POSTGRES} or newer. Upgrade the server, name "
            "another one in DATABASE_URL, or leave DATABASE_URL empty: `make run` then starts one of its own."
        )
    login = connection.execute(_LOGIN).one()
    if login.name in (APP, WORKER):
        raise Invalid(
            f"{login.name} may not change the database's tables. Set DATABASE_OWNER_URL to the login that owns them or, where "
            "somebody else runs `python -m backend.db.migrations`, "
            f"both DATABASE_URL ({APP}) and WORKER_DATABASE_URL ({WORKER})."
        )
    if not login.makes_tables:
        raise Invalid(
            f"The database login “{login.name}” may not make tables. Let an administrator run: "
            f"ALTER DATABASE {login.database} OWNER TO {login.quoted};"
        )
    if foreign := list(connection.scalars(_FOREIGN_OWNERS, {"ours": list(Base.metadata.tables)})):
        raise Invalid(
            f"The studio's tables belong to {', '.join(foreign)}, not to “{login.name}”. Name that login in "
            f"DATABASE_OWNER_URL, or let an administrator run in this database: "
            f"REASSIGN OWNED BY {foreign[0]} TO {login.quoted};"
        )


def make_logins(connection: Connection, owner_url: str, *, app_password: str, worker_password: str) -> Logins:
    """Creates missing roles and sets the passwords; for an empty one, a new random password.

    Roles that somebody else created stay as they are, if `owner_url` with their name and the given password connects.
    Raises Invalid, with the SQL to run, when this login may not do what is missing.
    """
    login = connection.execute(_LOGIN).one()
    names = (DISPATCH, APP, WORKER)
    may_alter = {row.rolname: row.ours for row in connection.execute(_ROLES, {"names": list(names)})}
    if not login.makes_roles and (missing := [name for name in names if name not in may_alter]):
        raise Invalid(_missing_roles_message(login.name, missing))
    driver = connection.connection.driver_connection
    assert driver is not None
    if DISPATCH not in may_alter:
        driver.execute(f"CREATE ROLE {DISPATCH} NOLOGIN")
    urls = []
    for name, given_password in ((APP, app_password), (WORKER, worker_password)):
        password = given_password or new_secret()
        url = _url(owner_url, name, password)
        if name in may_alter and not (login.super or (login.makes_roles and may_alter[name])):
            _check_existing_login(login.name, name, url if given_password else "")
        else:
            statement = "ALTER ROLE {} PASSWORD {}" if name in may_alter else "CREATE ROLE {} LOGIN PASSWORD {}"
            driver.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(password)))
        urls.append(url)
    if not connection.scalar(_WORKER_MAY_DISPATCH, {"worker": WORKER, "dispatch": DISPATCH}):
        if not (login.super or may_alter.get(DISPATCH, True)):
            raise Invalid(f"The worker's login lacks a right. Let an administrator run: {_GRANT_DISPATCH};")
        driver.execute(_GRANT_DISPATCH)
    return Logins(*urls)


def _missing_roles_message(owner: str, missing: list[str]) -> str:
    lines = [
        f"CREATE ROLE {name} NOLOGIN;" if name == DISPATCH else f"CREATE ROLE {name} LOGIN PASSWORD '…';" for name in missing
    ]
    return "\n".join(
        [
            f"The database login “{owner}” may not make other logins. Let an administrator run:",
            *(f"  {line}" for line in [*lines, f"{_GRANT_DISPATCH};"]),
            f"Then set DATABASE_OWNER_URL ({owner}), DATABASE_URL ({APP}) and WORKER_DATABASE_URL ({WORKER}).",
        ]
    )


def _check_existing_login(owner: str, name: str, url: str) -> None:
    """Checks a login that this one may not change: its password must be the given one. Raises Invalid."""
    try:
        if url:
            psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=10).close()
            return
    except psycopg.OperationalError:
        pass
    variable, alone = (
        ("DATABASE_URL", "STUDIO_APP_PASSWORD") if name == APP else ("WORKER_DATABASE_URL", "STUDIO_WORKER_PASSWORD")
    )
    raise Invalid(
        f"The database has a login {name} that “{owner}” may not change, and it does not take the password it was given. "
        f"Set {alone} to its password or, for `make run`, DATABASE_OWNER_URL to the owner's URL and {variable} to "
        f"postgresql://{name}:PASSWORD@… with that password."
    )


def _url(owner_url: str, user: str, password: str) -> str:
    url = make_url(with_driver(owner_url)).set(username=user, password=password)
    return url.render_as_string(hide_password=False)


def check_confined(connection: Connection) -> None:
    """Raises Invalid when this login could see past row-level security (superuser, BYPASSRLS, owner of our tables, or able to
    become a role that is exempt), or when it has no rights on our tables at all."""
    row = connection.execute(
        text(
            "SELECT r.rolname, quote_ident(r.rolname) AS quoted, r.rolsuper OR r.rolbypassrls AS above, "
            "EXISTS (SELECT FROM pg_class c WHERE c.relname = 'jobs' "
            "AND (pg_has_role(r.oid, c.relowner, 'USAGE') OR pg_has_role(r.oid, c.relowner, 'SET'))) OR "
            "EXISTS (SELECT FROM pg_policy p, unnest(p.polroles) o WHERE p.polname = 'owner' AND o <> 0 "
            "AND (pg_has_role(r.oid, o, 'USAGE') OR pg_has_role(r.oid, o, 'SET'))) AS owner, "
            "to_regclass('public.jobs') IS NULL OR has_table_privilege(to_regclass('public.jobs'), 'SELECT') AS reads "
            "FROM pg_roles r WHERE r.rolname = current_user"
        )
    ).one()
    if row.above or row.owner:
        raise Invalid(
            f"The database login “{row.rolname}” can see past workspace borders. Give DATABASE_URL a plain login "
            f"(run `python -m backend.db.migrations` with DATABASE_OWNER_URL set: it makes {APP} and {WORKER})."
        )
    if not row.reads:
        raise Invalid(
            f"The database login “{row.rolname}” may not read the studio's tables. Use {APP} in DATABASE_URL and {WORKER} in "
            f"WORKER_DATABASE_URL, or let an administrator run: GRANT {APP} TO {row.quoted}; (for workers: GRANT {WORKER} …)."
        )
