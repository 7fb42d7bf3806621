"""Consents: what people allow to be copied of them, read aloud by themselves, and taken back when they want."""

from backend.consents.queries import check_usable, find, get, is_over, page
from backend.consents.rules import LANGUAGES
from backend.consents.schemas import UPLOAD_NOUN, ConsentCard, ConsentDraft, ConsentEnded
from backend.consents.service import confirm, create, on_revoke, record, revoke

__all__ = [
    "LANGUAGES",
    "UPLOAD_NOUN",
    "ConsentCard",
    "ConsentDraft",
    "ConsentEnded",
    "check_usable",
    "confirm",
    "create",
    "find",
    "get",
    "is_over",
    "on_revoke",
    "page",
    "record",
    "revoke",
]
