"""The HTML pages: feed, profile, one post, switches, consent. Light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ops.sandbox_platform.faults import COUNTED_FAULTS
from ops.sandbox_platform.store import DAY_S, SandboxPost, SandboxStore

_CSS = Path(__file__).with_name("style.css").read_text("utf-8")
_AVATAR_COLOURS = ("#b4436c", "#37718e", "#6a994e", "#8a5a44", "#5e548e", "#bc6c25", "#2a9d8f")
_TAG = re.compile(r"(?<![\w&])([#@]\w+)")


def feed_page(store: SandboxStore, name: str = "") -> str:
    """Everybody's posts, newest first, or one account's."""
    posts = [post for post in store.posts if not name or _name(store, post) == name]
    feed_posts = [post for post in reversed(posts) if post.format != "story"]
    stories = [post for post in reversed(posts) if post.format == "story" and store.now() - post.at < DAY_S]
    story_links = "".join(
        f'<a href="/p/{post.id}" title="Story of {escape(_name(store, post))}">{_avatar(store, post)}</a>' for post in stories
    )
    body = (f'<nav class=stories aria-label="Stories">{story_links}</nav>' if story_links else "") + "".join(
        _post(store, post) for post in feed_posts
    )
    if not body:
        body = '<p class="empty dim">Nothing has been published here yet.<br>Posts of the studio appear here.</p>'
    return _page(f"@{name}" if name else "Practice platform", body, home=bool(name))


def post_page(store: SandboxStore, post: SandboxPost) -> str:
    return _page("Practice platform", _post(store, post), home=True)


def not_found_page(reason: str) -> str:
    return _page("Practice platform", f'<p class="empty dim">{escape(reason)}</p>', home=True)


def switches_page(store: SandboxStore, *, notice: str = "") -> str:
    faults = store.faults
    counters = "".join(
        f'<label>{escape(label)}<input type=number name={name} min=0 max=1000 value="{faults.times.get(name, 0)}"></label>'
        for name, label in COUNTED_FAULTS.items()
    )
    checked = " checked" if faults.banned else ""
    note = f"<p class=note role=status>{escape(notice)}</p>" if notice else ""
    return _page(
        "Simulate errors",
        f"""{note}<p class=dim>Make this platform go wrong, to see what the studio does.
Numbers: how many of the next times.</p>
<form method=post><label>Seconds until files are ready<input type=number name=processing_s min=0 max=3600
value="{faults.processing_s:g}"></label><label>Posts an account may publish in 24 hours<input type=number name=quota_total
min=0 max=10000 value="{faults.quota_total}"></label>
<label>Accounts may not publish<input type=checkbox name=banned{checked}></label>
{counters}<button class=go name=act value=set>Save</button><button name=act value=reset>All off</button></form>
<form method=post><button name=act value=expire>Expire all tokens</button>
<details><summary>Empty the feed …</summary><p>All posts and drafts here are deleted. Accounts stay connected.</p>
<button name=act value=clear>Delete all posts</button></details></form>""",
        home=True,
    )


def consent_page(names: Sequence[str], app: str, *, wrong: str = "") -> str:
    options = "".join(f"<option value={escape(name, quote=True)}>" for name in names)
    note = f"<p class=note role=alert>{escape(wrong)}</p>" if wrong else ""
    return _page(
        "Allow access",
        f"""{note}<p>The studio at <b>{escape(app)}</b> wants to publish posts and comments for your account.</p>
<form method=post><label>Account<input name=account list=names required minlength=2 maxlength=30 autocomplete=off
placeholder="bella"></label><datalist id=names>{options}</datalist>
<p class=dim>A new name makes a new account. There are no passwords here: it is for practice.</p>
<button class=go name=answer value=allow>Allow</button><button name=answer value=deny formnovalidate>Deny</button></form>""",
    )


def _post(store: SandboxStore, post: SandboxPost) -> str:
    name = _name(store, post)
    alts = post.said.get("files", [])
    files = "".join(_file(post, n, mime, str(alts[n]) if n < len(alts) else "") for n, mime in enumerate(post.media))
    label = '<span class=ai title="The account says that this was made by AI">AI info</span>' if post.ai else ""
    title = f"<p class=text><b>{escape(str(post.said.get('title', '')))}</b></p>" if post.said.get("title") else ""
    words = _TAG.sub(r"<span class=tag>\1</span>", escape(post.caption))
    text = f"<p class=text>{words}</p>" if words else ""
    comments = "".join(f"<p class=comment><b>{escape(name)}</b> {escape(words)}</p>" for _, words in reversed(post.comments))
    count = f" of {len(post.media)}" if len(post.media) > 1 else ""
    time_link = f'<small><a href="/p/{post.id}">{_ago(store.now() - post.at)}</a> · {escape(post.format)}{count}</small>'
    author = f'{_avatar(store, post)}<div><a href="/@{name}"><b>{escape(name)}</b></a><br>{time_link}</div>{label}'
    head = f'<article id="{post.id}"><div class=who>{author}</div><div class=files>{files}</div>'
    return f"{head}{title}{text}{comments}</article>"


def _file(post: SandboxPost, n: int, mime: str, alt: str) -> str:
    url = f"/media/{post.id}/{n}"
    if mime.startswith("video/"):
        return f'<video controls playsinline preload=metadata src="{url}"></video>'
    return f'<img loading=lazy src="{url}" alt="{escape(alt, quote=True)}">'


def _avatar(store: SandboxStore, post: SandboxPost) -> str:
    name = _name(store, post)
    colour = _AVATAR_COLOURS[sum(name.encode()) % len(_AVATAR_COLOURS)]
    return f'<span class=face style="background:{colour}">{escape(name[:1].upper())}</span>'


def _name(store: SandboxStore, post: SandboxPost) -> str:
    return store.accounts[post.account].name


def _ago(seconds: float) -> str:
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {word}"
    return "now"


def _page(title: str, body: str, *, home: bool = False) -> str:
    feed_link = '<a href="/">Feed</a>' if home else ""
    return f"""<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<style>{_CSS}</style>
<header><b>{escape(title)}</b>{feed_link}<a href="/switches">Simulate errors</a></header>
<main>{body}</main><footer class=dim><p>A practice platform on this machine. Nobody else sees it.</p></footer></html>"""
