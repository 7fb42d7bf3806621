"""Texts for posts: by a model whose faults are looked for and mended once, and without one; kept as drafts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from backend import writing
from backend.app import App
from backend.errors import Conflict, Invalid, Rejected
from backend.writing import TextParts, WriteOrder
from tests.backend.writing.conftest import Make, answer_json, text
from tests.servers.openrouter import ModelServer

Acting = Callable[[App], Any]


def order(bella: str, **more: Any) -> WriteOrder:
    return WriteOrder(influencer_id=bella, topic="morning yoga", **more)


def test_variants_that_keep_the_rules_cost_one_answer(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1), text(2))]
    calm = order(bella, style="calm")
    cards = writing.write_texts(app, acting(app), order=calm, n=2, batch_id="req_1")
    assert writing.write_texts(app, acting(app), order=calm, n=2, batch_id="req_1") == cards, "asked twice for the same"
    assert len(server.asked) == 1
    assert [card.parts.caption[-2] for card in cards] == ["1", "2"]
    assert len({card.batch_id for card in cards}) == 1
    assert not any(card.notes for card in cards)
    assert cards[0].parts.picture.startswith("bella_01, ")
    assert sum(card.cost_usd for card in cards) == server.total
    assert cards[0].replies == tuple(server.billed)
    question = server.asked[0]["messages"][1]["content"]
    for part in ("<style>calm</style>", "no pain no gain", "A post of theirs", "Small steps", "at most 150 characters"):
        assert part in question
    assert server.asked[0]["model"] == "anthropic/claude-3-5-sonnet"


def test_a_broken_rule_is_mended_once_and_stays_on_record(
    make_app: Make, server: ModelServer, acting: Acting, bella: str
) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1), text(2, caption="Hey guys, morning yoga is politics.")), answer_json(text(3))]
    good, repaired = writing.write_texts(app, acting(app), order=order(bella), n=2)
    assert not good.notes
    assert repaired.parts.caption.endswith("Day 3.")
    assert {(note.rule, note.repaired) for note in repaired.notes} == {("never_say", True), ("boundary", True)}
    assert "never say" in server.asked[1]["messages"][1]["content"]
    assert len(server.asked) == 2


def test_what_is_broken_twice_is_shown(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1, caption="Hey guys, morning yoga again, all day long."))] * 2
    (card,) = writing.write_texts(app, acting(app), order=order(bella))
    assert [(note.part, note.rule, note.repaired) for note in card.notes] == [("caption", "never_say", False)]
    assert len(server.asked) == 2


def test_an_answer_nobody_can_read_is_asked_for_once_more(
    make_app: Make, server: ModelServer, acting: Acting, bella: str
) -> None:
    app = make_app()
    server.faults.says = ["I cannot do JSON today.", answer_json(text(1))]
    (card,) = writing.write_texts(app, acting(app), order=order(bella))
    assert card.parts.caption
    assert card.cost_usd == server.total
    server.faults.says = ["No.", "Still no."]
    with pytest.raises(Rejected):
        writing.write_texts(app, acting(app), order=order(bella))


def test_a_cut_answer_is_asked_again_with_more_room_and_never_kept(
    make_app: Make, server: ModelServer, acting: Acting, bella: str
) -> None:
    app = make_app()
    server.faults.odd, server.faults.says = ["length", "crlf"], [answer_json(text(1), text(2))] * 2
    cards = writing.write_texts(app, acting(app), order=order(bella), n=2)
    assert [card.parts.caption[-2] for card in cards] == ["1", "2"]
    assert server.asked[1]["max_tokens"] == 2 * server.asked[0]["max_tokens"]
    assert sum(card.cost_usd for card in cards) == server.total
    assert cards[0].replies == tuple(server.billed)
    server.faults.odd, server.faults.says = ["length", "length"], [answer_json(text(3))] * 2
    with pytest.raises(Rejected, match="was cut off: it had no more room"):
        writing.write_texts(app, acting(app), order=order(bella, style="loud"))
    with acting(app)() as tx:
        assert writing.page(tx).total == 2


def test_a_refusal_is_told_as_one_and_paid_once(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    app = make_app()
    for mode in ("refusal", "says_no", "content_filter"):
        server.faults.odd = [mode]
        with pytest.raises(Rejected, match=r"The model refused: .* Rephrase it\. Whoever runs the studio can also"):
            writing.write_texts(app, acting(app), order=order(bella, style=mode))
    assert len(server.asked) == 3


@pytest.mark.parametrize("mode", ["refusal", "length", "cut_mid", "empty"])
def test_a_repair_that_fails_leaves_the_text_that_was_paid(
    make_app: Make, server: ModelServer, acting: Acting, bella: str, mode: str
) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1, caption="Hey guys, yoga on the terrace!"))] * 3
    server.faults.odd = ["crlf", mode, mode]
    (card,) = writing.write_texts(app, acting(app), order=order(bella))
    assert card.parts.caption == "Hey guys, yoga on the terrace!"
    assert [(note.rule, note.repaired) for note in card.notes] == [("never_say", False)]
    assert mode == "cut_mid" or card.cost_usd == server.total, "what a lost answer cost is not known yet"


def test_marks_that_turn_the_direction_of_words_are_left_out(
    make_app: Make, server: ModelServer, acting: Acting, bella: str
) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1, caption="Morning \u202eagoy\u202c \u2066on\u2069 the terrace, Day 1."))]
    (card,) = writing.write_texts(app, acting(app), order=order(bella))
    assert card.parts.caption == "Morning agoy on the terrace, Day 1."


def test_one_part_anew_keeps_the_others_and_can_be_taken_back(
    make_app: Make, server: ModelServer, acting: Acting, bella: str
) -> None:
    app = make_app()
    server.faults.says = [answer_json(text(1)), '{"hashtags": "#One #Two three #Four #Five"}']
    (card,) = writing.write_texts(app, acting(app), order=order(bella))
    changed = writing.rewrite_part(app, acting(app), draft_id=card.id, part="hashtags")
    assert changed.parts.hashtags == ("#One", "#Two", "#three", "#Four", "#Five")
    assert changed.parts.model_copy(update={"hashtags": card.parts.hashtags}) == card.parts
    assert changed.cost_usd == server.total
    with acting(app)() as tx:
        assert writing.undo_edit(tx, card.id).parts == card.parts
        with pytest.raises(Invalid, match="Nothing"):
            writing.undo_edit(tx, card.id)


def test_without_a_model(app: App, acting: Acting, bella: str) -> None:
    cards = writing.write_texts(app, acting(app), order=order(bella, sponsored=True), n=3)
    assert all(card.model == "offline" and card.cost_usd == 0 for card in cards)
    assert all(card.parts.caption.startswith("#ad ") and "morning yoga" in card.parts.caption.lower() for card in cards)
    assert all(len(card.parts.caption) <= 150 and 5 <= len(card.parts.hashtags) <= 10 for card in cards)
    assert not [note for card in cards for note in card.notes if not note.repaired]
    more = writing.write_texts(app, acting(app), order=order(bella, sponsored=True), n=3)
    assert not {card.parts.caption for card in cards} & {card.parts.caption for card in more}
    rewritten = writing.rewrite_part(app, acting(app), draft_id=more[0].id, part="hook")
    assert rewritten.parts.hook != more[0].parts.hook
    assert rewritten.parts.caption == more[0].parts.caption
    assert writing.estimate_texts(app, acting(app), order=order(bella)) is None


def test_an_estimate_is_never_less_than_the_bill(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    app = make_app()
    max_usd = writing.estimate_texts(app, acting(app), order=order(bella), n=2)
    server.faults.says = [answer_json(text(1, hook="Hey guys"), text(2)), answer_json(text(3))]
    writing.write_texts(app, acting(app), order=order(bella), n=2)
    assert max_usd is not None
    assert server.total < max_usd


def test_the_dearest_way_stays_within_the_estimate(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    """Unreadable, then broken in every rule, then a repair that is cut off and asked again; with long earlier captions."""
    app = make_app()
    long = "\u2014 " * 70
    write_order = order(bella, style="calm", length=2000)
    max_usd = writing.estimate_texts(app, acting(app), order=write_order, n=3)
    with acting(app)() as tx:
        for _ in range(6):
            writing.create(tx, order(bella), TextParts(caption=long * 30))
    bad = text(1, caption=f"Hey guys {long * 10}", hook=long, alt_text=long, picture=long * 5, hashtags=["#guys"] * 30)
    server.faults.says = [
        "no braces " * 300,
        answer_json(bad, bad, bad),
        answer_json(bad, bad, bad),
        answer_json(bad, bad, bad),
    ]
    server.faults.odd = ["crlf", "crlf", "length", "length"]
    writing.write_texts(app, acting(app), order=write_order, n=3)
    assert len(server.asked) == 4
    assert max_usd is not None
    assert server.total < max_usd


def test_drafts_are_chosen_edited_and_put_away(app: App, acting: Acting, bella: str) -> None:
    cards = writing.write_texts(app, acting(app), order=order(bella), n=3)
    with acting(app)() as tx:
        others = writing.choose_variant(tx, cards[1].id)
        assert sorted(others) == sorted([cards[0].id, cards[2].id])
        assert [card.id for card in writing.page(tx, states=("draft",)).cards] == [cards[1].id]
        writing.restore(tx, others)
        edited = writing.edit(tx, cards[1].id, {"caption": "Morning yoga, guys."}, version=cards[1].version)
        assert [note.rule for note in edited.notes] == ["never_say"]
        assert edited.earlier[-1]["parts"] == {"caption": cards[1].parts.caption}
        with pytest.raises(Conflict):
            writing.edit(tx, cards[1].id, {"hook": "x"}, version=cards[1].version)
        with pytest.raises(Invalid, match="no part called"):
            writing.edit(tx, cards[1].id, {"smell": "x"})
        writing.set_state(tx, cards[1].id, "used")
        first = writing.page(tx, influencer_id=bella, take=2)
        rest = writing.page(tx, influencer_id=bella, take=2, cursor=first.next_cursor)
        assert first.total == 3
        assert [card.id for card in first.cards + rest.cards] == sorted((card.id for card in cards), reverse=True)
        assert rest.next_cursor is None


def test_what_is_wrong_gets_a_sentence(bella: str) -> None:
    for values in ({"topic": " "}, {"topic": "x" * 201}, {"topic": "yoga", "content_type": "poem"}):
        with pytest.raises(Invalid):
            WriteOrder(influencer_id=bella, **values)
    assert WriteOrder(influencer_id=bella, topic="yoga", content_type="Reel").content_type == "instagram-reel"


def test_new_texts_differ_from_good_ones_alone(make_app: Make, server: ModelServer, acting: Acting, bella: str) -> None:
    app = make_app()
    with acting(app)() as tx:
        for caption in ("Trams at dawn.", "#ad trams at dawn!", "Hey guys, trams.", "Bread before anyone is awake."):
            writing.create(tx, order(bella), TextParts(**text(caption=caption)))
    server.faults.says = [answer_json(text(7))]
    writing.write_texts(app, acting(app), order=order(bella))
    question = server.asked[0]["messages"][1]["content"]
    assert re.findall(r"<before>(.*?)</before>", question) == ["Bread before anyone is awake.", "#ad trams at dawn!"]
