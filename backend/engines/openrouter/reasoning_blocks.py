"""Removes reasoning blocks that some models put before the answer (R1, Qwen and Magistral on Ollama, vLLM, LM Studio …)."""

from __future__ import annotations

import re

_NAMES = r"(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)"
_OPENS = re.compile(rf"\s*(?:<{_NAMES}>|\[{_NAMES}\]|◁{_NAMES}▷)", re.IGNORECASE)
_CLOSES = re.compile(rf"(?:</{_NAMES}>|\[/{_NAMES}\]|◁/{_NAMES}▷)", re.IGNORECASE)
_BEGINS = re.compile(r"\s*(?:[<\[◁][a-z]{0,10})?", re.IGNORECASE)
"""A prefix of what may become an opening tag."""
_LEFT_OPEN = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FINAL = re.compile(r"<\|channel\|>final[^<]*<\|message\|>(.*?)(?:<\|(?:end|return|start)\|>|\Z)", re.DOTALL)


def without_thinking(text: str) -> str:
    """The text after the reasoning block; "" if it was never closed. Its opening tag may be missing (part of the prompt)."""
    if final := _FINAL.search(text):  # gpt-oss, its channels unread by the server
        return final.group(1)
    while opened := _OPENS.match(text):
        closed = _CLOSES.search(text, opened.end())
        text = text[closed.end() :].lstrip() if closed else ""
    if closed := _LEFT_OPEN.search(text):
        text = text[closed.end() :].lstrip()
    return text


class ThinkingFilter:
    """`without_thinking` for a stream: text that may be reasoning is held back until that is known."""

    def __init__(self) -> None:
        self._buffer, self._answering, self._had_thoughts = "", False, False

    def feed(self, text: str) -> str:
        if self._answering:
            return text
        self._buffer += text
        while opened := _OPENS.match(self._buffer):
            if not (closed := _CLOSES.search(self._buffer, opened.end())):
                return ""
            self._buffer, self._had_thoughts = self._buffer[closed.end() :], True
        if _BEGINS.fullmatch(self._buffer):
            return ""
        self._answering = True
        return self._buffer.lstrip() if self._had_thoughts else self._buffer
