"""Turns errors into HTTP answers: `{statusCode, message, error}`, where the message is always a sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic.alias_generators import to_camel
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from backend.api.error_catalogue import OF_HTTP
from backend.errors import StudioError
from backend.language import tr, tr_lazy, worded

log = structlog.get_logger(__name__)
STATUS_MESSAGES = {
    404: tr_lazy("There is nothing at this address."),
    405: tr_lazy("This address does not take that method."),
}


def install_handlers(api: FastAPI) -> None:
    api.add_exception_handler(StudioError, _on_studio_error)
    api.add_exception_handler(RequestValidationError, _on_validation_error)
    api.add_exception_handler(HTTPException, _on_http_error)
    api.add_exception_handler(DataError, _on_data_error)
    api.add_exception_handler(psycopg.DataError, _on_data_error)  # of statements that go past SQLAlchemy
    api.add_exception_handler(Exception, _on_unexpected_error)


def error_response(status: int, message: str, **extra: Any) -> JSONResponse:
    return JSONResponse({"statusCode": status, "message": message, "error": HTTPStatus(status).phrase, **extra}, status)


def _on_studio_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StudioError)
    return refusal_response(error)


def refusal_response(error: StudioError) -> JSONResponse:
    if error.status >= 500:
        log.warning("request failed", code=error.code, message=error.message, **{k: str(v) for k, v in error.data.items()})
    response = error_response(error.status, _message(error), code=error.code)
    if wait := error.data.get("retry_after"):
        response.headers["retry-after"] = str(int(-(-wait // 1)))
    response.headers.update(error.data.get("headers", {}))
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _message(error: StudioError) -> str:
    """Complaints about fields as `field: text; field: text`, with names as clients spell them."""
    complaints = [(field, worded(text)) for field, text in error.data.get("complaints", ())]
    texts = [f"{_api_name(field)}: {text}" if field else text for field, text in complaints]
    return "; ".join(texts) or worded(error.message)


def _api_name(field: str) -> str:
    return ".".join(to_camel(part) for part in field.split("."))


def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    complaints = [
        f"{'.'.join(str(part) for part in detail['loc'][1:]) or 'body'}: {detail['msg']}" for detail in error.errors()
    ]
    return error_response(400, "; ".join(complaints), code="invalid")


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = OF_HTTP.get(error.status_code, "refused")
    response = error_response(error.status_code, worded(STATUS_MESSAGES.get(error.status_code, str(error.detail))), code=code)
    response.headers.update(error.headers or {})
    return response


def _on_data_error(request: Request, error: Exception) -> JSONResponse:
    """A NUL character or a number out of range reached Postgres: the request's fault, whatever the field."""
    return error_response(400, tr("The request holds a character or number that cannot be stored."), code="invalid")


def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed unexpectedly", exc_info=error)
    return unexpected_response()


def unexpected_response() -> JSONResponse:
    message = tr("Something went wrong on our side. It was written to the log; try again.")
    return error_response(500, message, code="internal")
