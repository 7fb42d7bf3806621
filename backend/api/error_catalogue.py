"""Every `code` that a refusal of the API can have, with its status and what a program does about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.errors import StudioError


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    code: str
    status: int
    meaning: str


MEANINGS = {
    "invalid": "A value is wrong; `message` names the field. Change the request.",
    "unknown_host": "The studio does not answer to this host name (PUBLIC_URL, ALLOWED_HOSTS).",
    "refused": "The request is at fault; `message` says why.",
    "unsupported": "The engine that is installed cannot do this.",
    "rejected": "The engine refused this input.",
    "not_signed_in": "No key or token, or one that is expired, revoked or mistyped. Renew it.",
    "not_permitted": "The role or the key's scopes do not allow it, or the key is of another workspace.",
    "not_found": "There is no such thing in this workspace; things of other workspaces count as not there.",
    "method_not_allowed": "The address does not take this method.",
    "conflict": "It is taken, or in another state than this needs. Read it again.",
    "changed_since": "Somebody has changed it since it was read. Read it again and send the change with the new version.",
    "cancelled": "A person has cancelled the job.",
    "lease_lost": "Another worker has taken over the job.",
    "too_large": "The body is larger than the address takes.",
    "idempotency_key_reused": "The Idempotency-Key was used for a request with another body. Send a new one.",
    "answer_lost": "The studio was ended between two steps of this request. Look what is there; a new key does it anew.",
    "too_many": "A limit of requests, jobs or money. Come back after `Retry-After` seconds.",
    "internal": "A mistake of the studio; it is in its log.",
    "error": "A mistake of the studio; it is in its log.",
    "engine": "An engine answered with an error.",
    "out_of_memory": "The device has too little memory for this.",
    "unavailable": "A server behind the studio does not answer. Try again in a minute.",
    "engine_unavailable": "An engine is down or busy. Try again later.",
    "over_budget": "The budget for language models is used up. An owner raises it, or it goes on next day or month.",
    "reply_lost": "A language model's answer was lost on its way. Try again.",
    "speech_lost": "The answer of a paid voice was lost and may have been paid. Forget it at the voice to speak again.",
    "consent_ended": "There is no valid consent (any more) for this voice. Choose another one.",
    "platform": "Instagram, TikTok, YouTube or the practice platform answered with an error.",
    "platform_try_again": "The platform does not answer. Try again later.",
    "platform_make_anew": "The platform has lost what was sent to it. Try again.",
    "platform_wait": "The platform limits how often it is called or posted to. Try again later.",
    "platform_token": "The platform does not take the channel's sign-in any more. Connect the channel again.",
    "platform_not_allowed": "The channel's account may not do this on the platform.",
    "platform_invalid_post": "The platform refuses this post as it is.",
    "platform_unknown": "It is not known whether the platform has published it. A person has to look.",
    "rate_limited": "A provider behind the studio limits requests. Try again later.",
    "disk_full": "The studio's disk is full.",
    "process_killed": "A process was ended from outside. Try again.",
    "shutting_down": "The studio is stopping. Try again in a minute.",
    "timed_out": "It took too long.",
}
OF_HTTP = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 500: "internal"}
"""Codes of refusals that come from the web framework."""


def error_classes(parent: type[StudioError] = StudioError) -> Iterator[type[StudioError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from error_classes(child)


def catalogue() -> list[ErrorEntry]:
    """By status, then by code."""
    statuses = {error.code: error.status for error in error_classes()} | {code: status for status, code in OF_HTTP.items()}
    statuses["unknown_host"] = 400
    return sorted(
        (ErrorEntry(code, status, MEANINGS[code]) for code, status in statuses.items() if code in MEANINGS),
        key=lambda entry: (entry.status, entry.code),
    )
