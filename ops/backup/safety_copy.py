"""What must not be undone by going back in time: who was signed out and removed, and what went out to platforms.

A small copy at the target, renewed every minute when it changed, apart from the log: a restore to an earlier minute reads it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from backend.errors import NotFound
from ops.backup.encryption import AgeRecipient, DamagedPart, SecretKey
from ops.backup.objects import put_verified
from ops.backup.source import Connection
from ops.backup.targets import Target


class SentPost(BaseModel):
    """A post that was, or may have been, sent to its platform. `handle`: encrypted with the key ring, base64; with it the
    platform is asked. `comment`: what is recorded of its first comment."""

    tenant_id: str
    id: str
    state: str
    phase: str
    remote_id: str
    url: str
    published_at: datetime | None
    submitted_at: datetime | None
    handle: str
    comment: dict[str, Any] | None


class SafetyCopy(BaseModel):
    """`sessions` and `api_keys`: ids of those that were valid. `memberships`: [workspace, person, role]. `disabled`: people.
    `passwords`: person -> hash of the stored hash, to see who changed theirs."""

    taken_at: datetime
    sessions: list[str]
    api_keys: list[str]
    memberships: list[tuple[str, str, str]]
    disabled: list[str]
    passwords: dict[str, str]
    posts: list[SentPost]

    def fingerprint(self) -> str:
        return hashlib.sha256(self.model_dump_json(exclude={"taken_at"}).encode()).hexdigest()


_SENT = """
SELECT p.tenant_id, p.id, p.state, p.phase, p.remote_id, p.url, p.published_at, p.submitted_at, p.handle,
  (SELECT a.sent -> 'comment' FROM post_attempts a WHERE a.tenant_id = p.tenant_id AND a.post_id = p.id
   ORDER BY a.n DESC LIMIT 1) AS comment
FROM posts p WHERE greatest(p.published_at, p.submitted_at) > clock_timestamp() - make_interval(days => %s) ORDER BY p.id
"""


def take(connection: Connection, *, days: int) -> SafetyCopy:
    """Of now; posts of the last `days`. `connection`: a login that sees every workspace."""

    def column(query: bytes) -> list[Any]:
        return [row[0] for row in connection.execute(query)]

    people = connection.execute(b"SELECT id, password_hash FROM users ORDER BY id").fetchall()
    memberships = connection.execute(b"SELECT tenant_id, user_id, role FROM memberships ORDER BY 1, 2").fetchall()
    sent = connection.execute(_SENT.encode(), [days]).fetchall()
    row = connection.execute(b"SELECT clock_timestamp()").fetchone()
    assert row is not None
    return SafetyCopy(
        taken_at=row[0],
        sessions=column(b"SELECT id FROM sessions WHERE revoked_at IS NULL ORDER BY id"),
        api_keys=column(b"SELECT id FROM api_keys WHERE revoked_at IS NULL ORDER BY id"),
        memberships=memberships,
        disabled=column(b"SELECT id FROM users WHERE disabled_at IS NOT NULL ORDER BY id"),
        passwords={person_id: password_mark(stored) for person_id, stored in people},
        posts=[_sent_post(*values) for values in sent],
    )


def password_mark(stored_hash: str) -> str:
    return hashlib.sha256(stored_hash.encode()).hexdigest()[:16]


def write(copy: SafetyCopy, target: Target, recipient: AgeRecipient, cluster: str) -> None:
    put_verified(target, _name(cluster), recipient.encrypt(copy.model_dump_json().encode()))


def read(target: Target, key: SecretKey, cluster: str) -> SafetyCopy | None:
    """None: there is none, or it cannot be read."""
    try:
        text = key.decrypt(b"".join(target.read(_name(cluster))))
    except (NotFound, DamagedPart):
        return None
    return SafetyCopy.model_validate(json.loads(text))


def _name(cluster: str) -> str:
    return f"{cluster}/safety.age"


def _sent_post(*values: Any) -> SentPost:
    fields = dict(zip(SentPost.model_fields, values, strict=True))
    handle = fields["handle"]
    return SentPost(**{**fields, "handle": base64.b64encode(handle).decode() if handle else ""})
