"""Words from a model server that behaves as OpenRouter does, with its faults."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest
from pydantic import BaseModel

from backend.engines.openrouter.answer import sse_events
from backend.engines.ports.text import ReplyLost, TextRequest
from backend.engines.ports.text_answers import parse_answer
from backend.errors import EngineUnavailable, Invalid, RateLimited, Rejected, Unsupported
from tests.backend.engines.openrouter.conftest import Make
from tests.servers.openrouter import ModelServer
from tests.support.writing import run_to_end

ASK = TextRequest("writing", "You are brief.", "What is new in Lisbon?", max_tokens=200)
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
"""One grey pixel."""


class Post(BaseModel):
    caption: str
    hashtags: list[str]


POST = TextRequest("planning", "You write posts.", "One about trams.", answer=Post)


def test_an_answer_comes_in_pieces_with_its_cost(server: ModelServer, make: Make) -> None:
    pieces: list[str] = []
    reply = run_to_end(make(), ASK, pieces=pieces)
    assert "".join(pieces) == reply.text
    assert len(pieces) > 2
    assert "Lisbon" in reply.text
    assert reply.model == "anthropic/claude-3-5-sonnet"
    assert reply.cost_usd == server.total > 0
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 0
    assert server.asked[0]["models"] == ["anthropic/claude-3-5-sonnet", "meta-llama/llama-3.1-70b-instruct"]


def test_a_server_that_does_not_stream(server: ModelServer, make: Make) -> None:
    server.faults.no_stream = True
    assert "Lisbon" in run_to_end(make(), ASK).text


def test_an_event_stream_is_read_as_the_standard_has_it() -> None:
    parts = [
        "\ufeffdata: one\u2028and\x85".encode(),
        b"two\r\n\r",
        b"\nda",
        b"ta: three\rdata:four\r\r: alive\n",
        b"data:\n\nid: 1\ndata: five",
    ]
    assert list(sse_events(iter(parts))) == ["one\u2028and\x85two", "three\nfour", None, "five"]


def test_the_quote_covers_whatever_answers(server: ModelServer, make: Make) -> None:
    engine = make()
    for use in ("planning", "writing", "cheap", "style"):
        request = TextRequest(use, "s", "Überall 東京 " * 40, max_tokens=50)
        assert run_to_end(engine, request).cost_usd <= engine.quote(request).most_usd


def test_the_fallback_that_answered_is_the_one_that_is_billed(server: ModelServer, make: Make) -> None:
    server.faults.times["fall_back"] = 1
    reply = run_to_end(make(), ASK)
    assert reply.model == "meta-llama/llama-3.1-70b-instruct"
    assert reply.cost_usd == server.total


@pytest.mark.parametrize("new_shape", [False, True])
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_it_backs_off_and_tries_again(
    server: ModelServer, make: Make, pauses: list[float], status: int, new_shape: bool
) -> None:
    server.faults.refuse = [(status, None)] * 4
    server.faults.new_shape = new_shape
    assert "Lisbon" in run_to_end(make(), ASK).text
    assert len(server.asked) == 5
    assert sum(pauses) == (4 if new_shape else 2 + 4 + 8 + 16)


def test_it_waits_as_long_as_it_is_told(server: ModelServer, make: Make, pauses: list[float]) -> None:
    server.faults.refuse = [(429, "7")]
    run_to_end(make(), ASK)
    assert sum(pauses) == 7


def test_who_should_wait_long_is_told_so(server: ModelServer, make: Make, pauses: list[float]) -> None:
    server.faults.refuse = [(429, "600")]
    with pytest.raises(RateLimited) as told:
        run_to_end(make(), ASK)
    assert told.value.retry_after == 600
    assert not pauses


def test_after_five_tries_it_gives_up(server: ModelServer, make: Make) -> None:
    server.faults.refuse = [(503, None)] * 9
    with pytest.raises(EngineUnavailable, match="right now"):
        run_to_end(make(), ASK)
    assert len(server.asked) == 5


@pytest.mark.parametrize(("status", "error"), [(400, Rejected), (402, Rejected), (403, Rejected), (404, Unsupported)])
def test_some_answers_are_final(server: ModelServer, make: Make, status: int, error: type[Exception]) -> None:
    server.faults.refuse = [(status, None)]
    with pytest.raises(error, match="TEXT_MODEL_WRITING" if status == 404 else None):
        run_to_end(make(), ASK)
    assert len(server.asked) == 1


def test_a_402_of_calls_in_flight_is_tried_again(server: ModelServer, make: Make, pauses: list[float]) -> None:
    server.faults.refuse, server.faults.in_flight_402 = [(402, "3")], True
    assert run_to_end(make(), ASK).text
    assert sum(pauses) == 3


@pytest.mark.parametrize("fault", ["error_in_200", "error_in_choice"])
def test_an_error_under_200_is_an_error(server: ModelServer, make: Make, fault: str) -> None:
    server.faults.times[fault] = 1
    assert "Lisbon" in run_to_end(make(), ASK).text
    assert len(server.asked) == 2
    assert len(server.billed) == 1


@pytest.mark.parametrize("fault", ["error_mid_stream", "cut_mid_stream", "no_json"])
def test_a_lost_answer_is_not_asked_for_again_and_can_be_looked_up(server: ModelServer, make: Make, fault: str) -> None:
    server.faults.times[fault] = 1
    engine = make()
    with pytest.raises(ReplyLost) as lost:
        run_to_end(engine, ASK)
    assert len(server.asked) == 1
    assert engine.cost_of(lost.value.generation_id) == server.total > 0
    assert engine.cost_of("gen-unknown") is None


def test_an_answer_that_never_comes_is_lost(server: ModelServer, make: Make) -> None:
    server.faults.answer_s = 5
    with pytest.raises(ReplyLost):
        run_to_end(make(TEXT_TIMEOUT_S=0.2), ASK)


def test_json_is_asked_for_and_read(server: ModelServer, make: Make) -> None:
    reply = run_to_end(make(), POST)
    assert parse_answer(reply.text, Post).hashtags == ["one", "two"]
    asked = server.asked[0]["response_format"]["json_schema"]
    assert asked["strict"] is True
    assert asked["schema"]["additionalProperties"] is False
    assert asked["schema"]["required"] == ["caption", "hashtags"]


def test_broken_json_is_repaired_and_a_wrong_shape_refused(server: ModelServer, make: Make) -> None:
    server.faults.times["fenced"] = 1
    assert parse_answer(run_to_end(make(), POST).text, Post).caption
    server.faults.times["bad_answer"] = 1
    with pytest.raises(Rejected, match="form"):
        parse_answer(run_to_end(make(), POST).text, Post)
    for text in ("", "no", "[[[[", '{"caption": '):
        with pytest.raises(Rejected):
            parse_answer(text, Post)


def test_pictures_are_shown_as_data(server: ModelServer, make: Make) -> None:
    engine = make()
    request = TextRequest("cheap", "s", "Who is this?", images=(PNG,))
    assert engine.quote(request).most_usd > engine.quote(TextRequest("cheap", "s", "Who is this?")).most_usd
    run_to_end(engine, request)
    text, picture = server.asked[0]["messages"][1]["content"]
    assert text["type"] == "text"
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    with pytest.raises(Unsupported, match="PNG"):
        run_to_end(engine, TextRequest("cheap", "s", "q", images=(b"%PDF",)))


def test_without_a_price_nothing_is_asked(server: ModelServer, make: Make) -> None:
    server.faults.no_prices = True
    with pytest.raises(Unsupported, match="TEXT_PRICES"):
        make().quote(ASK)
    free = make(TEXT_MODEL_WRITING="llama3", TEXT_FALLBACKS="", TEXT_PRICES="llama3=0/0")
    assert free.quote(ASK).most_usd == 0
    with pytest.raises(Unsupported, match="openrouter/auto"):
        make(TEXT_MODEL_WRITING="openrouter/auto", TEXT_FALLBACKS="").quote(ASK)
    server.faults.no_prices = False
    with pytest.raises(Unsupported, match=r"TEXT_MODEL_WRITING to another one \(anthropic/claude-3-5-sonnet is"):
        make(TEXT_MODEL_WRITING="anthropic/claude-3.5-sonnet", TEXT_FALLBACKS="").quote(ASK)


@pytest.mark.parametrize("price", ["llama3", "llama3=1", "llama3=x/y", "llama3=-1/2", "=1/2", "llama3=NaN/1"])
def test_a_price_that_is_none_is_refused(make: Make, price: str) -> None:
    with pytest.raises(Invalid, match="TEXT_PRICES"):
        make(TEXT_PRICES=price)


def test_who_says_no_cost_is_paid_by_tokens(server: ModelServer, make: Make) -> None:
    server.faults.no_cost = True
    reply = run_to_end(make(TEXT_PRICES="anthropic/claude-3-5-sonnet=3/15"), ASK)
    assert reply.cost_usd == reply.prompt_tokens * Decimal("0.000003") + reply.completion_tokens * Decimal("0.000015")


def test_status_names_models_that_are_never_asked(make: Make) -> None:
    told = make(TEXT_MODEL_WRITING="acme/poet", TEXT_FALLBACKS="openai/gpt-4o-mini").status()
    assert told.ok
    assert "acme/poet (TEXT_MODEL_WRITING), so openai/gpt-4o-mini answers instead" in told.detail
    told = make(TEXT_MODEL_VISION="acme/eye", TEXT_FALLBACKS="openai/gpt-4o-mini").status()
    assert not told.ok
    assert "acme/eye (TEXT_MODEL_VISION), so it is not used" in told.detail
    assert "TEXT_PRICES" in told.detail
    assert make(TEXT_MODEL_VISION="acme/eye", TEXT_PRICES="acme/eye=0/0").status().ok


def test_status_says_who_writes_or_what_to_do(server: ModelServer, make: Make) -> None:
    assert make().status().ok
    refused = make(OPENROUTER_BASE_URL="http://127.0.0.1:9").status()
    assert not refused.ok
    assert "OPENROUTER_BASE_URL" in refused.detail
    with pytest.raises(Rejected, match="OPENROUTER_API_KEY"):
        run_to_end(make(OPENROUTER_API_KEY="wrong"), ASK)
    with pytest.raises(EngineUnavailable):
        make(OPENROUTER_BASE_URL="http://127.0.0.1:9").quote(ASK)
