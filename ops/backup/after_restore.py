"""What is done to a restored database before anything else runs: nothing may go out a second time, and who was signed out
stays signed out.

Publishing is held in every workspace (its own switch, which people release). Posts that the safety copy knows to be out are
marked as published; those that were being sent are asked about at the platform by the scheduler, with what was sent; those
whose time came after the safety copy was taken are unknown: somebody looks at the account.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from backend.backups.restored_posts import HELD_BY_RESTORE, PERHAPS_SENT
from backend.db.tables.message_column import message_json
from backend.kit.ids import new_id
from ops.backup.safety_copy import SafetyCopy, SentPost, password_mark
from ops.backup.source import Connection


@dataclass(slots=True)
class RestoredFacts:
    """What was done, for people. `passwords`: people whose password was changed after the moment, so that the old one is
    valid again."""

    held: int = 0
    published: int = 0
    to_ask: int = 0
    unknown: int = 0
    signed_out: int = 0
    keys_revoked: int = 0
    members_removed: int = 0
    passwords: int = 0
    safety_taken_at: datetime | None = None


def make_safe(connection: Connection, copy: SafetyCopy | None, *, moment: datetime) -> RestoredFacts:
    """In one transaction. `moment`: to which was restored. `connection`: a login that sees
    every workspace."""
    facts = RestoredFacts(safety_taken_at=copy.taken_at if copy else None)
    with connection.transaction():
        for post in copy.posts if copy else ():
            _recall_sent(connection, post, facts)
        facts.unknown += _mark_unknown(connection, since=copy.taken_at if copy else moment)
        facts.held = _hold(connection)
        if copy:
            _keep_out(connection, copy, facts)
        _look_for_comments(connection)
        _note(connection, facts, moment)
    return facts


def _recall_sent(connection: Connection, post: SentPost, facts: RestoredFacts) -> None:
    """A post of the time that was lost: out, or perhaps out."""
    key = {"tenant": post.tenant_id, "id": post.id}
    if post.state == "published":
        values: dict[str, Any] = {"remote": post.remote_id, "url": post.url, "at": post.published_at}
        facts.published += connection.execute(
            b"""UPDATE posts SET state = 'published', phase = '', remote_id = %(remote)s, url = %(url)s, published_at = %(at)s,
                handle = NULL, error_code = '', held_by = '', held_from = '', updated_at = clock_timestamp()
                WHERE tenant_id = %(tenant)s AND id = %(id)s AND state <> 'published'""",
            key | values,
        ).rowcount
        if post.comment:
            connection.execute(
                b"""UPDATE post_attempts SET sent = sent || jsonb_build_object('comment', %(comment)s::jsonb)
                    WHERE tenant_id = %(tenant)s AND post_id = %(id)s AND sent ? 'comment'""",
                key | {"comment": json.dumps(post.comment)},
            )
    elif post.submitted_at and post.state == "publishing" and post.handle:
        values = {"at": post.submitted_at, "handle": base64.b64decode(post.handle)}
        facts.to_ask += connection.execute(
            b"""UPDATE posts SET state = 'publishing', phase = 'submitting', submitted_at = %(at)s, handle = %(handle)s,
                job_id = NULL, held_by = '', held_from = '', updated_at = clock_timestamp()
                WHERE tenant_id = %(tenant)s AND id = %(id)s AND state NOT IN ('published', 'unknown')
                  AND NOT (state = 'publishing' AND phase = 'submitting')""",
            key | values,
        ).rowcount
    elif post.submitted_at and post.state in ("publishing", "unknown"):
        facts.unknown += _set_unknown(connection, b"tenant_id = %(tenant)s AND id = %(id)s AND state <> 'published'", key)


def _mark_unknown(connection: Connection, *, since: datetime) -> int:
    """Posts whose time came after the last that is known: nobody knows whether the studio still ran then."""
    condition = (
        b"state IN ('scheduled', 'publishing') AND phase <> 'submitting' AND due_at > %(since)s AND due_at <= clock_timestamp()"
    )
    return _set_unknown(connection, condition, {"since": since})


def _set_unknown(connection: Connection, condition: bytes, values: dict[str, Any]) -> int:
    query = (
        b"UPDATE posts SET state = 'unknown', phase = '', error = %(error)s, error_code = 'restored', job_id = NULL, "
        b"updated_at = clock_timestamp() WHERE " + condition
    )
    return connection.execute(query, values | {"error": message_json(PERHAPS_SENT)}).rowcount


def _hold(connection: Connection) -> int:
    """The workspaces' own stop switch; the publishing that has begun and sent nothing yet is held too."""
    connection.execute(
        b"""INSERT INTO posting_rules (tenant_id, scope, stopped_at) SELECT id, 'workspace', clock_timestamp() FROM workspaces
            ON CONFLICT (tenant_id, scope) DO UPDATE
            SET stopped_at = coalesce(posting_rules.stopped_at, clock_timestamp()), updated_at = clock_timestamp()"""
    )
    held_count = connection.execute(
        b"""UPDATE posts SET state = 'on_hold', held_from = 'scheduled', held_by = 'workspace', submitted_at = NULL,
              phase = CASE phase WHEN 'ready' THEN 'ready' ELSE '' END, updated_at = clock_timestamp()
            WHERE state = 'scheduled' OR (state = 'publishing' AND phase <> 'submitting')"""
    ).rowcount
    connection.execute(
        b"""UPDATE post_attempts a SET outcome = 'held', code = 'held', said = %s, ended_at = clock_timestamp()
            FROM posts p WHERE p.tenant_id = a.tenant_id AND p.id = a.post_id AND a.outcome = 'running'
              AND p.state IN ('on_hold', 'unknown')""",
        [message_json(HELD_BY_RESTORE)],
    )
    return held_count


