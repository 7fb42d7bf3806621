"""Rules of a text: what the persona never says, boundaries, copies, language, lengths, platforms, the paid-for tag."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.influencers import InfluencerCard, Persona
from backend.media.documents.language import other_language
from backend.platforms import text_limits
from backend.writing import TextParts, WriteOrder, rules
from backend.writing.checks import check_text, contains_phrase
from backend.writing.normalize import normalize_hashtags, normalize_picture_prompt, prompt_with_lora
from tests.backend.writing.conftest import BELLA, text

GOOD = TextParts(**text())


def broken_rules(parts: TextParts, *, language: str = "en", persona: Persona = BELLA, **order: Any) -> list[tuple[str, str]]:
    write_order = WriteOrder(influencer_id="inf_1", topic="yoga", **order)
    return [(note.part, note.rule) for note in check_text(parts, write_order, persona, language)]


def changed(**parts: Any) -> TextParts:
    return GOOD.model_copy(update=parts)


def test_a_good_text_has_no_note() -> None:
    assert broken_rules(GOOD) == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"caption": "Hey GUYS, morning yoga is good for all of you today."}, ("caption", "never_say")),
        ({"hashtags": ("#NoPainNoGain", "#a1", "#a2", "#a3", "#a4")}, ("hashtags", "never_say")),
        ({"hook": "Politics before breakfast"}, ("hook", "boundary")),
        ({"caption": "I took the tram up to Graça before anyone else had coffee."}, ("caption", "copied")),
        ({"caption": "Lo yoga del mattino sulla terrazza, prima che la città si svegli."}, ("caption", "language")),
        ({"caption": "Morning yoga " * 12}, ("caption", "length")),
        ({"caption": ""}, ("caption", "length")),
        ({"hashtags": ("#one", "#two")}, ("hashtags", "hashtags")),
        ({"hashtags": ("#one", "#two", "three", "#four", "#five")}, ("hashtags", "hashtags")),
    ],
)
def test_each_rule_is_found(parts: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in broken_rules(changed(**parts))


def test_how_their_lines_look_counts_once_there_are_three() -> None:
    bare = BELLA.model_copy(update={"sample_lines": ("Small steps.", "Slow is fine.")})
    loud = changed(caption="Morning yoga on the terrace! Quiet and slow! 🧘")
    assert [rule for _, rule in broken_rules(loud, persona=bare)] == ["unlike", "unlike"]
    assert broken_rules(loud) == []


def test_paid_for_is_told_in_front_and_in_their_language() -> None:
    assert broken_rules(GOOD, sponsored=True) == [("caption", "sponsored")]
    assert rules.with_disclosure("Caffè buono.", "it") == "#adv Caffè buono."
    assert rules.with_disclosure("#pubblicità Caffè buono.", "it") == "#pubblicità Caffè buono."
    assert rules.disclosure_tag("pt-BR") == "#publicidade"
    assert not rules.is_disclosed("x" * 80 + " #ad", "en")


@pytest.mark.parametrize(
    ("phrase", "line", "expected"),
    [
        ("guys", "you guysers", False),
        ("café", "my CAFE today", True),
        ("no pain no gain", "No pain, no gain!", True),
        ("no pain no gain", "#nopainnogain", True),
        ("🔥", "hot 🔥 day", True),
        ("", "anything", False),
    ],
)
def test_words_are_whole_words(phrase: str, line: str, expected: bool) -> None:
    assert contains_phrase(line, phrase) is expected


@pytest.mark.parametrize(
    ("line", "phrases"),
    [
        ("Never talk about politics.", ("politics",)),
        ("mai parlare di politica", ("politica",)),
        ("never talk about politics, religion or her ex", ("politics", "religion", "ex")),
        ("Don't promise quick results", ("promise quick results",)),
        ("never", ()),
        ("do not laugh at people who start late because they had other things to look after", ()),
    ],
)
def test_boundaries_that_name_things_are_looked_for(line: str, phrases: tuple[str, ...]) -> None:
    assert rules.named_phrases(line) == phrases


@pytest.mark.parametrize(
    ("line", "sentence", "touched"),
    [
        ("never promise quick results", "I promised you a quicker, better result.", True),
        ("never promise quick results", "Results are what I promise, and quick.", False),
        ("never promise quick results", "I promise to be there. After a week or so the quick ones saw results.", False),
        ("never make fun of beginners", "They were making so much fun of every beginner", True),
        ("never make fun of beginners", "He makes fun of a beginner's pose", True),
        ("never talk about her old flat in Rome", "My old flat was in the middle of Rome", True),
        ("never talk about her old flat in Rome", "#oldflatrome", True),
        ("mai parlare di politica o di soldi", "Le politiche del comune", True),
        ("never mention diets", "No diet today", True),
        ("never mention her car", "Take care", False),
        ("never mention her plan", "the plane is late", False),
    ],
)
def test_what_a_boundary_names_is_found_in_any_form(line: str, sentence: str, touched: bool) -> None:
    assert any(rules.touches(sentence, phrase) for phrase in rules.named_phrases(line)) is touched


def test_platforms_count_in_their_own_units() -> None:
    assert broken_rules(changed(caption="x" * 100, hook="h" * 101), content_type="youtube-short") == [("hook", "platform")]
    assert ("caption", "platform") in broken_rules(changed(caption="1 < 2 and that is that"), content_type="youtube-short")
    assert broken_rules(changed(hook="h" * 91), content_type="tiktok-photo") == [("hook", "platform")]
    assert text_limits.text_length("🧘", "UTF-16 units") == 2
    assert text_limits.text_length("è", "bytes") == 2
    many = " ".join(f"#t{n}" for n in range(31))
    assert [problem.part for problem in text_limits.problems("instagram", text=many)] == ["hashtags"]
    assert text_limits.problems("instagram-story", text="x" * 9999) == []


@given(st.text(max_size=300), st.sampled_from(["characters", "UTF-16 units", "bytes"]))
def test_no_unit_counts_less_than_characters_do(sample: str, unit: Any) -> None:
    assert text_limits.text_length(sample, unit) >= text_limits.text_length(sample, "characters")


@given(st.lists(st.text(max_size=40), max_size=20))
def test_hashtags_become_hashtags(answers: list[str]) -> None:
    hashtags = normalize_hashtags(answers)
    assert len(hashtags) <= 10
    assert len({tag.lower() for tag in hashtags}) == len(hashtags)
    assert all(tag.startswith("#") and " " not in tag and len(tag) > 1 for tag in hashtags)


def test_languages() -> None:
    assert other_language("Buongiorno a tutti, oggi si parla di tram", "en") == "it"
    assert other_language("Good morning everybody, today is about trams", "en") == ""
    assert other_language("#love @bella 🔥 ok", "it") == "", "too little to say"
    assert other_language("Bom dia, hoje vamos andar de bonde pela cidade", "pt-BR") == ""


def test_the_prompt_names_who_is_drawn() -> None:
    card = InfluencerCard(
        "inf_1",
        "Bella",
        "bella_01",
        BELLA,
        "en",
        "UTC",
        "",
        "",
        "lora_1",
        "bella-v1",
        0.8,
        True,
        None,
        {},
        1,
        None,
        None,
        None,  # type: ignore[arg-type]
    )
    assert normalize_picture_prompt("a tram, morning", card) == "bella_01, a tram, morning"
    assert normalize_picture_prompt("portrait of Bella_01 in a tram", card) == "portrait of Bella_01 in a tram"
    assert prompt_with_lora("a tram", card) == "bella_01, a tram, <lora:bella-v1:0.8>"
