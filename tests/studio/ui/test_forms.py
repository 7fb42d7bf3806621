"""A second click belongs to the first for as long as the page was not drawn with its answer, and two seconds more."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunException, StopException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from studio.ui import forms as subject
from studio.ui.forms import renew_request_key, request_key, submit_once, track_run


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(subject, "time", clock)
    monkeypatch.setattr(subject, "st", SimpleNamespace(session_state={}))
    return clock


def submit(clock: Clock, *, draw_s: float = 0.1, ends: BaseException | None = None) -> str:
    """A run in which the form's button was pressed; the page above the form takes `draw_s`."""
    with suppress(RerunException, StopException), track_run():
        clock.now += draw_s
        key = request_key("form")
        renew_request_key("form")
        if ends:
            raise ends
    return key


def test_a_second_click_is_the_first_ones_however_long_the_page_takes(clock: Clock) -> None:
    rerun = RerunException(RerunData())
    first = submit(clock, ends=rerun)
    with suppress(RerunException), track_run():  # the rerun that shows the answer; broken off by the second click
        clock.now += 5
        raise rerun
    assert submit(clock, draw_s=4) == first


def test_the_next_wish_has_a_key_of_its_own(clock: Clock) -> None:
    first = submit(clock)
    clock.now += 1.9
    assert submit(clock, draw_s=8) == first  # a double click: the run began in time
    clock.now += 2.1
    assert submit(clock) != first


@pytest.mark.parametrize("end", [StopException(), None])
def test_a_page_that_stops_itself_is_drawn(clock: Clock, end: Any) -> None:
    first = submit(clock, ends=end)
    clock.now += 3
    assert submit(clock) != first


def test_a_page_that_never_ends_does_not_keep_a_key_for_good(clock: Clock) -> None:
    first = submit(clock, ends=RerunException(RerunData()))
    clock.now += subject.MAX_REUSE_S + 1
    assert submit(clock) != first


def test_a_fragment_counts_from_the_click(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "get_script_run_ctx", lambda **_: SimpleNamespace(fragment_ids_this_run=["one"]))
    first = request_key("form")
    renew_request_key("form")
    clock.now += 1
    assert request_key("form") == first
    clock.now += 1.5
    assert request_key("form") != first


class WaitingClick(dict[str, Any]):
    """Session state that breaks the run off when it is read after a commit, as Streamlit's does while a click waits."""

    committed = False

    def __getitem__(self, name: str) -> Any:
        self._break_off()
        return super().__getitem__(name)

    def setdefault(self, name: str, default: Any = None) -> Any:
        self._break_off()
        return super().setdefault(name, default)

    def _break_off(self) -> None:
        if self.committed:
            raise RerunException(RerunData())


def test_a_verb_without_a_request_key_runs_once_even_if_the_second_click_waits_at_its_commit(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, made = WaitingClick(), list[str]()
    monkeypatch.setattr(subject, "st", SimpleNamespace(session_state=state))

    def make() -> str:
        made.append(f"key {len(made) + 1}")
        state.committed = True
        return made[-1]

    def click(name: str) -> str:
        state.committed = False
        return submit_once("key:new", name, make)

    assert [click("n8n"), click("n8n")] == ["key 1", "key 1"]
    assert click("office") == "key 2", "another name is another request"
    clock.now += subject.MAX_REUSE_S + 1
    assert click("office") == "key 3"
    state.committed = False
    with track_run():
        clock.now += subject.MAX_REUSE_S + 1
    assert "key 3" not in repr(state), "a secret is not kept once nobody can press it twice"


def test_a_key_counts_as_used_even_if_another_click_waits_at_its_commit(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    state = WaitingClick()
    monkeypatch.setattr(subject, "st", SimpleNamespace(session_state=state))
    first = request_key("form")
    state.committed = True
    renew_request_key("form")
    state.committed = False
    clock.now += subject.MAX_REUSE_S + 1
    assert request_key("form") != first, "the next request would be answered with the first one's"


def test_what_was_refused_is_done_at_the_next_click(clock: Clock) -> None:
    def refuse() -> str:
        raise ValueError

    with pytest.raises(ValueError):
        submit_once("form", "", refuse)
    assert submit_once("form", "", lambda: "made") == "made"
