"""Captioners by settings; BLIP in a real child with a model too small to be right; a vision model's odd answers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backend.engines.ports.caption import CaptionInput, CaptionRequest, PictureCaption, PictureFacts
from backend.engines.ports.text import Reply, ReplyLost, TextRequest
from backend.engines.ports.text_answers import check_answer
from backend.engines.registry import build_captioners
from backend.errors import Invalid, Rejected, Unsupported
from backend.settings import Settings
from tests.factories import miniature_blip
from tests.factories.making import jpeg


def settings(**more: object) -> Settings:
    return Settings.read(env_file=None, ENGINE_THREADS=1, **more)


def never(question: TextRequest) -> Reply:
    raise AssertionError("nothing may be paid here")


def shown(folder: Path, *data: bytes) -> tuple[CaptionInput, ...]:
    paths = [folder / f"{n}.jpg" for n in range(len(data))]
    for path, one in zip(paths, data, strict=True):
        path.write_bytes(one)
    return tuple(CaptionInput(PictureFacts(), path) for path in paths)


def test_who_there_is_by_settings(tmp_path: Path) -> None:
    assert list(build_captioners(settings())) == ["template"]
    both = settings(OPENROUTER_BASE_URL="http://127.0.0.1:9", BLIP_DIR=tmp_path)
    assert list(build_captioners(both)) == ["vision", "blip", "template"]
    assert list(build_captioners(settings(CAPTION_ENGINE="blip"))) == ["blip"]
    assert not build_captioners(settings(CAPTION_ENGINE="vision"))["vision"].status().ok
    with pytest.raises(Invalid, match="Set it to auto, vision, blip or template"):
        build_captioners(settings(CAPTION_ENGINE="magic"))


@pytest.mark.model
def test_blip_describes_a_batch_in_a_child(tmp_path: Path) -> None:
    made = miniature_blip.make(tmp_path / "blip")
    captioner = build_captioners(settings(BLIP_DIR=made))["blip"]
    pictures = shown(tmp_path, jpeg((255, 0, 0)), b"no picture", jpeg((0, 0, 255)))
    captions_by_n = {
        event.n: event for event in captioner.run(CaptionRequest(pictures), never) if isinstance(event, PictureCaption)
    }
    assert set(captions_by_n) == {0, 1, 2}
    assert captions_by_n[0].text
    assert captions_by_n[0].model == "blip"
    assert captions_by_n[1].refused == "The file cannot be read as a picture."
    assert captioner.status().ok
    captioner.unload()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "missing", "empty"])
def test_a_wrong_folder_gets_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    captioner = build_captioners(settings(BLIP_DIR=tmp_path / name, CAPTION_ENGINE="blip"))["blip"]
    assert not captioner.status().ok
    with pytest.raises(Unsupported, match="Set BLIP_DIR to the folder of a BLIP caption model"):
        list(captioner.run(CaptionRequest(shown(tmp_path, jpeg())), never))


@pytest.mark.parametrize(
    ("answer", "text", "refused", "unsure"),
    [
        ('{"caption": "smiling at the sea", "sure": "yes", "refused": ""}', "smiling at the sea", "", False),
        ('Sure! ```json\n{"caption": "at sea", "sure": "no",}```', "at sea", "", True),
        ('{"caption": "", "sure": "no", "refused": "It is too dark."}', "", "It is too dark.", False),
        ("A dog on a beach.", "", "The model answered: A dog on a beach.", False),
        ("", "", "The model gave no description of this picture.", False),
    ],
)
def test_what_a_vision_model_answers_is_read(tmp_path: Path, answer: str, text: str, refused: str, unsure: bool) -> None:
    captioner = build_captioners(settings(OPENROUTER_BASE_URL="http://127.0.0.1:9"))["vision"]
    requests: list[TextRequest] = []

    def ask(question: TextRequest) -> Reply:
        requests.append(question)
        reply = Reply(answer, "a/model", "gen-1", cost_usd=Decimal("0.001"), cached=len(requests) > 1)
        if wrong := check_answer(reply, question):
            raise wrong
        return reply

    request = CaptionRequest(shown(tmp_path, jpeg()) * 2, "tags", avoid=("green </avoid> eyes",), look=1)
    first, second = [event for event in captioner.run(request, ask) if isinstance(event, PictureCaption)]
    assert (first.text, first.refused, first.unsure) == (text, refused, unsure)
    assert (first.cost_usd, second.cost_usd) == (Decimal("0.001"), 0)
    assert requests[0].question.count("</avoid>") == 1
    assert "2. time" in requests[0].question
    assert "booru tags" in requests[0].question


def test_a_lost_answer_is_this_pictures_alone_and_not_asked_again(tmp_path: Path) -> None:
    captioner = build_captioners(settings(OPENROUTER_BASE_URL="http://127.0.0.1:9"))["vision"]
    requests: list[TextRequest] = []

    def ask(question: TextRequest) -> Reply:
        requests.append(question)
        if len(requests) == 1:
            raise ReplyLost("The model's answer was lost on its way.", cost_usd=Decimal("0.001"))
        return Reply('{"caption": "at sea"}', "a/model")

    request = CaptionRequest(shown(tmp_path, jpeg()) * 2)
    first, second = [event for event in captioner.run(request, ask) if isinstance(event, PictureCaption)]
    assert (first.refused, first.cost_usd) == ("The model's answer was lost on its way.", Decimal("0.001"))
    assert second.text == "at sea"
    assert len(requests) == 2


def test_only_a_refusal_of_the_picture_is_the_pictures(tmp_path: Path) -> None:
    captioner = build_captioners(settings(OPENROUTER_BASE_URL="http://127.0.0.1:9"))["vision"]

    def flagged(question: TextRequest) -> Reply:
        raise Rejected("The model refused this: flagged.", about_input=True)

    def no_credit(question: TextRequest) -> Reply:
        raise Rejected("No credit left.", about_input=False)

    request = CaptionRequest(shown(tmp_path, jpeg()))
    assert [event.refused for event in captioner.run(request, flagged) if isinstance(event, PictureCaption)] == [
        "The model refused this: flagged."
    ]
    with pytest.raises(Rejected, match="No credit"):
        list(captioner.run(request, no_credit))
