"""Models that think aloud put their thoughts in front of the answer (R1, Qwen and Magistral on Ollama, vLLM, LM Studio …)."""

from __future__ import annotations

import re

_NAMES = r"(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)"
_OPENS = re.compile(rf"\s*(?:<{_NAMES}>|\[{_NAMES}\]|◁{_NAMES}▷)", re.IGNORECASE)
_CLOSES = re.compile(rf"(?:</{_NAMES}>|\[/{_NAMES}\]|◁/{_NAMES}▷)", re.IGNORECASE)
_BEGINS = re.compile(r"\s*(?:[<\[◁][a-z]{0,10})?", re.IGNORECASE)
"""What may still become a mark that opens."""
_LEFT_OPEN = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FINAL = re.compile(r"<\|channel\|>final[^<]*<\|message\|>(.*?)(?:<\|(?:end|return|start)\|>|\Z)", re.DOTALL)


def without_thinking(text: str) -> str:
    """What follows the thoughts; "" when they were never closed. Also when the mark that opens them stood in the prompt."""
    if final := _FINAL.search(text):  # gpt-oss, its channels unread by the server
        return final.group(1)
    while opened := _OPENS.match(text):
        closed = _CLOSES.search(text, opened.end())
        text = text[closed.end() :].lstrip() if closed else ""
    if closed := _LEFT_OPEN.search(text):
        text = text[closed.end() :].lstrip()
    return text


class Aloud:
    """The same for an answer that is heard as it comes: what may be thoughts waits until it is known."""

    def __init__(self) -> None:
        self._waiting, self._begun, self._thought = "", False, False

    def hear(self, words: str) -> str:
        if self._begun:
            return words
        self._waiting += words
        while opened := _OPENS.match(self._waiting):
            if not (closed := _CLOSES.search(self._waiting, opened.end())):
                return ""
            self._waiting, self._thought = self._waiting[closed.end() :], True
        if _BEGINS.fullmatch(self._waiting):
            return ""
        self._begun = True
        return self._waiting.lstrip() if self._thought else self._waiting