def _keep_out(connection: Connection, copy: SafetyCopy, facts: RestoredFacts) -> None:
    """Who was signed out, removed or disabled after the moment stays so."""
    facts.signed_out = connection.execute(
        b"UPDATE sessions SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL AND NOT id = ANY(%s)", [copy.sessions]
    ).rowcount
    facts.keys_revoked = connection.execute(
        b"UPDATE api_keys SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL AND NOT id = ANY(%s)", [copy.api_keys]
    ).rowcount
    connection.execute(
        b"UPDATE users SET disabled_at = clock_timestamp() WHERE disabled_at IS NULL AND id = ANY(%s)", [copy.disabled]
    )
    roles = {(tenant_id, person_id): role for tenant_id, person_id, role in copy.memberships}
    for tenant_id, person_id, role in connection.execute(b"SELECT tenant_id, user_id, role FROM memberships").fetchall():
        later_role = roles.get((tenant_id, person_id))
        if later_role is None:
            query = b"DELETE FROM memberships WHERE tenant_id = %s AND user_id = %s"
            facts.members_removed += connection.execute(query, [tenant_id, person_id]).rowcount
        elif later_role != role:
            query = b"UPDATE memberships SET role = %s WHERE tenant_id = %s AND user_id = %s"
            connection.execute(query, [later_role, tenant_id, person_id])
    for person_id, stored_hash in connection.execute(b"SELECT id, password_hash FROM users").fetchall():
        facts.passwords += person_id in copy.passwords and copy.passwords[person_id] != password_mark(stored_hash)


def _look_for_comments(connection: Connection) -> None:
    """A first comment that was waiting may have been written since: it is looked for before it is written."""
    connection.execute(
        b"""UPDATE post_attempts SET sent = jsonb_set(sent, '{comment,state}', '"sending"')
            WHERE sent -> 'comment' ->> 'state' = 'waiting'"""
    )


def _note(connection: Connection, facts: RestoredFacts, moment: datetime) -> None:
    """For the pages, and an event in each workspace, of which its people are told."""
    figures = {name: value for name, value in asdict(facts).items() if isinstance(value, int)}
    connection.execute(
        b"INSERT INTO restores (id, restored_to, figures) VALUES (%s, %s, %s)", [new_id("rst"), moment, json.dumps(figures)]
    )
    data = json.dumps({"held": facts.held, "restoredTo": moment.isoformat()})
    for (tenant_id,) in connection.execute(b"SELECT id FROM workspaces").fetchall():
        connection.execute(
            b"""INSERT INTO events (id, tenant_id, kind, noun, noun_id, data)
                VALUES (%s, %s, 'posting.stopped', 'workspace', %s, %s)""",
            [new_id("evt"), tenant_id, tenant_id, data],
        )
