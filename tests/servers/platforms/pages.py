"""The pages a person sees: consent with two buttons, and the feed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from tests.servers.platforms.web import Post

_ONE_TIME = re.compile(r"^    ([a-z]\w+)  +(\S.*)$", re.MULTILINE)
_HEAD = """<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<style>:root{color-scheme:light dark;font:16px/1.5 system-ui}body{max-width:26rem;margin:2rem auto;padding:0 1rem}
article{border:1px solid #8884;border-radius:12px;padding:1rem;margin:1rem 0}img,video{width:100%;border-radius:8px}
.ai{background:#8883;border-radius:99px;padding:.1rem .6rem;font-size:.8rem}button{font:inherit;padding:.6rem 1.2rem}
pre{white-space:pre-wrap;font:inherit}</style>"""


def consent(name: str, scopes: str) -> str:
    scope_items = "".join(f"<li>{escape(part)}</li>" for part in scopes.replace(",", " ").split())
    return f"""{_HEAD}<title>Allow access</title>
<h1>{escape(name.title())} (test server)</h1><p>An app wants to act for your account:</p><ul>{scope_items}</ul>
<form method=post><label>Account <input name=account value=bella></label>
<p><button name=answer value=allow>Allow</button> <button name=answer value=deny>Deny</button></p></form>"""


def feed(name: str, posts: Sequence[Post], names: Mapping[str, str]) -> str:
    articles = "".join(_post(post, names) for post in reversed(posts)) or "<p>Nothing has been published here yet.</p>"
    return f"""{_HEAD}<title>{escape(name)}</title>
<h1>{escape(name.title())} (test server)</h1><p>{len(posts)} posts</p>{articles}"""


def switches(name: str, faults: Any) -> str:
    """One number for each fault that its docstring names, and its plain settings."""
    words = dict(_ONE_TIME.findall(inspect.getsource(type(faults))))
    rows = [
        f"<p><label><input type=number min=0 style='width:4rem' name='times.{name_}' value='{faults.times.get(name_, 0)}'> "
        f"next: {escape(name_)} <small>{escape(label)}</small></label></p>"
        for name_, label in words.items()
    ]
    for field in fields(faults):
        value = getattr(faults, field.name)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            rows.append(
                f"<p><label>{field.name} <input name='{field.name}' value='{escape(str(value), quote=True)}'></label></p>"
            )
        elif isinstance(value, bool):
            rows.append(f"<p><label>{field.name} <input name='{field.name}' value='{int(value)}'> 0 or 1</label></p>")
    return f"""{_HEAD}<title>{escape(name)} switches</title><h1>{escape(name.title())}: switches</h1><p><a href="/">Feed</a></p>
<form method=post>{"".join(rows)}<p><label>Put the clock forward by <input name=forward placeholder=seconds></label></p>
<p><label><input type=checkbox name=expire value=1> expire all tokens</label></p><button>Save</button></form>"""


def set_faults(faults: Any, form: Mapping[str, str]) -> None:
    for name, value in form.items():
        if name.startswith("times.") and value.isdecimal():
            faults.times[name.removeprefix("times.")] = int(value)
        elif any(field_.name == name for field_ in fields(faults)):
            kind = type(getattr(faults, name))
            with suppress(ValueError):
                setattr(faults, name, bool(int(value)) if kind is bool else kind(value))


def _post(post: Post, names: Mapping[str, str]) -> str:
    files = "".join(
        f'<img src="/feed/{post.id}/{n}" alt="">'
        if mime.startswith("image/")
        else f'<video controls src="/feed/{post.id}/{n}"></video>'
        for n, (mime, _) in enumerate(post.media)
    )
    label = '<span class="ai">AI info</span>' if post.ai else ""
    comments = "".join(f"<p>💬 {escape(text)}</p>" for _, text in post.comments)
    head = f"<b>{escape(names.get(post.account, post.account))}</b> · {escape(post.format)} · {escape(post.privacy)} {label}"
    title = f"<h2>{escape(post.title)}</h2>" if post.title else ""
    return f"<article><p>{head}</p>{files}{title}<pre>{escape(post.caption)}</pre>{comments}<small>{post.id}</small></article>"


def with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
