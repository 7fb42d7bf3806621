"""Functions that let callers in, and those that give events their positions."""

from __future__ import annotations

_ENTER = """WITH who AS MATERIALIZED ({query})
      SELECT w.* FROM who w, LATERAL (
        SELECT set_config('app.tenant', w.tenant_id, true) AS t, set_config('app.user', w.user_id, true) AS u) x
      WHERE x.t IS NOT NULL AND x.u IS NOT NULL"""
_LANGUAGE = "LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp"
_LOWER_ROLE = (
    "CASE WHEN 'viewer' IN (k.role, m.role) THEN 'viewer' WHEN 'editor' IN (k.role, m.role) THEN 'editor' ELSE 'owner' END"
)
_VALID_KEY = (
    "k.key_hash = p_key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()) "
    "AND u.disabled_at IS NULL"
)
_KEY_OWNER = "JOIN users u ON u.id = k.created_by JOIN memberships m ON m.user_id = k.created_by AND m.tenant_id = k.tenant_id"

FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION enter_by_session(p_session text, p_tenant text)
    RETURNS TABLE(user_id text, role text, tenant_id text) {_LANGUAGE} AS $$
      {
        _ENTER.format(
            query='''SELECT s.user_id, m.role, m.tenant_id FROM sessions s
        JOIN users u ON u.id = s.user_id
        JOIN memberships m ON m.user_id = s.user_id AND m.tenant_id = p_tenant
        WHERE s.id = p_session AND s.kind = 'program' AND s.revoked_at IS NULL
          AND s.expires_at > clock_timestamp() AND u.disabled_at IS NULL'''
        )
    } $$""",
    f"""CREATE OR REPLACE FUNCTION enter_by_api_key(p_key_hash text)
    RETURNS TABLE(user_id text, role text, tenant_id text, api_key_id text) {_LANGUAGE} AS $$
      {
        _ENTER.format(
            query=f'''SELECT k.created_by AS user_id, {_LOWER_ROLE} AS role, k.tenant_id, k.id AS api_key_id
        FROM api_keys k {_KEY_OWNER} WHERE {_VALID_KEY}'''
        )
    } $$""",
    f"""CREATE OR REPLACE FUNCTION find_api_key(p_key_hash text)
    RETURNS TABLE(api_key_id text, tenant_id text, scopes jsonb) {_LANGUAGE} AS $$
      WITH found AS MATERIALIZED (SELECT k.id, k.tenant_id, k.scopes FROM api_keys k {_KEY_OWNER} WHERE {_VALID_KEY}),
      used AS (UPDATE api_keys k SET last_used_at = clock_timestamp() FROM found f WHERE k.id = f.id
        AND (k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '60 seconds'))
      SELECT f.id, f.tenant_id, f.scopes FROM found f $$""",
    """CREATE OR REPLACE FUNCTION find_calendar_feed(p_token_hash text)
    RETURNS TABLE(feed_id text, tenant_id text) LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      WITH found AS MATERIALIZED (
        SELECT f.id, f.tenant_id FROM calendar_feeds f JOIN users u ON u.id = f.created_by
        JOIN memberships m ON m.user_id = f.created_by AND m.tenant_id = f.tenant_id
        WHERE f.token_hash = p_token_hash AND f.revoked_at IS NULL AND u.disabled_at IS NULL),
      used AS (UPDATE calendar_feeds c SET last_read_at = clock_timestamp() FROM found f WHERE c.id = f.id
        AND (c.last_read_at IS NULL OR c.last_read_at < clock_timestamp() - interval '60 seconds'))
      SELECT f.id, f.tenant_id FROM found f $$""",
    """CREATE OR REPLACE FUNCTION find_automation_hook(p_hash text) RETURNS TABLE(automation_id text, tenant_id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT id, tenant_id FROM automations WHERE hook_hash = p_hash AND deleted_at IS NULL $$""",
    """CREATE OR REPLACE FUNCTION announce_events() RETURNS trigger
    LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('studio_events', ''); RETURN NULL; END $$""",
    """CREATE OR REPLACE FUNCTION number_events() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(7316540213);
      UPDATE events e SET position = numbered.position, source = coalesce(e.source, CASE WHEN e.user_id IS NOT NULL
        AND e.job_id IS NULL AND e.noun NOT IN ('job', 'post') THEN 'unknown' END)
      FROM (SELECT id, nextval('event_positions') AS position
            FROM (SELECT id FROM events WHERE position IS NULL ORDER BY created_at, id LIMIT 5000) unnumbered) numbered
      WHERE e.id = numbered.id;
    END $$""",
    """CREATE OR REPLACE FUNCTION last_event_position() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT max(position) FROM events $$""",
    """CREATE OR REPLACE FUNCTION latest_positions(p_after bigint) RETURNS TABLE(tenant_id text, latest bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT e.tenant_id, max(e.position) FROM events e WHERE e.position > p_after GROUP BY e.tenant_id $$""",
    """CREATE OR REPLACE FUNCTION take_old_events(p_days integer, p_after bigint, p_take integer)
    RETURNS TABLE(seen bigint, more boolean, purged bigint, archived jsonb)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      v_before timestamptz := clock_timestamp() - make_interval(days => p_days);
      v_upto bigint := least((SELECT min(position) FROM webhook_cursors),
        (SELECT position FROM installation_samples ORDER BY minute DESC LIMIT 1), (SELECT max(position) - 1 FROM events));
    BEGIN
      IF p_days < 30 THEN RAISE EXCEPTION 'events are kept for 30 days at least'; END IF;
      WITH gone AS (
        DELETE FROM audit_changes WHERE id IN (
          SELECT c.id FROM audit_changes c WHERE c.created_at < v_before ORDER BY c.created_at LIMIT p_take)
        RETURNING audit_changes.*)
      SELECT count(*), coalesce(jsonb_agg(to_jsonb(g) || jsonb_build_object(
          'person', (SELECT u.name FROM users u WHERE u.id = g.user_id),
          'workspace', (SELECT w.name FROM workspaces w WHERE w.id = g.tenant_id))), '[]')
        INTO purged, archived FROM gone g;
      more := purged = p_take;
      WITH next AS MATERIALIZED (
        SELECT e.id, e.tenant_id, e.position, e.created_at FROM events e WHERE e.position > p_after
        ORDER BY e.position LIMIT p_take),
      readers AS (
        SELECT w.tenant_id, w.position FROM webhook_endpoints w WHERE w.state = 'active'
        UNION ALL SELECT n.tenant_id, n.position FROM notice_feeds n
        UNION ALL SELECT a.tenant_id, coalesce(a.event_position, 0) FROM automations a
          WHERE a.trigger_kind = 'event' AND a.paused_at IS NULL AND a.deleted_at IS NULL),
      needed AS (SELECT r.tenant_id, min(r.position) AS upto FROM readers r GROUP BY r.tenant_id),
      gone AS (
        DELETE FROM events e USING next n LEFT JOIN needed USING (tenant_id)
        WHERE e.id = n.id AND n.created_at < v_before AND n.position <= v_upto
          AND (needed.upto IS NULL OR n.position <= needed.upto)
        RETURNING e.*),
      acts AS (
        SELECT to_jsonb(g) - 'position' - 'job_id' || jsonb_build_object(
          'person', (SELECT u.name FROM users u WHERE u.id = g.user_id),
          'workspace', (SELECT w.name FROM workspaces w WHERE w.id = g.tenant_id)) AS act
        FROM gone g WHERE g.source IS NOT NULL)
      SELECT purged + (SELECT count(*) FROM gone), max(n.position),
        more OR (count(*) = p_take AND max(n.created_at) < v_before),
        archived || (SELECT coalesce(jsonb_agg(a.act), '[]') FROM acts a)
        INTO purged, seen, more, archived FROM next n;
      RETURN NEXT;
    END $$""",
    """CREATE OR REPLACE FUNCTION purge_events(p_days integer, p_after bigint, p_take integer)
    RETURNS TABLE(seen bigint, more boolean, purged bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT t.seen, t.more, t.purged FROM take_old_events(p_days, p_after, p_take) t $$""",
)
"""`enter_*` set the workspace and the person of the transaction when the caller may enter it, else they return no row.
`find_api_key` answers which workspace a key belongs to, and notes that it is used; `find_calendar_feed` does the same for the
address of a calendar, whose maker must still be a member, and `find_automation_hook` for that of an automation.
`number_events` gives the events that were committed since the last
time their positions, one caller after the other: the lock is held until the commit, so positions become visible in their order.
Where a studio of an earlier version wrote what somebody did, it notes that nobody knows from where.
`last_event_position` is the newest of them all, and `latest_positions` says which workspaces have newer ones than a position,
and nothing of what happened.
`take_old_events` looks at the next `p_take` events behind a position and deletes those that are too old and that nobody reads
on from any more; of an earlier run's position the caller goes on. It gives what people did back, to be archived, so only
workers may call it; `purge_events`, which workers of earlier versions call, gives nothing back. Nobody else may delete
events."""

EVENT_TRIGGER = (
    "CREATE OR REPLACE TRIGGER announce_events AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION announce_events()"
)
"""Postgres delivers the notification after the commit, whichever way the event was written."""
