"""What keeps a post from being published, each with the button that mends it; and what is done to its files, to be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st
from sqlalchemy.orm import Session

from backend import assets, content_plans, publishing, renditions
from backend.assets import AssetCard
from backend.content_plans import ExpectedPlans, FileEdit, PlanCard, PostCard, PostState, VariantDraft
from backend.platforms.port import PostProblem
from studio.content_plans import unsaved_changes
from studio.shell.frame import Page
from studio.ui.format import duration, media_url, plain
from studio.ui.optimistic_form import opened_form
from studio.ui.toasts import queue_toast, toast_errors

_OUT = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)
_SHAPES = ((1, 1), (4, 5), (5, 4), (9, 16), (16, 9), (3, 4), (4, 3), (2, 3), (3, 2))
_HIGH, _LOW = 132, 72
"""Px of a preview, and of one that is only advice."""


def show(page: Page, card: PlanCard) -> None:
    """Of all its posts; nothing, where nothing is in the way and nothing is done to a file."""
    mendable: list[PostCard] = []
    with st.container():  # one element, however many are in it: else the form's tabs and expanders below begin anew
        for post in card.posts:
            if post.state not in _OUT:
                mendable += [post] * _one(page, card, post)
        if page.can_edit and len(mendable) > 1:
            st.button(
                f"Fix all {len(mendable)}",
                icon=":material/auto_fix_high:",
                type="primary",
                key=f"fixall:{card.id}",
                on_click=_fix_all,
                args=(page, card, list(dict.fromkeys(one.id for one in mendable))),
            )


def _one(page: Page, card: PlanCard, post: PostCard) -> int:
    """How many things that block can be mended."""
    with page.transaction() as tx:
        found = (*content_plans.problems(tx, post), *publishing.reachability_problems(tx, page.app.settings, post))
        files = assets.get_many(tx, post.media)
    whose = f"**{plain(post.channel_name)}** · " if len(card.posts) > 1 else ""
    for n, problem in enumerate(found):
        _problem(page, card, post, problem, files, whose, n)
    for n, asset_id in enumerate(post.media):
        if asset_id in post.edits and asset_id in files:
            _edited(page, card, post, files[asset_id], whose, n)
    _words_back(page, card, post)
    return sum(bool(one.blocks and one.fix) for one in found)


def _problem(
    page: Page, card: PlanCard, post: PostCard, problem: PostProblem, files: Mapping[str, AssetCard], whose: str, n: int
) -> None:
    sign = ":orange[:material/warning:]" if problem.blocks else ":gray[:material/info:]"
    which = f"File {problem.media + 1}: " if problem.media is not None and len(post.media) > 1 else ""
    with st.container(border=problem.blocks, horizontal=True, vertical_alignment="center", gap="small"):
        if problem.fix and problem.fix.kind == "crop" and problem.media is not None:
            shown = files.get(post.media[problem.media])
            if shown:
                st.html(_kept(page, shown, problem.fix.ratio, None, tall=_HIGH if problem.blocks else _LOW), width="content")
        st.markdown(f"{sign} {whose}{which}{plain(problem.message)}", width="stretch")
        if problem.fix and page.can_edit:
            st.button(
                problem.fix.label,
                icon=":material/auto_fix:",
                key=f"fix:{post.id}:{n}:{problem.code}",
                on_click=_fix,
                args=(page, card, post, (problem,)),
            )


def _edited(page: Page, card: PlanCard, post: PostCard, file: AssetCard, whose: str, n: int) -> None:
    edit = FileEdit(**post.edits[file.id])
    which = f"File {n + 1}: " if len(post.media) > 1 else ""
    key = f"edit:{post.id}:{file.id}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_kept(page, file, edit.ratio, edit.focus, tall=_HIGH if edit.ratio else _LOW), width="content")
        with st.container(width="stretch"):
            st.markdown(f":green[:material/check_circle:] {whose}{which}{_said(edit)}. The original stays as it is.")
            if page.can_edit and edit.ratio and (way := _way(file, edit.ratio)):
                st.select_slider(
                    f"Keep more of the {way[0]} or the {way[1]}",
                    range(0, 101, 5),
                    round((0.5 if edit.focus is None else edit.focus) * 20) * 5,
                    format_func=lambda at: f"{at} %",
                    key=f"{key}:{edit.focus}",
                    on_change=_move,
                    args=(page, card, post, file.id, f"{key}:{edit.focus}"),
                )
            if page.can_edit:
                st.button(
                    "As it was",
                    icon=":material/undo:",
                    key=f"{key}:back",
                    on_click=_change,
                    args=(page, card, post, _as_is(post.id, file.id)),
                )


def _said(edit: FileEdit) -> str:
    parts = [
        f"cropped to {_shape(edit.ratio)}" if edit.ratio else "",
        f"at most {edit.width} px wide" if edit.width else "",
        f"enlarged to {edit.least} px" if edit.least else "",
        f"only the first {duration(edit.seconds)}" if edit.seconds else "",
        "converted" if edit.transcode else "",
    ]
    said = ", ".join(one for one in parts if one)
    return said[:1].upper() + said[1:]


def _shape(ratio: float) -> str:
    return next((f"{a}:{b}" for a, b in _SHAPES if abs(a / b - ratio) < 0.01 * ratio), f"{ratio:.2f}:1")


def _way(file: AssetCard, ratio: float) -> tuple[str, str] | None:
    """The ends it can be moved between; None: nothing is cut away."""
    width, height = file.width or 0, file.height or 0
    _, _, wide, high = renditions.crop(width, height, ratio)
    return ("left", "right") if width - wide > 2 else ("top", "bottom") if height - high > 2 else None


def _kept(page: Page, file: AssetCard, ratio: float | None, focus: float | None, *, tall: int = _HIGH) -> str:
    """The whole picture, what is cut away of it darkened."""
    width, height = file.width or 1, file.height or 1
    x, y, wide, high = renditions.crop(width, height, ratio, focus=focus)
    shown = min(220, round(tall * width / height))
    frame = (
        ""
        if (wide, high) == (width, height)
        else (
            f'<div style="position:absolute;left:{100 * x / width:.2f}%;top:{100 * y / height:.2f}%;'
            f"width:{100 * wide / width:.2f}%;height:{100 * high / height:.2f}%;box-shadow:0 0 0 999px rgba(0,0,0,.62);"
            'outline:2px solid #fff"></div>'
        )
    )
    address = escape(media_url(page.workspace.id, file.id, w=320), quote=True)
    return (
        f'<div role="img" aria-label="What stays of the picture" style="position:relative;overflow:hidden;width:{shown}px;'
        f'aspect-ratio:{width}/{height};border-radius:8px"><img src="{address}" alt="" style="width:100%;height:100%;'
        f'object-fit:cover;display:block">{frame}</div>'
    )


def _words_back(page: Page, card: PlanCard, post: PostCard) -> None:
    words: VariantDraft | None = st.session_state.get(_slot(post))
    if words is None or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":green[:material/check_circle:] The text was made shorter.", width="stretch")
        st.button(
            "As it was",
            icon=":material/undo:",
            key=f"words:{post.id}:back",
            on_click=_change,
            args=(page, card, post, lambda tx, shown: content_plans.restore_texts(tx, post.id, words, expected=shown)),
        )


def _slot(post: PostCard) -> str:
    return f"plan:words:{post.id}"


def _fix(page: Page, card: PlanCard, post: PostCard, problems: tuple[PostProblem, ...]) -> None:
    _change(page, card, post, lambda tx, shown: content_plans.fix(tx, post.id, problems, expected=shown))


def _as_is(post_id: str, asset_id: str) -> Callable[[Session, ExpectedPlans], PostCard]:
    return lambda tx, shown: content_plans.edit_file(tx, post_id, asset_id, None, expected=shown)


def _fix_all(page: Page, card: PlanCard, post_ids: list[str]) -> None:
    for post in card.posts:
        if post.id in post_ids:
            _fix(page, card, post, ())
            with page.transaction() as tx:  # the next one is judged against what this one has just changed
                card = content_plans.get(tx, card.id)


def _move(page: Page, card: PlanCard, post: PostCard, asset_id: str, key: str) -> None:
    edit = FileEdit(**post.edits[asset_id]).model_copy(update={"focus": st.session_state[key] / 100})
    _change(page, card, post, lambda tx, shown: content_plans.edit_file(tx, post.id, asset_id, edit, expected=shown))


def _change(page: Page, card: PlanCard, post: PostCard, act: Callable[[Session, ExpectedPlans], PostCard]) -> None:
    """Written at once. The form below goes on from there; what was typed into it and not saved stays."""
    form = unsaved_changes.slot(card.id)
    with toast_errors():
        found = opened_form(form)
        with page.transaction(needs="editor") as tx:
            version = content_plans.get(tx, card.id).version
            after = act(tx, {card.id: card})
            now = content_plans.get(tx, card.id)
        if found and isinstance(found[1], unsaved_changes.Filled) and found[1].version == version:
            unsaved_changes.follow(page, now)
            _into_the_form(f"{found[0]}:{post.channel_id}", post, after)
        _remember(post, after)
        st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
        if after.state == PostState.IN_REVIEW and post.state != PostState.IN_REVIEW:
            queue_toast("Changed. It goes back to review.", ":material/rate_review:")


def _into_the_form(key: str, before: PostCard, after: PostCard) -> None:
    """Words that were changed also change where they stand, unless somebody has typed there since."""
    words = unsaved_changes.words_key(key)

    def tags(one: PostCard) -> str:
        return " ".join(f"#{tag}" for tag in one.hashtags)

    for widget, was, is_ in (
        (words, before.caption, after.caption),
        (f"{words}:tags", tags(before), tags(after)),
        (f"{key}:title", before.title, after.title),
        (f"{key}:comment", before.first_comment, after.first_comment),
    ):
        if was != is_ and st.session_state.get(widget) == was:
            st.session_state[widget] = is_


def _remember(before: PostCard, after: PostCard) -> None:
    """What the words were, as long as the plan is open; putting them back forgets it."""

    def words(one: PostCard | VariantDraft) -> tuple[object, ...]:
        return one.caption, one.hashtags, one.title, one.first_comment

    first: VariantDraft | None = st.session_state.get(_slot(before))
    if first and words(first) == words(after):
        del st.session_state[_slot(before)]
    elif first is None and words(before) != words(after):
        st.session_state[_slot(before)] = before.draft()
