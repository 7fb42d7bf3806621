"""The catalogue: what is listed is recorded somewhere, bodies are thin, and signatures are those of the standard."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from backend.db.tables import JobState, PostState
from backend.errors import Invalid
from backend.events import EventRecord
from backend.webhooks.catalogue import EVENT_TYPES, FAMILIES, body_of_test, checked_filter, event_body, is_sent, sample_body
from backend.webhooks.signatures import new_secret, signed_headers

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NAMES = st.sampled_from(["errorCode", "error_code", "runId", "name", "remote_id", "assetId", "note"]) | st.text(max_size=9)
VALUES = st.none() | st.integers() | st.text(max_size=20) | st.just("€" * 50_000) | st.lists(st.text(max_size=5), max_size=3)


def event(kind: str, data: dict[str, Any], noun: str = "post") -> EventRecord:
    return EventRecord("evt_1", kind, noun, "post_1", data, None, AT)


def test_every_listed_event_is_recorded_somewhere() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "backend").rglob("*.py") if path.parent.name != "webhooks")
    states = {f"job.{state.value}" for state in JobState} | {f"post.{state.value}" for state in PostState}
    listed = {name for name in EVENT_TYPES if not name.startswith("automation.")} - states - {"channel.on", "channel.off"}
    assert [name for name in sorted(listed) if f'"{name}"' not in sources] == []
    assert "f\"channel.{'on' if on else 'off'}\"" in sources
    assert {name for name in states if name not in EVENT_TYPES} == set(), "every state of jobs and posts is listed"
    assert {"job", "training", "dataset", "post", "video", "budget", "channel", "plan", "automation", "comment"} <= set(
        FAMILIES
    )


def test_a_filter_chooses_events_or_groups() -> None:
    assert checked_filter(["post.*", "job.completed", "post.*", "comment.received"]) == [
        "post.*",
        "job.completed",
        "comment.received",
    ]
    for wrong in ("post", "post.", "*", "post.publishedd", "secret.*", "webhook.delivered", ""):
        with pytest.raises(Invalid, match="no event"):
            checked_filter([wrong])
    assert is_sent("post.published", ["post.*"])
    assert is_sent("post.published", [])
    assert is_sent("automation.run_started", ["automation.*"])
    assert not is_sent("post.published", ["plan.*", "post.failed"])
    assert not is_sent("webhook.delivered", []), "no webhook tells of webhooks"
    assert not is_sent("api_key.created", [])


@settings(max_examples=60)
@given(st.sampled_from([*EVENT_TYPES, "comment.received"]), st.dictionaries(NAMES, VALUES, max_size=8))
def test_a_body_is_thin_whatever_the_event_holds(kind: str, data: dict[str, Any]) -> None:
    text = event_body(event(kind, {**data, "token": "secret"}), 7, {})
    body = json.loads(text)
    assert len(text.encode()) < 20_000
    assert set(body) == {"type", "timestamp", "data"}
    assert (body["type"], body["timestamp"], body["data"]["position"]) == (kind, "2026-11-22T09:00:00Z", 7)
    assert "token" not in body["data"]


def test_a_body_has_ids_and_the_words_of_its_sample() -> None:
    body = json.loads(event_body(event("post.failed", {"error_code": "rejected", "note": "x"}), 7, {"planId": "plan_1"}))
    expected = {"postId": "post_1", "planId": "plan_1", "errorCode": "rejected", "eventId": "evt_1", "position": 7}
    assert body["data"] == expected
    for kind, noun, words in (
        ("budget.spent", "budget", {"period": "day", "limit_usd": "5.00"}),
        ("report.weekly", "workspace", {"week": "2026-W47", "summary": "7 posts published."}),
        ("disk.low", "system", {"free": "1.9 GiB"}),
    ):
        data = json.loads(event_body(event(kind, words, noun), 7, {}))["data"]
        assert data == {**EVENT_TYPES[kind].sample, "eventId": "evt_1", "position": 7}
    for event_type in EVENT_TYPES.values():
        sample = json.loads(sample_body(event_type))
        assert sample["type"] == event_type.type
        assert sample["data"]["position"] > 0
        assert json.loads(body_of_test(event_type, AT))["data"]["test"] is True
    assert json.loads(body_of_test(None, AT)) == {
        "type": "webhook.test",
        "timestamp": "2026-11-22T09:00:00Z",
        "data": {"test": True},
    }


def test_each_secret_signs_as_the_standard_says() -> None:
    secret, older = new_secret(), new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert re.fullmatch("[A-Za-z0-9]{43}", key.decode()), "n8n takes the key as text"
    now = datetime.now(UTC)
    headers = signed_headers([secret, older], "whm_1", '{"a":"é"}', now)
    content = f"whm_1.{int(now.timestamp())}.".encode() + '{"a":"é"}'.encode()
    by_hand = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"].split()[0] == f"v1,{by_hand}"
    for one_of_both in (secret, older):
        assert Webhook(one_of_both).verify('{"a":"é"}'.encode(), headers) == {"a": "é"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(b'{"a":"e"}', headers)
    late = signed_headers([secret], "whm_1", "{}", now - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b"{}", late)
