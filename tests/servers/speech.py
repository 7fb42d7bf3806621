"""A server that speaks as OpenAI (`/v1/audio/speech`) and ElevenLabs (`/with-timestamps`, `/v1/voices`, `/v1/history`) do, with
faults."""

from __future__ import annotations

import base64
import io
import time
import wave
from collections import deque
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.servers.in_thread import ThreadedServer

KEY = "sk-speech"
CHARACTER_S, RATE = 0.06, 24_000


def pcm(text: str) -> bytes:
    return b"\0\x10" * round(RATE * CHARACTER_S * len(text))


def wav(text: str, *, streamed: bool = False) -> bytes:
    """`streamed`: lengths that say nothing, as servers write them that do not know the end."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm(text))
    data = buffer.getvalue()
    return data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:] if streamed else data


class SpeechServer(ThreadedServer):
    """`faults`: what goes wrong with the next requests, one each; `spoken`: the bodies that were answered with sound, or whose
    answer was lost; `history`: as /v1/history lists it, newest first; `history_faults`: as `faults`, for the history."""

    def __init__(self) -> None:
        super().__init__("speech")
        self.faults: deque[str] = deque()
        self.spoken: list[dict[str, Any]] = []
        self.asked = 0
        self.cloned: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.history_faults: deque[str] = deque()

    def __enter__(self) -> SpeechServer:
        routes = [
            Route("/v1/audio/speech", self._openai, methods=["POST"]),
            Route("/v1/text-to-speech/{voice}/with-timestamps", self._elevenlabs, methods=["POST"]),
            Route("/v1/history", self._history),
            Route("/v1/history/download", self._download, methods=["POST"]),
            Route("/v1/voices", self._voices),
            Route("/v1/voices/add", self._add_voice, methods=["POST"]),
            Route("/v1/voices/{voice}", self._delete_voice, methods=["DELETE"]),
        ]
        self.start(Starlette(routes=routes))
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    async def _openai(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _openai_error(401, "Incorrect API key provided.", "invalid_api_key")
        body = await request.json()
        self.asked += 1
        match self.faults.popleft() if self.faults else "":
            case "busy":
                error = _openai_error(429, "Rate limit reached.", "rate_limit_exceeded")
                error.headers["retry-after"] = "7"
                return error
            case "quota":
                return _openai_error(429, "You exceeded your current quota.", "insufficient_quota")
            case "down":
                return Response("upstream", 503)
            case "gateway":
                return Response("timeout", 504)
            case "cut":
                data = wav(body["input"])
                return StreamingResponse(_broken(data[: len(data) // 2]), headers={"content-length": str(len(data))})
            case "html":
                return Response("<html>sign in</html>", media_type="text/html")
        if len(body["input"]) > 4096:
            return _openai_error(400, "String too long. Expected at most 4096.", "string_above_max_length")
        if body["voice"] not in ("alloy", "nova"):
            return _openai_error(400, f"Invalid voice: {body['voice']}", "invalid_value")
        self.spoken.append(body)
        return Response(wav(body["input"], streamed=True), media_type="audio/wav")

    async def _elevenlabs(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        body = await request.json()
        self.asked += 1
        fault = self.faults.popleft() if self.faults else ""
        if fault == "quota":
            return _elevenlabs_error(401, "quota_exceeded", "This request exceeds your quota.")
        if fault == "busy":
            return _elevenlabs_error(429, "too_many_concurrent_requests", "Too many concurrent requests.")
        if fault == "invalid":
            return JSONResponse({"detail": [{"loc": ["body", "text"], "msg": "field required", "type": "missing"}]}, 422)
        assert request.query_params["output_format"] == f"pcm_{RATE}"
        self.spoken.append(body)
        text = body["text"]
        alignment = {
            "characters": list(text if fault != "other times" else text[::-1]),
            "character_start_times_seconds": [n * CHARACTER_S for n in range(len(text))],
            "character_end_times_seconds": [(n + 1) * CHARACTER_S for n in range(len(text))],
        }
        self._log(request.path_params["voice"], body, alignment)
        if fault == "lost":
            return Response("timeout", 504)
        sound = base64.b64encode(pcm(text)).decode() if fault != "no sound" else "%%%"
        return JSONResponse({"audio_base64": sound, "alignment": alignment, "normalized_alignment": alignment})

    def _log(self, voice: str, body: dict[str, Any], alignment: dict[str, Any]) -> None:
        entry = {
            "history_item_id": f"h{len(self.history)}",
            "voice_id": voice,
            "model_id": body["model_id"],
            "text": body["text"],
            "date_unix": int(time.time()),
            "state": "created",
            "source": "TTS",
            "settings": {"stability": 0.5, **body["voice_settings"]},
            "content_type": "audio/mpeg",
            "alignments": {"alignment": alignment, "normalized_alignment": alignment},
        }
        self.history.insert(0, entry)

    async def _history(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        query = request.query_params
        assert (query["source"], query["sort_direction"]) == ("TTS", "desc")
        fault = self.history_faults.popleft() if self.history_faults and self.history_faults[0] != "download down" else ""
        if fault == "down":
            return Response("upstream", 503)
        if fault == "html":
            return Response("<html>sign in</html>", media_type="text/html")
        entries = [
            {**entry, "state": "processing" if fault == "processing" else entry["state"]}
            for entry in self.history
            if entry["voice_id"] == query["voice_id"]
            and entry["model_id"] == query["model_id"]
            and entry["date_unix"] >= int(query["date_after_unix"])
            and fault != "late"
        ]
        ids = [entry["history_item_id"] for entry in entries]
        begin = ids.index(query["start_after_history_item_id"]) + 1 if "start_after_history_item_id" in query else 0
        end = begin + (1 if fault == "short page" else int(query["page_size"]))
        last_id = ids[begin:end][-1] if ids[begin:end] else None
        return JSONResponse({"history": entries[begin:end], "last_history_item_id": last_id, "has_more": end < len(ids)})

    async def _download(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        body = await request.json()
        [item_id] = body["history_item_ids"]
        assert body["output_format"] == "wav"
        if self.history_faults and self.history_faults[0] == "download down":
            self.history_faults.popleft()
            return Response("upstream", 503)
        texts = [entry["text"] for entry in self.history if entry["history_item_id"] == item_id]
        if not texts:
            return _elevenlabs_error(400, "history_item_not_found", "A history item with this ID does not exist.")
        return Response(wav(texts[0]), media_type="audio/wav")

    async def _voices(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        rachel = {"voice_id": "r1", "name": "Rachel", "category": "premade", "labels": {"language": "en"}}
        boss = {"voice_id": "b1", "name": "The boss", "category": "cloned", "labels": {}}
        return JSONResponse({"voices": [rachel, boss, *self.cloned]})

    async def _add_voice(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        fault = self.faults.popleft() if self.faults else ""
        if fault == "voices full":
            return _elevenlabs_error(400, "voice_limit_reached", "You have reached your maximum amount of custom voices.")
        async with request.form() as form:
            samples = [await item.read() for item in form.getlist("files") if not isinstance(item, str)]
            if not samples or any(sample[:4] != b"RIFF" for sample in samples):
                return JSONResponse({"detail": [{"loc": ["body", "files"], "msg": "field required", "type": "missing"}]}, 422)
            voice = {"voice_id": f"c{len(self.cloned)}", "name": form["name"], "category": "cloned", "labels": {}}
            self.cloned.append({**voice, "description": form.get("description")})
        if fault == "gateway":
            return Response("timeout", 504)
        return JSONResponse({"voice_id": voice["voice_id"], "requires_verification": fault == "verification"})

    async def _delete_voice(self, request: Request) -> Response:
        if request.headers.get("xi-api-key") != KEY:
            return _elevenlabs_error(401, "invalid_api_key", "Invalid API key")
        if self.faults and self.faults[0] == "down":
            self.faults.popleft()
            return Response("upstream", 503)
        left = [voice for voice in self.cloned if voice["voice_id"] != request.path_params["voice"]]
        if len(left) == len(self.cloned):
            return _elevenlabs_error(400, "voice_does_not_exist", "A voice with this ID does not exist.")
        self.cloned = left
        return JSONResponse({"status": "ok"})


async def _broken(data: bytes) -> Any:
    yield data
    raise ConnectionResetError("the server died")


def _openai_error(status: int, message: str, code: str) -> JSONResponse:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status)


def _elevenlabs_error(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"detail": {"status": code, "message": message}}, status)
