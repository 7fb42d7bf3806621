"""The access guard before Streamlit's routes: host names, origins, uploads, pages of anonymous visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from backend.app import App
from backend.settings import Settings
from studio.shell import guard
from studio.shell.headers import SecurityHeaders
from tests.factories.account import Tenant

ORIGIN = "http://localhost:8501"
Open = Callable[..., TestClient]


class Pages:
    """A fake of Streamlit's runtime, as far as uploads need it: page -> token of the session that opened it."""

    def __init__(self) -> None:
        self.opened: dict[str, str] = {}
        self.uploaded_file_mgr = MemoryUploadedFileManager("/_stcore/upload_file")

    def get_client(self, page: str) -> Any:
        if page not in self.opened:
            return None
        return SimpleNamespace(client_context=SimpleNamespace(cookies={"studio_sid": self.opened[page]}))


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    pages_ = Pages()
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: pages_)
    config.get_config_options()
    return pages_


@pytest.fixture
def open_studio(app: App, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """`open_studio(person)` -> a browser at the guarded routes; keywords: settings."""

    async def take(request: Request) -> Response:
        page, file = request.path_params["page"], request.path_params["file"]
        if request.method == "PUT":
            data = await request.body()
            pages.uploaded_file_mgr.add_file(page, UploadedFileRec(file_id=file, name=file, type="text/plain", data=data))
        return Response(status_code=204)

    async def page(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            try:
                await socket.receive_bytes()
                await socket.send_text("heard")
            except WebSocketDisconnect:
                return

    routes = [
        Route("/_stcore/upload_file/{page}/{file}", take, methods=["PUT", "DELETE", "OPTIONS"]),
        WebSocketRoute("/_stcore/stream", page),
        *(Route(path, lambda request: PlainTextResponse("hello")) for path in ("/", "/health", "/metrics", "/_stcore/metrics")),
    ]
    with ExitStack() as stack:

        def make(person: Any = None, client: tuple[str, int] = ("203.0.113.9", 1), **settings: Any) -> TestClient:
            own_settings = Settings.model_validate(settings)
            monkeypatch.setattr(Settings, "read", lambda: own_settings)
            layers = [Middleware(SecurityHeaders), Middleware(guard.AccessGuard, get_app=lambda: app)]
            cookies = {"studio_sid": person.token} if person else {}
            browser = TestClient(
                Starlette(routes=routes, middleware=layers),
                base_url=ORIGIN,
                cookies=cookies,
                headers={"origin": ORIGIN, "host": "localhost:8501"},
                client=client,
            )
            return stack.enter_context(browser)

        yield make


def test_files_are_taken_only_from_the_sign_in_that_opened_the_page(open_studio: Open, pages: Pages, workspace: Tenant) -> None:
    pages.opened = {"hers": workspace.editor.token, "theirs": workspace.viewer.token, "strangers": ""}
    for page in pages.opened:
        assert open_studio().put(f"/_stcore/upload_file/{page}/a", content=b"x").status_code == 401, page
    her = open_studio(workspace.editor)
    assert her.put("/_stcore/upload_file/hers/a", content=b"x").status_code == 204
    for page in ("theirs", "strangers", "gone"):
        for method in ("PUT", "DELETE"):
            assert her.request(method, f"/_stcore/upload_file/{page}/a", content=b"x").status_code == 404, (method, page)
    elsewhere = {"origin": "http://localhost:9"}
    assert her.put("/_stcore/upload_file/hers/b", content=b"x", headers=elsewhere).status_code == 403
    assert list(pages.uploaded_file_mgr.file_storage) == ["hers"]


def test_the_files_of_one_person_stay_few_and_small(
    open_studio: Open, pages: Pages, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_FILES_PER_PAGE", 3)
    monkeypatch.setattr(guard, "MAX_BYTES_PER_USER", 1000)
    pages.opened = dict.fromkeys(("one", "two", "three"), workspace.editor.token)
    her = open_studio(workspace.editor)

    def put(path: str, size: int) -> int:
        return int(her.put(f"/_stcore/upload_file/{path}", content=b"x" * size).status_code)

    assert [put(f"one/{n}", 100) for n in range(4)] == [204, 204, 204, 413]
    assert [put("two/a", 650), put("two/b", 100), put("three/a", 60)] == [204, 413, 413]
    pages.uploaded_file_mgr.remove_session_files("two")
    assert put("three/a", 600) == 204
    assert put("three/b", 3 << 20) == 413
    unknown_length = her.put("/_stcore/upload_file/three/c", content=iter([b"x"]))
    assert unknown_length.status_code == 411


def test_strangers_have_few_pages_and_people_have_their_own(
    open_studio: Open, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_ANONYMOUS_PER_ADDRESS", 2)
    stranger = open_studio()
    with ExitStack() as open_pages:
        for _ in range(2):
            open_pages.enter_context(stranger.websocket_connect("/_stcore/stream"))
        with pytest.raises(WebSocketDisconnect), stranger.websocket_connect("/_stcore/stream"):
            pass
        stranger.cookies.set("studio_sid", workspace.viewer.token)
        with stranger.websocket_connect("/_stcore/stream"):
            pass
    stranger.cookies.clear()
    with stranger.websocket_connect("/_stcore/stream"):
        pass


def test_a_strangers_silent_page_is_closed_and_a_persons_is_not(
    open_studio: Open, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "ANONYMOUS_IDLE_S", 0.01)
    with open_studio().websocket_connect("/_stcore/stream") as page:
        assert page.receive() == {"type": "websocket.close", "code": 1001}
    with open_studio(workspace.viewer).websocket_connect("/_stcore/stream") as page:
        page.send_bytes(b"x")
        assert page.receive() == {"type": "websocket.send", "text": "heard"}


@pytest.mark.parametrize("origin", ["", "null", "http://localhost:9", "http://evil.example"])
def test_a_page_of_another_origin_gets_no_websocket(open_studio: Open, workspace: Tenant, origin: str) -> None:
    browser = open_studio(workspace.viewer)
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/_stcore/stream", headers={"origin": origin}):
        pass


def test_an_unknown_name_is_told_which_setting_makes_it_known(open_studio: Open) -> None:
    browser = open_studio()
    answer = browser.get("/", headers={"host": "nas.lan:8501"})
    assert answer.status_code == 400
    for words in ("PUBLIC_URL=http://nas.lan:8501", "ALLOWED_HOSTS=nas.lan"):
        assert words in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert browser.get("/api/session", headers={"host": "nas.lan"}).json()["code"] == "unknown_host"
    assert browser.get("/health", headers={"host": "whatever"}).status_code == 200
    assert open_studio(ALLOWED_HOSTS="nas.lan").get("/", headers={"host": "nas.lan:8501"}).status_code == 200
    assert browser.get("/", headers={"host": "192.168.1.7:8501"}).status_code == 200


def test_a_line_break_in_an_address_of_the_api_is_answered_by_the_api(open_studio: Open) -> None:
    answer = open_studio().get("/api/boards/a%0Ab")
    assert (answer.status_code, answer.json()["statusCode"]) == (404, 404)


def test_two_lengths_of_one_body_are_refused_and_the_connection_ends(open_studio: Open) -> None:
    answer = open_studio().post("/", content=b"0\r\n\r\n", headers={"transfer-encoding": "chunked", "content-length": "5"})
    assert (answer.status_code, answer.headers["connection"]) == (400, "close")


@pytest.mark.parametrize("path", ["/metrics", "/_stcore/metrics"])
def test_figures_are_for_this_machine_or_for_a_token(open_studio: Open, path: str) -> None:
    local_client: Any = ("127.0.0.1", 1)
    assert open_studio().get(path).status_code == 403
    assert open_studio(client=local_client).get(path).status_code == 200
    assert open_studio(client=local_client).get(path, headers={"x-forwarded-for": "127.0.0.1"}).status_code == 403
    assert open_studio(client=local_client, PUBLIC_URL="https://studio.example.org").get(path).status_code == 403
    guarded = open_studio(client=local_client, METRICS_TOKEN="let-me-read")
    assert guarded.get(path).status_code == 403
    assert guarded.get(path, headers={"authorization": "Bearer let-me-read"}).status_code == 200


def test_a_public_https_address_is_kept_to_https(open_studio: Open) -> None:
    assert "strict-transport-security" not in open_studio().get("/").headers
    public = open_studio(PUBLIC_URL="https://studio.example.org").get("/")
    assert public.headers["strict-transport-security"] == "max-age=31536000"
    assert "connect-src 'self' ws://localhost:8501 wss://localhost:8501 " in public.headers["content-security-policy"]
    assert "wss://studio.example.org" in public.headers["content-security-policy"]
