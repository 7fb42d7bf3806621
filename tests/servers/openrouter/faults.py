"""Faults that can be switched on. Set the attributes at any time, from any thread. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Faults:
    """Everything off: a healthy, quick server."""

    answer_s: float = 0.0
    """Before the first word of an answer."""
    piece_s: float = 0.0
    """Between the pieces of a streamed answer, which are then many."""
    refuse: list[tuple[int, str | None]] = field(default_factory=list)
    """Next answers: (status, Retry-After or None), before anything is made (openrouter.md, 6)."""
    new_shape: bool = False
    """Errors as error.http_status / error_type / availability instead of error.code (openrouter.md, 6)."""
    in_flight_402: bool = False
    """A 402 of metadata.limit_source openrouter_in_flight_budget (openrouter.md, 6)."""
    times: dict[str, int] = field(default_factory=dict)
    """What happens to how many of the next answers:

    error_in_200       200 with a top-level error (openrouter.md, 4); `error_in_choice`: the same in choices[0]
    error_mid_stream   after two chunks a 200 chunk with error and finish_reason "error", billed (openrouter.md, 5)
    cut_mid_stream     the connection ends after two chunks; the whole answer is billed
    no_json            200 with a body cut off in the middle of its JSON; billed
    bad_answer         a JSON answer that does not fit its schema (openrouter.md, 3)
    fenced             a JSON answer inside a Markdown fence, with a trailing comma
    image_refused      400 with error_type content_policy_violation for a question with a picture; not billed (openrouter.md, 6)
    image_declined     200 with message.refusal and no content; billed (openrouter.md, 4)
    fall_back          the first of `models` is down: the second answers and is billed (openrouter.md, 1)
    """
    odd: list[str] = field(default_factory=list)
    """Names of odd.MODES: how the next questions that get so far are answered."""
    says: list[str] = field(default_factory=list)
    """What the next answers are, word for word, whatever was asked."""
    no_stream: bool = False
    """A server that answers whole although it was asked to stream."""
    no_cost: bool = False
    """usage without cost: an OpenAI-compatible server of one's own."""
    no_prices: bool = False
    """/models without pricing: the same."""

    def take(self, name: str) -> bool:
        remaining = self.times.get(name, 0)
        self.times[name] = max(0, remaining - 1)
        return remaining > 0
