"""What ElevenLabs spoke before: GET /v1/history, POST /v1/history/download. Reading it costs nothing.

Of an entry: `history_item_id, voice_id, model_id, text, date_unix, state (created, deleted, processing), settings, alignments`
(SpeechHistoryItemResponseModel of their OpenAPI description). The history is the account's: only entries with the very words,
voice and speed are taken, which sound as what was asked for whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from backend.engines.ports import speech_http
from backend.engines.ports.events import Event
from backend.engines.ports.speech import SpeechRequest
from backend.errors import EngineError, EngineUnavailable
from backend.kit.background import wait_for
from backend.language import tr_lazy

_SLACK_S = 120
"""Their clock and ours differ by less."""
_PAGE, _MAX_PAGES = 100, 20
_AWAY = tr_lazy("ElevenLabs does not tell what it spoke. It is asked again, before anything is paid again.")
T = TypeVar("T")


class SpeechHistoryReader:
    def __init__(self, url: str, headers: dict[str, str], model: str) -> None:
        self._url, self._headers, self._model = url, headers, model

    def find(self, request: SpeechRequest, since: datetime) -> Generator[Event, None, dict[str, Any] | None]:
        """The newest entry of a request like this one, made at `since` or later; None where there is none. Raises
        EngineUnavailable (also while it is being spoken), RateLimited, Rejected, Unsupported."""
        return (yield from self._waited(lambda client: self._find(client, request, since)))

    def download(self, entry: dict[str, Any], out: Path) -> Generator[Event, None, None]:
        """Writes the sound of an entry as a WAV file. Raises as `find`."""
        body = {"history_item_ids": [entry["history_item_id"]], "output_format": "wav"}
        answer = yield from self._waited(lambda client: _checked(client.post(f"{self._url}/v1/history/download", json=body)))
        if answer.content[:4] != b"RIFF":
            raise EngineUnavailable(_AWAY)
        out.write_bytes(answer.content)

    def _waited(self, work: Callable[[httpx.Client], T]) -> Generator[Event, None, T]:
        client = httpx.Client(headers=self._headers, timeout=httpx.Timeout(30.0, connect=5.0))

        def checked() -> T:
            try:
                return work(client)
            except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise EngineUnavailable(_AWAY) from error

        try:
            return (yield from speech_http.alive(wait_for(checked, stop=client.close)))
        finally:
            client.close()

    def _find(self, client: httpx.Client, request: SpeechRequest, since: datetime) -> dict[str, Any] | None:
        params: dict[str, Any] = {"page_size": _PAGE, "source": "TTS", "voice_id": request.voice, "model_id": self._model}
        params |= {"date_after_unix": int(since.timestamp()) - _SLACK_S, "sort_direction": "desc"}
        for _ in range(_MAX_PAGES):
            page = _checked(client.get(f"{self._url}/v1/history", params=params)).json()
            for entry in page["history"]:
                if self._is_like(entry, request, params["date_after_unix"]):
                    if entry["state"] == "processing":
                        raise EngineUnavailable(tr_lazy("ElevenLabs is still speaking this. It is asked again."))
                    return dict(entry)
            if not page.get("has_more"):
                break
            params["start_after_history_item_id"] = page["last_history_item_id"]
        return None

    def _is_like(self, entry: dict[str, Any], request: SpeechRequest, after: int) -> bool:
        """Looked at here too: a server that knows a filter less returns more."""
        speed = (entry.get("settings") or {}).get("speed")
        return (
            entry["text"] == request.text
            and (entry["voice_id"], entry["model_id"]) == (request.voice, self._model)
            and entry["date_unix"] >= after
            and entry["state"] in ("created", "processing")
            and (speed is None or abs(float(speed) - request.speed) < 0.001)
        )


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 400:
        raise free_refusal(answer)
    return answer


def free_refusal(answer: httpx.Response) -> EngineError:
    """Of a request that costs nothing: a lost answer is asked for again."""
    if answer.status_code >= 500:
        return EngineUnavailable(tr_lazy("ElevenLabs failed. It is asked again."))
    return speech_http.refusal(answer)
