"""Who acts in a transaction, and from where: what the audit log says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OriginSource = Literal["", "page", "program", "key", "hook", "automation", "command"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. `source`: a page in a browser, a program that signed in as a person, an API key, the address
    of an automation, an automation's own steps, a command on the server; "" where nobody said. `address`: of the network, ""
    on the studio's own machine."""

    source: OriginSource = ""
    address: str = ""
    user_agent: str = ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in a workspace: the session's secret (from the cookie) and the workspace of the URL."""

    token: str
    tenant_id: str
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ProgramSession:
    """A person's program that signed in with e-mail and password: the session that its access token names, which is checked
    anew by each transaction."""

    session_id: str
    tenant_id: str
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A program with an API key. `tenant_id`: the key's own workspace. `scopes`: see backend.access.scopes; they are checked
    at the doors (routes, MCP tools), while the transaction checks that the key is still valid and its role."""

    key_hash: str
    tenant_id: str
    scopes: frozenset[str]
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class SystemCaller:
    """The studio itself, in one workspace, with an owner's rights. Only workers (for the workspace of a job's row) and the
    studio's own maintenance use it. `user_id`: the person it acts for, or ""."""

    tenant_id: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No workspace: sign-in, invitations, and, with `user_id`, the list of that person's workspaces."""

    user_id: str = ""


Member = SignedIn | ProgramSession | KeyHolder
"""Whoever acts in a workspace with the rights of one of its members."""
Caller = Member | SystemCaller | Anonymous
