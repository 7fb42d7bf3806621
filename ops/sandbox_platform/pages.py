"""What people see: the feed on a phone-wide column, a profile, one post, the switches, consent. Plain HTML, dark and light."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ops.sandbox_platform.faults import ONE_TIME
from ops.sandbox_platform.store import DAY_S, Post, Store

_CSS = Path(__file__).with_name("style.css").read_text("utf-8")
_FACES = ("#b4436c", "#37718e", "#6a994e", "#8a5a44", "#5e548e", "#bc6c25", "#2a9d8f")
_TAG = re.compile(r"(?<![\w&])([#@]\w+)")


def feed(store: Store, name: str = "") -> str:
    """Everybody's posts, newest first, or one account's."""
    mine = [one for one in store.posts if not name or _name(store, one) == name]
    shown = [one for one in reversed(mine) if one.format != "story"]
    fresh = [one for one in reversed(mine) if one.format == "story" and store.now() - one.at < DAY_S]
    rings = "".join(
        f'<a href="/p/{one.id}" title="Story of {escape(_name(store, one))}">{_face(store, one)}</a>' for one in fresh
    )
    body = (f'<nav class=stories aria-label="Stories">{rings}</nav>' if rings else "") + "".join(
        _post(store, one) for one in shown
    )
    if not body:
        body = '<p class="empty dim">Nothing has been published here yet.<br>Posts of the studio appear here.</p>'
    return _page(f"@{name}" if name else "Sandbox", body, home=bool(name))


def single(store: Store, post: Post) -> str:
    return _page("Sandbox", _post(store, post), home=True)


def missing(why: str) -> str:
    return _page("Sandbox", f'<p class="empty dim">{escape(why)}</p>', home=True)


def switches(store: Store, *, said: str = "") -> str:
    faults = store.faults
    ones = "".join(
        f'<label>{escape(words)}<input type=number name={name} min=0 max=1000 value="{faults.times.get(name, 0)}"></label>'
        for name, words in ONE_TIME.items()
    )
    checked = " checked" if faults.banned else ""
    note = f"<p class=note role=status>{escape(said)}</p>" if said else ""
    return _page(
        "Switches",
        f"""{note}<p class=dim>Make this platform go wrong, to see what the studio does.
Numbers: how many of the next times.</p>
<form method=post><label>Seconds until files are ready<input type=number name=processing_s min=0 max=3600
value="{faults.processing_s:g}"></label><label>Posts an account may publish in 24 hours<input type=number name=quota_total
min=0 max=10000 value="{faults.quota_total}"></label>
<label>Accounts may not publish<input type=checkbox name=banned{checked}></label>
{ones}<button class=go name=act value=set>Save</button><button name=act value=reset>All off</button></form>
<form method=post><button name=act value=expire>Expire all tokens</button>
<details><summary>Empty the feed …</summary><p>All posts and drafts here are deleted. Accounts stay connected.</p>
<button name=act value=clear>Delete all posts</button></details></form>""",
        home=True,
    )


def consent(names: Sequence[str], app: str, *, wrong: str = "") -> str:
    known = "".join(f"<option value={escape(name, quote=True)}>" for name in names)
    note = f"<p class=note role=alert>{escape(wrong)}</p>" if wrong else ""
    return _page(
        "Allow access",
        f"""{note}<p>The studio at <b>{escape(app)}</b> wants to publish posts and comments for your account.</p>
<form method=post><label>Account<input name=account list=names required minlength=2 maxlength=30 autocomplete=off
placeholder="bella"></label><datalist id=names>{known}</datalist>
<p class=dim>A new name makes a new account. There are no passwords here: it is for practice.</p>
<button class=go name=answer value=allow>Allow</button><button name=answer value=deny formnovalidate>Deny</button></form>""",
    )


def _post(store: Store, post: Post) -> str:
    name = _name(store, post)
    alts = post.said.get("files", [])
    files = "".join(_file(post, n, mime, str(alts[n]) if n < len(alts) else "") for n, mime in enumerate(post.media))
    label = '<span class=ai title="The account says that this was made by AI">AI info</span>' if post.ai else ""
    title = f"<p class=text><b>{escape(str(post.said.get('title', '')))}</b></p>" if post.said.get("title") else ""
    words = _TAG.sub(r"<span class=tag>\1</span>", escape(post.caption))
    text = f"<p class=text>{words}</p>" if words else ""
    said = "".join(f"<p class=comment><b>{escape(name)}</b> {escape(words)}</p>" for _, words in reversed(post.comments))
    count = f" of {len(post.media)}" if len(post.media) > 1 else ""
    when = f'<small><a href="/p/{post.id}">{_ago(store.now() - post.at)}</a> · {escape(post.format)}{count}</small>'
    who = f'{_face(store, post)}<div><a href="/@{name}"><b>{escape(name)}</b></a><br>{when}</div>{label}'
    return f"""<article id="{post.id}"><div class=who>{who}</div><div class=files>{files}</div>{title}{text}{said}</article>"""


def _file(post: Post, n: int, mime: str, alt: str) -> str:
    url = f"/media/{post.id}/{n}"
    if mime.startswith("video/"):
        return f'<video controls playsinline preload=metadata src="{url}"></video>'
    return f'<img loading=lazy src="{url}" alt="{escape(alt, quote=True)}">'


def _face(store: Store, post: Post) -> str:
    name = _name(store, post)
    return f'<span class=face style="background:{_FACES[sum(name.encode()) % len(_FACES)]}">{escape(name[:1].upper())}</span>'


def _name(store: Store, post: Post) -> str:
    return store.accounts[post.account].name


def _ago(seconds: float) -> str:
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {word}"
    return "now"


def _page(title: str, body: str, *, home: bool = False) -> str:
    back = '<a href="/">Feed</a>' if home else ""
    return f"""<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<style>{_CSS}</style>
<header><b>{escape(title)}</b>{back}<a href="/switches">Switches</a></header>
<main>{body}</main><footer class=dim><p>A practice platform on this machine. Nobody else sees it.</p></footer></html>"""
