"""What an API key may do: scopes like `posts:write`, a noun and a verb. Pure.

A higher verb includes the lower ones: read < write < publish < admin. `*` stands for every noun.
"""

from __future__ import annotations

from collections.abc import Iterable

from backend.errors import Invalid
from backend.language import tr_lazy

NOUNS = (
    "influencers",
    "datasets",
    "loras",
    "images",
    "videos",
    "texts",
    "styles",
    "posts",
    "automations",
    "channels",
    "workflows",
    "jobs",
    "notices",
    "costs",
    "workspace",
)
VERBS = ("read", "write", "publish", "admin")
_HIGHEST = {"posts": "publish", "workspace": "admin", "costs": "admin", "*": "admin"}
"""The highest verb of a noun; of the others it is `write`."""
_ROLES = {"read": "viewer", "write": "editor", "publish": "editor", "admin": "owner"}


def all_scopes() -> tuple[str, ...]:
    """Every scope there is, by noun and then by verb, `*` last."""
    return tuple(f"{noun}:{verb}" for noun in (*NOUNS, "*") for verb in _verbs_of(noun))


def _verbs_of(noun: str) -> tuple[str, ...]:
    if noun in ("workspace", "costs"):
        return ("read", "admin")
    return VERBS[: VERBS.index(_HIGHEST.get(noun, "write")) + 1]


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order. Raises Invalid for an unknown one and for none at all."""
    chosen, available = set(scopes), all_scopes()
    if unknown := sorted(chosen - set(available)):
        raise Invalid(
            tr_lazy(
                "There is no scope “{unknown}”. Scopes: {available}.", unknown=unknown[0][:60], available=", ".join(available)
            )
        )
    if not chosen:
        raise Invalid(tr_lazy("Choose what the key may do: at least one scope, for example *:read."))
    return tuple(scope for scope in available if scope in chosen)


def write_verb(noun: str) -> str:
    """The verb that changes of a noun need when nothing else is said: `write`, or `admin` where only owners change anything."""
    return "write" if "write" in _verbs_of(noun) else "admin"


def allows(scopes: Iterable[str], needed: str) -> bool:
    """Whether one of `scopes` includes `needed`."""
    noun, _, verb = needed.partition(":")
    for scope in scopes:
        its_noun, _, its_verb = scope.partition(":")
        if its_noun in (noun, "*") and VERBS.index(its_verb) >= VERBS.index(verb):
            return True
    return False


def role_for(scopes: Iterable[str]) -> str:
    """The least role that can use all of `scopes`."""
    highest = max((VERBS.index(scope.partition(":")[2]) for scope in scopes), default=0)
    return _ROLES[VERBS[highest]]
