"""Messages are English texts that can be worded in another language, also after they were stored."""

from __future__ import annotations

import json
import pickle
from datetime import date, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_validator

from backend.errors import Invalid
from backend.kit.drafts import Draft
from backend.language import (
    Message,
    Moment,
    Reader,
    catalogues,
    joined,
    messages,
    reading,
    stored,
    tr,
    tr_lazy,
    tr_lazy_plural,
    worded,
)

CATALOGUE = """
msgid ""
msgstr ""
"Language: it\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "{name} was deleted."
msgstr "{name} è stata eliminata."

msgid "{n:,} post"
msgid_plural "{n:,} posts"
msgstr[0] "{n:,} contenuto"
msgstr[1] "{n:,} contenuti"

msgid "Broken {name}"
msgstr "Rotto {nome}"
"""


@pytest.fixture
def italian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "common.po").write_text(CATALOGUE, "utf-8")
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    catalogues.translations.cache_clear()
    with reading(Reader("it")):
        yield
    catalogues.translations.cache_clear()


def test_a_message_is_its_english_text() -> None:
    posts = tr_lazy_plural("{n:,} post", "{n:,} posts", 1200)
    assert posts == "1,200 posts"
    assert joined(posts, "", tr_lazy("{name} was deleted.", name="Nina")) == "1,200 posts Nina was deleted."


@pytest.mark.usefixtures("italian")
def test_it_is_worded_for_its_reader_with_the_signs_of_the_language() -> None:
    posts = tr_lazy_plural("{n:,} post", "{n:,} posts", 1200)
    assert worded(posts) == "1.200 contenuti"
    assert worded(tr_lazy_plural("{n:,} post", "{n:,} posts", 1)) == "1 contenuto"
    assert (
        worded(joined(posts, tr_lazy("{name} was deleted.", name=posts)))
        == "1.200 contenuti 1.200 contenuti è stata eliminata."
    )
    assert tr("{name} was deleted.", name="{curly}") == "{curly} è stata eliminata."


@pytest.mark.usefixtures("italian")
def test_what_is_missing_or_does_not_fit_is_english() -> None:
    assert tr("Nobody translated {what}.", what="this") == "Nobody translated this."
    assert tr("Broken {name}", name="Nina") == "Broken Nina"
    assert worded("A sentence of an earlier version.") == "A sentence of an earlier version."


@pytest.mark.usefixtures("italian")
def test_what_is_missing_is_logged_once() -> None:
    with structlog.testing.capture_logs() as logs:
        assert [tr("Nobody translated {n} of these.", n=n) for n in (1, 2)] == [
            f"Nobody translated {n} of these." for n in (1, 2)
        ]
    assert [(line["event"], line["language"], line["template"]) for line in logs] == [
        ("no translation", "it", "Nobody translated {n} of these.")
    ]


@pytest.mark.usefixtures("italian")
def test_a_time_in_a_sentence_is_written_as_its_reader_writes_it() -> None:
    sentence = tr_lazy("{name} was deleted.", name=Moment(datetime(2026, 11, 24, 18, 30)))
    read = messages.read(json.loads(json.dumps(stored(sentence))))
    assert read == sentence == "Tue 24 Nov, 18:30 was deleted."
    assert worded(read) == "mar 24 nov, 18:30 è stata eliminata."
    with reading(Reader("en", date_style="mdy", hours=12)):
        assert worded(read).replace("\u202f", " ") == "Tue, Nov 24, 6:30 PM was deleted."
    day = messages.read(json.loads(json.dumps(stored(Moment(date(2026, 3, 1), "date")))))
    assert (day, worded(day)) == ("1 Mar 2026", "1 mar 2026")


def test_notes_of_earlier_versions_are_their_english_text() -> None:
    note = json.loads(json.dumps(messages.coded("cut", tr_lazy("{name} was deleted.", name="Nina"))))
    assert (note["sentence"], messages.read_coded(note)) == ("Nina was deleted.", "Nina was deleted.")
    assert isinstance(messages.read_coded(note), Message)
    assert messages.read_coded({"code": "cut", "sentence": "Was cut."}) == "Was cut."


@pytest.mark.usefixtures("italian")
def test_a_stored_message_is_worded_for_later_readers() -> None:
    sentence = joined(tr_lazy("{name} was deleted.", name="Nina"), tr_lazy_plural("{n:,} post", "{n:,} posts", 2))
    read = messages.read(json.loads(json.dumps(stored(sentence))))
    assert (read, worded(read)) == (sentence, "Nina è stata eliminata. 2 contenuti")
    assert worded(pickle.loads(pickle.dumps(sentence))) == worded(sentence)
    changed = {"text": "Nina left.", "id": "{person} left.", "values": {"name": "Nina"}}
    assert messages.read(changed) == "Nina left."
    assert not isinstance(messages.read({"text": "Plain."}), Message)


class _Named(Draft):
    name: str

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        raise ValueError(tr_lazy("{name} was deleted.", name=name))


@pytest.mark.usefixtures("italian")
def test_what_a_form_refuses_keeps_its_parts() -> None:
    with pytest.raises(Invalid) as refused:
        _Named(name="Nina")
    assert (refused.value.message, worded(refused.value.message)) == ("Nina was deleted.", "Nina è stata eliminata.")
    assert [worded(text) for _, text in refused.value.data["complaints"]] == ["Nina è stata eliminata."]


@given(st.recursive(st.text(), lambda inner: st.lists(inner, min_size=1, max_size=3)))
def test_whatever_was_joined_comes_back_from_storage(tree: str | list[object]) -> None:
    def built(node: object) -> str:
        return tr_lazy("{text}", text=node) if isinstance(node, str) else joined(*(built(child) for child in node))  # type: ignore[attr-defined]

    message = built(tree)
    assert messages.read(json.loads(json.dumps(stored(message)))) == message
