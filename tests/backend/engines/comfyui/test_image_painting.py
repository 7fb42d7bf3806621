"""The ComfyUI engine changes a part of a picture as every engine must; the version of the server makes no difference to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backend.engines.comfyui.test_image_engine import REAL, Place, engine, image_request, model, new_engine, placed  # noqa: F401
from tests.backend.engines.ports.painting_contract import *  # noqa: F403
from tests.servers.comfyui.server import NEW

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module", params=[NEW, *(["real"] if REAL else [])])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from placed(request.param, tmp_path_factory)
