"""The offline writer: thirty captions that differ, carry the topic and are in the influencer's language."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from pydantic import create_model

from backend.engines.local import starter_model
from backend.engines.local.diffusers import model_cards
from backend.engines.local.offline_writer.captions import MAX_CAPTION, caption
from backend.engines.local.offline_writer.chat import chat_answer
from backend.engines.local.offline_writer.ideas import ideas
from backend.engines.local.offline_writer.picture_prompts import picture_prompt
from backend.engines.local.offline_writer.posts import variants
from backend.engines.local.offline_writer.topics import topics_for
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.engines.ports.text import Brief, TextRequest
from backend.errors import Unsupported
from backend.media.documents.language import other_language
from tests.support.writing import run_to_end

TOPICS = {"en": "morning workout in the park", "it": "allenamento del mattino al parco"}


def grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("tone", ["warm and curious", "a little ironic", "motivational"])
@pytest.mark.parametrize("topics", [(), ("street food", "old trams")])
def test_thirty_captions_of_one_influencer(language: str, tone: str, topics: tuple[str, ...]) -> None:
    topic = TOPICS[language]
    made = [caption(Brief(topic, language, name="Bella", tone=tone, topics=topics, variant=variant)) for variant in range(30)]
    for one, other in combinations(map(grams, made), 2):
        assert len(one & other) <= min(len(one), len(other)) / 2
    assert all(topic in text.lower() for text in made)
    assert all(len(text) <= MAX_CAPTION for text in made)
    assert not [text for text in made if other_language(text, language)]


def test_each_language_in_its_own_words() -> None:
    english = " ".join(caption(Brief("yoga", "en", name="Bella", variant=n)) for n in range(13)).lower().split()
    italian = " ".join(caption(Brief("yoga", "it", name="Bella", variant=n)) for n in range(13)).lower().split()
    assert {"the", "is", "more"} & set(english)
    assert {"di", "la", "per"} <= set(italian)
    assert not {"the", "is", "more"} & set(italian)


def test_a_long_topic_stays_whole() -> None:
    topic = "a whole day of walking from one side of the old town to the other and back again by the river and over the hill"
    assert topic in caption(Brief(topic, "en")).lower()


def test_other_languages_are_refused_with_what_to_do() -> None:
    with pytest.raises(Unsupported, match="OPENROUTER_API_KEY"):
        caption(Brief("yoga", "ja"))


def test_pictures_differ_and_show_the_topic() -> None:
    made = {picture_prompt(Brief("old trams in Lisbon", "it", variant=n)) for n in range(30)}
    assert len(made) == 30
    assert all("old trams in Lisbon" in one for one in made)


@pytest.mark.parametrize("language", ["en", "it"])
def test_whole_texts(language: str) -> None:
    brief = Brief(TOPICS[language], language, name="Bella", topics=("street food",), n=30, avoid=("today", "oggi", "goodDays"))
    made = variants(brief)
    assert len({text["caption"] for text in made}) == 30
    for text in made:
        assert 5 <= len(text["hashtags"]) <= 10
        assert all(re.fullmatch(r"#\w+", tag) for tag in text["hashtags"])
        assert TOPICS[language] in text["hook"].lower()
        assert TOPICS[language] in text["alt_text"].lower()
        assert "Bella" in text["alt_text"]
        assert not other_language(text["alt_text"], language)
        assert not re.search(r"\b(today|oggi)\b", text["caption"].lower())
        assert "#GoodDays" not in text["hashtags"]


@pytest.mark.parametrize("language", ["en", "it"])
def test_thirty_days_differ(language: str) -> None:
    made = ideas(Brief("", language, name="Bella", topics=("yoga", "tram"), n=30, kinds=("instagram-post", "instagram-reel")))
    assert [one["day"] for one in made] == list(range(1, 31))
    assert len({one["hook"] for one in made}) == 30
    assert {one["content_type"] for one in made} == {"instagram-post", "instagram-reel"}
    assert {one["topic"] for one in made} == {"yoga", "tram"}


@pytest.mark.parametrize(
    ("language", "bio", "named"),
    [
        ("en", "Barista from Turin, bikes, rainy days", ("coffee", "bike", "rain", "Turin")),
        ("it", "Barista di Torino, bici, giorni di pioggia", ("caffè", "bici", "pioggia", "Torino")),
    ],
)
def test_topics_come_from_who_they_are(language: str, bio: str, named: tuple[str, ...]) -> None:
    topics = [one["topic"] for one in ideas(Brief("", language, name="Nina", bio=bio, n=7))]
    assert len(set(topics)) == 7
    assert all(any(word in topic for word in named) for topic in topics)
    assert all(any(word in topic for topic in topics) for word in named)


@pytest.mark.parametrize(
    ("language", "bio", "first"),
    [
        ("en", "Marine biologist who surfs and bakes bread.", "mornings by the sea"),
        ("en", "Loves knitting, her grandmother's garden, and silence", "knitting"),
        ("it", "Vive a Milano, lavora nella moda, ama i cani e la montagna", "scoperte vintage"),
        ("en", "A young woman with long dark hair.", "slow breakfasts"),
        ("it", "", "colazioni lente"),
    ],
)
def test_every_description_gives_a_week_of_topics(language: str, bio: str, first: str) -> None:
    found = topics_for(Brief("", language, bio=bio))
    assert found[0] == first
    assert len(set(found)) == len(found) >= 14
    assert topics_for(Brief("", language, bio=bio, topics=("old trams",)))[0] == "old trams"
    assert topics_for(Brief("jazz", language, bio=bio)) == ["jazz"]


def test_pictures_are_asked_for_in_the_words_that_the_checkpoint_knows() -> None:
    form = model_cards.read_card(model_cards.STARTER, starter_model.WEIGHTS).prompts
    known = {phrase for phrases in form.slots.values() for phrase in phrases}
    week = ideas(Brief("", "en", name="Nina", bio="Barista from Turin, bikes, rainy days", n=30, prompts=form))
    asked = [one["picture"] for one in week]
    assert len(set(asked)) == 30
    assert all(set(one.split(", ")) <= known for one in asked)
    assert all("in a cafe" in one["picture"] for one in week if one["topic"].startswith("coffee"))
    assert "in a gym" in picture_prompt(Brief("boxe prima di colazione", "it", prompts=form))


@pytest.mark.parametrize(
    ("language", "asked", "found"),
    [
        ("en", "Hi there!", ""), ("en", "Who are you?", "Bella"), ("en", "What do you like?", "old trams"),
        ("en", "What did you post lately?", "the hill"), ("en", "Tell me about trams!", "rams"), ("en", "Is 7 prime?", ""),
        ("it", "Ciao!", ""), ("it", "Chi sei?", "Bella"), ("it", "Cosa ti piace?", "old trams"),
        ("it", "Di cosa parla il tuo ultimo post?", "the hill"), ("it", "Grazie!", ""),
    ],
)  # fmt: skip
def test_answers_say_what_the_persona_says(language: str, asked: str, found: str) -> None:
    brief = Brief("", language, name="Bella", bio="A vlogger.", topics=("old trams",), recent=("the hill",), said=asked)
    assert found in chat_answer(brief)
    assert chat_answer(brief).strip()


def test_it_says_what_it_cannot_do() -> None:
    Poem = create_model("Poem", verse=(str, ...))
    writer = OfflineWriter()
    for request in (
        TextRequest("cheap", "s", "q"),
        TextRequest("cheap", "s", "q", answer=Poem, brief=Brief("yoga", "en")),
    ):
        with pytest.raises(Unsupported):
            run_to_end(writer, request)
    assert not writer.paid
    assert writer.cost_of("gen-1") is None
    assert writer.status().ok
