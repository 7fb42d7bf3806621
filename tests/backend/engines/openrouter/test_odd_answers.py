"""Every legal shape of an answer is read, and what cannot be kept is told apart from what was not paid."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import BaseModel

from backend.engines.openrouter.answer import AnswerReader
from backend.engines.openrouter.client_models import LlmErrorBody, answer_ending
from backend.engines.openrouter.reasoning_blocks import ThinkingFilter, without_thinking
from backend.engines.ports.text import (  # fmt: skip
    AnswerCutOff,
    EmptyAnswer,
    ModelRefused,
    Reply,
    ReplyLost,
    TextRequest,
    UnreadableAnswer,
    UnusableAnswer,
)
from backend.engines.ports.text_answers import check_answer, is_refusal, parse_answer, retry_request
from backend.errors import EngineUnavailable, RateLimited, Rejected
from tests.backend.engines.openrouter.conftest import Make
from tests.servers.openrouter import ModelServer
from tests.servers.openrouter.odd import GOOD, MODES
from tests.support.writing import run_to_end


class Post(BaseModel):
    caption: str
    hashtags: list[str]


class Posts(BaseModel):
    variants: list[Post]


POST = TextRequest("planning", "You write posts.", "One about trams.", answer=Post)
TALK = TextRequest("planning", "You are brief.", "What is new?")
ONE = {"caption": "caffè \U0001f600", "hashtags": ["#one"]}
ANSWER = json.dumps(ONE)
LOST = [name for name in MODES if name.endswith("_error") or name.startswith(("cut_", "end_", "html_", "finish_error"))]
LOST += ["text_error_with_cost", "err200_billed"]
UNPAID = ["err200_free", "error_before_anything"]
UNUSABLE = [name for name in MODES if name not in (*GOOD, *LOST, *UNPAID)]


@pytest.mark.parametrize("mode", GOOD)
def test_a_legal_answer_is_read(server: ModelServer, make: Make, mode: str) -> None:
    server.faults.odd, server.faults.says = [mode], [ANSWER]
    engine = make()
    reply = run_to_end(engine, POST)
    assert check_answer(reply, POST) is None
    assert parse_answer(reply.text, Post).model_dump() == ONE
    assert reply.cost_usd == server.total or (reply.estimated and reply.cost_usd == engine.quote(POST).most_usd > server.total)
    assert engine.cost_of(reply.generation_id) == server.total


@pytest.mark.parametrize("mode", LOST)
def test_what_was_billed_and_failed_is_lost_and_never_a_refusal(server: ModelServer, make: Make, mode: str) -> None:
    server.faults.odd, server.faults.says = [mode], [ANSWER]
    with pytest.raises(ReplyLost) as lost:
        run_to_end(make(), POST)
    assert len(server.asked) == 1
    assert lost.value.cost_usd in (None, server.total)
    assert (lost.value.cost_usd is not None) == (mode in ("text_error_with_cost", "err200_billed", "prompt_billed_error"))
    assert lost.value.generation_id in (*server.billed, "") if mode == "html_under_200" else server.billed
    assert not lost.value.retryable


@pytest.mark.parametrize("mode", UNPAID)
def test_what_failed_before_anything_was_made_is_asked_again(server: ModelServer, make: Make, mode: str) -> None:
    server.faults.odd, server.faults.says = [mode, "crlf"], [ANSWER] * 2
    assert run_to_end(make(), POST).cost_usd == server.total
    server.faults.odd = [mode] * 5
    with pytest.raises(EngineUnavailable):
        run_to_end(make(), POST)


@pytest.mark.parametrize("mode", UNUSABLE)
@pytest.mark.parametrize("request_", [POST, TALK], ids=["json", "talk"])
def test_what_is_no_answer_is_not_kept(server: ModelServer, make: Make, mode: str, request_: TextRequest) -> None:
    server.faults.odd, server.faults.says = [mode], [ANSWER]
    reply = run_to_end(make(), request_)
    kinds: dict[str, type[UnusableAnswer]] = {
        "length": AnswerCutOff,
        "think_unclosed": AnswerCutOff,
        "empty": EmptyAnswer,
        "reasoning_only": EmptyAnswer,
    }
    wrong = check_answer(reply, request_)
    assert type(wrong) is kinds.get(mode, ModelRefused)
    assert reply.cost_usd == server.total > 0
    words = {
        "refusal": "I'm sorry, but I can't help",
        "refusal_streamed": "I'm sorry, I can't.",
        "content_filter": "safety filter",
    }
    assert words.get(mode, "") in wrong.message
    assert "can also set another model" in wrong.message


@pytest.mark.parametrize(
    ("text", "n"),
    [
        (f"For {{Bella}}, as asked:\n```json\n{json.dumps({'variants': [ONE, ONE]})},\n```\nEnjoy {{it}}!", 2),
        (f"Two {{texts}}: {json.dumps([ONE, ONE])} and that is all", 2),
        (f"```json\n{ANSWER}\n```", 1),
        (f"{ANSWER}\n{ANSWER}\n{ANSWER}", 3),
        (json.dumps({"result": {"variants": [ONE]}}), 1),
        ('{"variants": [{"caption": "one", "hashtags": ["#a",],},]}', 1),
        ('Sure: {"variants": [{"caption": "one\nline", "hashtags": []}]}', 1),
    ],
)
def test_json_is_found_wherever_it_stands(text: str, n: int) -> None:
    assert len(parse_answer(text, Posts).variants) == n


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"variants": [ONE, ONE]})[:-20],
        json.dumps([ONE, ONE])[:-20],
        '{"variants": [{"caption": "on a linen sh',
        "```json\n" + json.dumps({"variants": [ONE, ONE]})[:-20],
        "{}", "[]", "{{{{", "[[[[" * 9000, "no braces", "",
    ],
)  # fmt: skip
def test_what_ends_in_the_middle_is_not_made_up(text: str) -> None:
    with pytest.raises(Rejected, match="form"):
        parse_answer(text, Posts)


def test_a_half_character_waits_for_its_other_half() -> None:
    """Each piece of a stream is JSON of its own, so that both halves of an emoji may come in two."""
    said = [r"ab \ud83d", r"\ude00 c \udead", "d"]
    chunks = [f'data: {{"choices": [{{"delta": {{"content": "{one}"}}}}]}}\n\n'.encode() for one in said]
    answer = AnswerReader()
    assert [piece.text for piece in answer.stream(iter([*chunks, b"data: [DONE]\n\n"]))] == ["ab ", "\U0001f600 c ", "d"]
    assert answer.completion().text == "ab \U0001f600 c d"


def test_thoughts_are_not_heard_and_not_kept() -> None:
    told = {
        "<think>a</think>b": "b", " <THINKING>\na\n</thinking>\n\nb": "b", "[THINK]a[/THINK]b": "b", "◁think▷a◁/think▷b": "b",
        "<think>a</think><think>c</think>b": "b", "<think>never closed": "", "a</think>\nb": "b", "plain": "plain",
        "<3 trams": "<3 trams", "[1] first": "[1] first", "<b>bold</b>": "<b>bold</b>", "a <b> c": "a <b> c",
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>": "b",
    }  # fmt: skip
    assert {text: without_thinking(text) for text in told} == told
    for text, kept in told.items():
        if text.startswith(("a</think>", "<|channel|>")):
            continue  # known only at the end
        aloud = ThinkingFilter()
        assert "".join(aloud.feed(letter) for letter in text) == kept


def test_refusals_of_several_languages_and_texts_that_are_none() -> None:
    no = [
        "I'm sorry, but I can't help with that request.", "I\u2019m sorry \u2014 I can\u2019t assist with that.",
        "Sorry, I can't create that.",
        "As an AI language model, I cannot generate explicit content.", "I'm unable to help with this. Try something else.",
        "I cannot fulfill this request.", "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Lo siento, pero no puedo ayudarte con eso.", "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
        "Es tut mir leid, aber ich kann dir dabei nicht helfen.", "Desculpe, mas não posso ajudar com isso.",
        "Sinto muito, mas não posso atender a esse pedido.", "抱歉，我无法协助处理这个请求。",
        "申し訳ありませんが、そのご依頼にはお答えできません。",
    ]  # fmt: skip
    yes = [
        "I can't help but smile on mornings like this one.", "I'm sorry, but I can't make it tonight!",
        "Sorry, no politics here.",
        "I can't write this caption without thinking of Lisbon's trams and everything that came before it, my friends.",
        "Non posso credere che sia già lunedì.", "Mi dispiace, oggi niente caffè.", "I cannot wait for the weekend.",
        "I won't help you pack, but I will send you the list.", '{"caption": "I cannot help with that"}',
        "I'm sorry, but I can't help with that request. " + "And so the story goes on. " * 40,
    ]  # fmt: skip
    assert [one for one in no if not is_refusal(one)] == []
    assert [one for one in yes if is_refusal(one)] == []


def test_a_second_try_has_more_room_and_other_words() -> None:
    again = retry_request(POST)
    assert again.max_tokens == 2 * POST.max_tokens
    assert again.question.startswith(POST.question + "\n")
    assert retry_request(TALK).question == TALK.question
    assert type(check_answer(Reply("no braces", "m"), POST)) is UnreadableAnswer
    assert check_answer(Reply("Some words and", "m", ending="cut"), TALK, may_be_cut=True) is None
    assert type(check_answer(Reply(" ", "m", ending="cut"), TALK, may_be_cut=True)) is AnswerCutOff


def test_items_behind_a_cut_are_missed() -> None:
    whole = json.dumps({"variants": [ONE, ONE]})
    asked = TextRequest("writing", "s", "q", answer=Posts)
    between = whole[: whole.index("}") + 2]
    assert type(check_answer(Reply(between, "m", ending="cut"), asked)) is AnswerCutOff
    assert check_answer(Reply(whole, "m", ending="cut"), asked) is None, "nothing of it is missing"


def test_endings_of_several_providers() -> None:
    assert [answer_ending("stop"), answer_ending("tool_calls"), answer_ending(""), answer_ending("something new")] == [
        "whole"
    ] * 4
    assert [answer_ending("length"), answer_ending("stop", "MAX_TOKENS")] == ["cut"] * 2
    assert [answer_ending("content_filter"), answer_ending("stop", "SAFETY"), answer_ending("refusal")] == ["refused"] * 3


def test_a_date_to_wait_for_is_read_and_told(server: ModelServer, make: Make) -> None:
    later = datetime.now(UTC) + timedelta(hours=2, minutes=59)
    server.faults.refuse = [(429, format_datetime(later, usegmt=True))]
    with pytest.raises(RateLimited, match=r"Try again in 3 hours\.") as told:
        run_to_end(make(), TALK)
    assert 2.9 * 3600 < told.value.retry_after < 3 * 3600
    assert len(server.asked) == 1
    server.faults.refuse = [(429, "3600")]
    with pytest.raises(RateLimited, match=r"Try again in 60 minutes\."):
        run_to_end(make(), TALK)
    server.faults.refuse = [(503, "5400")]
    with pytest.raises(EngineUnavailable, match=r"Try again in 2 hours\."):
        run_to_end(make(), TALK)
    assert LlmErrorBody.read({}, status=429, header="tomorrow").retry_after is None
    assert LlmErrorBody.read({}, status=429, header="Wed, 21 Oct 2015 07:28:00 GMT").retry_after == 0
