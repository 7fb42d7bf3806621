"""Grants and row-level security of all tables, in one place; applied after every migration."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text

from backend.db.migrations import access, gallery, monitoring, plans, search
from backend.db.tables import WITHOUT_TENANT, Base

_TENANT = "tenant_id = (SELECT current_setting('app.tenant', true))"
_OWN_ROW = "user_id = (SELECT current_setting('app.user', true))"
_DISPATCHED = (
    "jobs",
    "attempts",
    "job_logs",
    "events",
    "uploads",
    "content_plans",
    "posts",
    "posting_rules",
    "channels",
    "post_attempts",
    "webhook_endpoints",
    "webhook_messages",
    "automations",
    "automation_timers",
    "automation_runs",
    "notice_feeds",
    "notice_deliveries",
)
"""Tables the dispatch role works on across workspaces."""
_WORKER_ONLY = ("turns",)
_WRITTEN_ONCE = ("events", "audit_changes")
"""What happened stays as it was written: nobody but the functions of their owner changes or deletes rows."""

_FUNCTIONS = (
    "CREATE OR REPLACE FUNCTION studio_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$",
    # The clock of automations: a test replaces it to live through a week in minutes.
    """CREATE OR REPLACE FUNCTION enter_workspace(p_token_hash text, p_tenant text) RETURNS TABLE(user_id text, role text)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      WITH who AS MATERIALIZED (
        SELECT s.user_id, m.role FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN memberships m ON m.user_id = s.user_id AND m.tenant_id = p_tenant
        WHERE s.token_hash = p_token_hash AND s.revoked_at IS NULL
          AND s.expires_at > clock_timestamp() AND u.disabled_at IS NULL)
      SELECT w.user_id, w.role FROM who w, LATERAL (
        SELECT set_config('app.tenant', p_tenant, true) AS t, set_config('app.user', w.user_id, true) AS u) x
      WHERE x.t IS NOT NULL AND x.u IS NOT NULL $$""",
    """CREATE OR REPLACE FUNCTION invitation_workspace(p_token_hash text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT tenant_id FROM invitations
      WHERE token_hash = p_token_hash AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp() $$""",
    """CREATE OR REPLACE FUNCTION workspace_exists() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT EXISTS (SELECT FROM workspaces) $$""",
    """CREATE OR REPLACE FUNCTION belongs_beyond(p_user text, p_owner text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT EXISTS (SELECT FROM memberships m WHERE m.user_id = p_user AND NOT EXISTS (
        SELECT FROM memberships o WHERE o.tenant_id = m.tenant_id AND o.user_id = p_owner AND o.role = 'owner')) $$""",
    """CREATE OR REPLACE FUNCTION style_counts() RETURNS TABLE(sessions bigint, jobs bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT (SELECT count(*) FROM writing_styles WHERE deleted_at IS NULL),
        (SELECT count(*) FROM jobs WHERE state = 'pending' AND kind IN ('style-training', 'style-generation'))
        + (SELECT count(*) FROM jobs WHERE state = 'processing' AND kind IN ('style-training', 'style-generation')) $$""",
    *access.FUNCTIONS,
    *gallery.FUNCTIONS,
    *monitoring.FUNCTIONS,
    *plans.FUNCTIONS,
    *search.FUNCTIONS,
)
"""SECURITY DEFINER functions: what must be known across workspaces. Each answers one narrow question and returns no more than
that."""
_OWNERS = text(
    "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = current_user OR oid IN (SELECT relowner FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY(:ours)) ORDER BY 1"
)
_FORCED = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relforcerowsecurity "
    "AND relname = ANY(:ours) ORDER BY 1"
)

_POLICY = text(
    "SELECT c.relrowsecurity AND c.relforcerowsecurity AS confined, obj_description(p.oid, 'pg_policy') AS seal, "
    "md5(concat_ws('|', p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid), "
    "pg_get_expr(p.polwithcheck, p.polrelid))) AS written "
    "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
    "WHERE c.relnamespace = 'public'::regnamespace AND c.relname = :table AND p.polname = :name"
)
"""A policy as Postgres has it."""


def grant_all(connection: Connection) -> None:
    """Creates the functions, grants the roles their rights and sets the policies. Idempotent. Runs as the owner."""

    def run(statement: str) -> None:
        connection.execute(text(statement))

    for function in _FUNCTIONS:
        run(function)
    run(access.EVENT_TRIGGER)
    run("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
    run("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO studio_app, studio_worker")
    run("REVOKE EXECUTE ON FUNCTION take_old_events(integer, bigint, integer) FROM studio_app")
    run("GRANT EXECUTE ON FUNCTION studio_clock() TO studio_dispatch")
    run("GRANT USAGE ON SCHEMA public TO studio_app, studio_worker, studio_dispatch")
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO studio_app, studio_worker, studio_dispatch")
    run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO studio_app, studio_worker, studio_dispatch")
    run("REVOKE ALL ON alembic_version FROM studio_app, studio_worker, studio_dispatch")
    for table in _WRITTEN_ONCE:
        run(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM studio_app, studio_worker, studio_dispatch")
    for table in _WORKER_ONLY:
        run(f"REVOKE ALL ON {table} FROM studio_app, studio_worker")
    if connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :name"), {"name": monitoring.SCALER}):
        run(f"GRANT USAGE ON SCHEMA public TO {monitoring.SCALER}")
        run(f"GRANT EXECUTE ON FUNCTION queue_load(text) TO {monitoring.SCALER}")
    existing = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
    for table in sorted(existing & set(Base.metadata.tables) - WITHOUT_TENANT):
        _policy(connection, table, "tenant", _TENANT)
    own_workspaces = f"id IN (SELECT tenant_id FROM memberships WHERE {_OWN_ROW})"
    _policy(connection, "workspaces", "tenant", f"id = (SELECT current_setting('app.tenant', true)) OR {own_workspaces}")
    _policy(connection, "workspaces", "dispatch", "true", role="studio_dispatch")
    _policy(connection, "memberships", "mine", _OWN_ROW, verb="SELECT")
    for table in _DISPATCHED:
        _policy(connection, table, "dispatch", "true", role="studio_dispatch")
    allow_owners(connection)


def allow_owners(connection: Connection) -> None:
    """Lets the migrating login and the owners of our tables see every row of the tables that are confined by now. Idempotent.

    Row-level security is forced on owners too, and few logins have BYPASSRLS (none on most managed servers). Without this the
    functions above, which run as their owner, would find nothing: no session, no workspace. `check_confined` refuses an app or
    worker login that is, or could become, one of these roles.
    """
    our_tables = {"ours": list(Base.metadata.tables)}
    owners = connection.scalars(_OWNERS, our_tables).all()
    for table in connection.scalars(_FORCED, our_tables).all():
        _policy(connection, table, "owner", "true", role=", ".join(owners))


def _policy(connection: Connection, table: str, name: str, condition: str, *, role: str = "PUBLIC", verb: str = "ALL") -> None:
    """Does nothing where the policy stands as it was made: changing one locks everybody out of its table, and this runs beside
    studios and workers. What was made stands in the policy's comment."""
    check = "" if verb == "SELECT" else f" WITH CHECK ({condition})"
    statement = f"CREATE POLICY {name} ON {table} FOR {verb} TO {role} USING ({condition}){check}"
    seal = hashlib.sha256(statement.encode()).hexdigest()
    values = {"table": table, "name": name}
    now = connection.execute(_POLICY, values).one_or_none()
    if now and now.confined and now.seal == f"{seal} {now.written}":
        return
    connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
    connection.execute(text(f"DROP POLICY IF EXISTS {name} ON {table}"))
    connection.execute(text(statement))
    written = connection.execute(_POLICY, values).one().written
    connection.execute(text(f"COMMENT ON POLICY {name} ON {table} IS '{seal} {written}'"))
