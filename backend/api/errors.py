"""The one place where errors become HTTP: `{statusCode, message, error}`, the message always a sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from backend.errors import StudioError

log = structlog.get_logger(__name__)
SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take that method."}


def install(api: FastAPI) -> None:
    api.add_exception_handler(StudioError, _ours)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _plain)
    api.add_exception_handler(DataError, _unstorable)
    api.add_exception_handler(Exception, _unexpected)


def answer(status: int, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": message, "error": HTTPStatus(status).phrase, **more}, status)


def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StudioError)
    if error.status >= 500:
        log.warning("request failed", code=error.code, message=error.message, **{k: str(v) for k, v in error.data.items()})
    response = answer(error.status, error.message, code=error.code)
    if wait := error.data.get("retry_after"):
        response.headers["retry-after"] = str(int(-(-wait // 1)))
    return response


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    complaints = [f"{'.'.join(str(part) for part in item['loc'][1:]) or 'body'}: {item['msg']}" for item in error.errors()]
    return answer(400, "; ".join(complaints), code="invalid")


def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = answer(error.status_code, SENTENCES.get(error.status_code, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


def _unstorable(request: Request, error: Exception) -> JSONResponse:
    """A NUL character or a number out of range reached Postgres: the request's fault, whatever the field."""
    return answer(400, "The request holds a character or number that cannot be stored.", code="invalid")


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed unexpectedly", exc_info=error)
    return answer(500, "Something went wrong on our side. It was written to the log; try again.")
