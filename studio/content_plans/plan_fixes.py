"""Problems that keep posts from being published, with buttons that fix them; and edits of files, to be undone."""

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
from studio.ui.forms import opened_form
from studio.ui.notices import queue_toast, toast_errors

_SENT_STATES = (PostState.PUBLISHING, PostState.PUBLISHED, PostState.UNKNOWN)
_RATIOS = ((1, 1), (4, 5), (5, 4), (9, 16), (16, 9), (3, 4), (4, 3), (2, 3), (3, 2))
_PREVIEW_PX, _ADVICE_PREVIEW_PX = 132, 72
"""Heights of a preview in px: of a blocking problem, and of advice."""


def show(page: Page, card: PlanCard) -> None:
    """Problems and edits of all posts; draws nothing where there are none."""
    fixable: list[PostCard] = []
    with st.container():  # one element, so that the form below keeps its position: else its tabs and expanders are reset
        for post in card.posts:
            if post.state not in _SENT_STATES:
                fixable += [post] * _show_post(page, card, post)
        if page.can_edit and len(fixable) > 1:
            st.button(
                f"Fix all {len(fixable)}",
                icon=":material/auto_fix_high:",
                type="primary",
                key=f"fixall:{card.id}",
                on_click=_fix_all,
                args=(page, card, list(dict.fromkeys(post.id for post in fixable))),
            )


def _show_post(page: Page, card: PlanCard, post: PostCard) -> int:
    """Draws one post. Returns how many of its blocking problems can be fixed."""
    with page.transaction() as tx:
        problems = (*content_plans.problems(tx, post), *publishing.reachability_problems(tx, page.app.settings, post))
        files = assets.get_many(tx, post.media)
    channel_prefix = f"**{plain(post.channel_name)}** · " if len(card.posts) > 1 else ""
    for n, problem in enumerate(problems):
        _problem(page, card, post, problem, files, channel_prefix, n)
    for n, asset_id in enumerate(post.media):
        if asset_id in post.edits and asset_id in files:
            _edited_file(page, card, post, files[asset_id], channel_prefix, n)
    _restore_texts_row(page, card, post)
    return sum(bool(problem.blocks and problem.fix) for problem in problems)


def _problem(
    page: Page,
    card: PlanCard,
    post: PostCard,
    problem: PostProblem,
    files: Mapping[str, AssetCard],
    channel_prefix: str,
    n: int,
) -> None:
    sign = ":orange[:material/warning:]" if problem.blocks else ":gray[:material/info:]"
    file_prefix = f"File {problem.media + 1}: " if problem.media is not None and len(post.media) > 1 else ""
    with st.container(border=problem.blocks, horizontal=True, vertical_alignment="center", gap="small"):
        if problem.fix and problem.fix.kind == "crop" and problem.media is not None:
            file = files.get(post.media[problem.media])
            if file:
                st.html(
                    _crop_preview(
                        page, file, problem.fix.ratio, None, height_px=_PREVIEW_PX if problem.blocks else _ADVICE_PREVIEW_PX
                    ),
                    width="content",
                )
        st.markdown(f"{sign} {channel_prefix}{file_prefix}{plain(problem.message)}", width="stretch")
        if problem.fix and page.can_edit:
            st.button(
                problem.fix.label,
                icon=":material/auto_fix:",
                key=f"fix:{post.id}:{n}:{problem.code}",
                on_click=_fix,
                args=(page, card, post, (problem,)),
            )


def _edited_file(page: Page, card: PlanCard, post: PostCard, file: AssetCard, channel_prefix: str, n: int) -> None:
    edit = FileEdit(**post.edits[file.id])
    file_prefix = f"File {n + 1}: " if len(post.media) > 1 else ""
    key = f"edit:{post.id}:{file.id}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            _crop_preview(page, file, edit.ratio, edit.focus, height_px=_PREVIEW_PX if edit.ratio else _ADVICE_PREVIEW_PX),
            width="content",
        )
        with st.container(width="stretch"):
            st.markdown(
                f":green[:material/check_circle:] {channel_prefix}{file_prefix}{_edit_text(edit)}. The original stays as it is."
            )
            if page.can_edit and edit.ratio and (crop_ends := _crop_ends(file, edit.ratio)):
                st.select_slider(
                    f"Keep more of the {crop_ends[0]} or the {crop_ends[1]}",
                    range(0, 101, 5),
                    round((0.5 if edit.focus is None else edit.focus) * 20) * 5,
                    format_func=lambda at: f"{at} %",
                    key=f"{key}:{edit.focus}",
                    on_change=_move_crop,
                    args=(page, card, post, file.id, f"{key}:{edit.focus}"),
                )
            if page.can_edit:
                st.button(
                    "As it was",
                    icon=":material/undo:",
                    key=f"{key}:back",
                    on_click=_apply,
                    args=(page, card, post, _remove_edit(post.id, file.id)),
                )


def _edit_text(edit: FileEdit) -> str:
    parts = [
        f"cropped to {_ratio_text(edit.ratio)}" if edit.ratio else "",
        f"at most {edit.width} px wide" if edit.width else "",
        f"enlarged to {edit.least} px" if edit.least else "",
        f"only the first {duration(edit.seconds)}" if edit.seconds else "",
        "converted" if edit.transcode else "",
    ]
    sentence = ", ".join(part for part in parts if part)
    return sentence[:1].upper() + sentence[1:]


def _ratio_text(ratio: float) -> str:
    return next((f"{a}:{b}" for a, b in _RATIOS if abs(a / b - ratio) < 0.01 * ratio), f"{ratio:.2f}:1")


def _crop_ends(file: AssetCard, ratio: float) -> tuple[str, str] | None:
    """The two ends that the crop can be moved between; None: nothing is cut away."""
    width, height = file.width or 0, file.height or 0
    _, _, kept_width, kept_height = renditions.crop(width, height, ratio)
    return ("left", "right") if width - kept_width > 2 else ("top", "bottom") if height - kept_height > 2 else None


def _crop_preview(
    page: Page, file: AssetCard, ratio: float | None, focus: float | None, *, height_px: int = _PREVIEW_PX
) -> str:
    """HTML of the whole picture, with the part that is cut away darkened."""
    width, height = file.width or 1, file.height or 1
    x, y, kept_width, kept_height = renditions.crop(width, height, ratio, focus=focus)
    shown_width = min(220, round(height_px * width / height))
    frame = (
        ""
        if (kept_width, kept_height) == (width, height)
        else (
            f'<div style="position:absolute;left:{100 * x / width:.2f}%;top:{100 * y / height:.2f}%;'
            f"width:{100 * kept_width / width:.2f}%;height:{100 * kept_height / height:.2f}%;"
            'box-shadow:0 0 0 999px rgba(0,0,0,.62);outline:2px solid #fff"></div>'
        )
    )
    src = escape(media_url(page.workspace.id, file.id, w=320), quote=True)
    return (
        f'<div role="img" aria-label="What stays of the picture" style="position:relative;overflow:hidden;'
        f'width:{shown_width}px;aspect-ratio:{width}/{height};border-radius:8px"><img src="{src}" alt="" '
        f'style="width:100%;height:100%;object-fit:cover;display:block">{frame}</div>'
    )


def _restore_texts_row(page: Page, card: PlanCard, post: PostCard) -> None:
    texts: VariantDraft | None = st.session_state.get(_texts_slot(post))
    if texts is None or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(":green[:material/check_circle:] The text was made shorter.", width="stretch")
        st.button(
            "As it was",
            icon=":material/undo:",
            key=f"words:{post.id}:back",
            on_click=_apply,
            args=(page, card, post, lambda tx, expected: content_plans.restore_texts(tx, post.id, texts, expected=expected)),
        )


def _texts_slot(post: PostCard) -> str:
    return f"plan:words:{post.id}"


def _fix(page: Page, card: PlanCard, post: PostCard, problems: tuple[PostProblem, ...]) -> None:
    _apply(page, card, post, lambda tx, expected: content_plans.fix(tx, post.id, problems, expected=expected))


def _remove_edit(post_id: str, asset_id: str) -> Callable[[Session, ExpectedPlans], PostCard]:
    return lambda tx, expected: content_plans.edit_file(tx, post_id, asset_id, None, expected=expected)


def _fix_all(page: Page, card: PlanCard, post_ids: list[str]) -> None:
    for post in card.posts:
        if post.id in post_ids:
            _fix(page, card, post, ())
            with page.transaction() as tx:  # the next post needs the version that this fix has made
                card = content_plans.get(tx, card.id)


def _move_crop(page: Page, card: PlanCard, post: PostCard, asset_id: str, key: str) -> None:
    edit = FileEdit(**post.edits[asset_id]).model_copy(update={"focus": st.session_state[key] / 100})
    _apply(page, card, post, lambda tx, expected: content_plans.edit_file(tx, post.id, asset_id, edit, expected=expected))


def _apply(page: Page, card: PlanCard, post: PostCard, change: Callable[[Session, ExpectedPlans], PostCard]) -> None:
    """Stores the change at once. The form continues from the new version; unsaved changes in it stay."""
    form = unsaved_changes.form_slot(card.id)
    with toast_errors():
        filled_form = opened_form(form)
        with page.transaction(needs="editor") as tx:
            version = content_plans.get(tx, card.id).version
            after = change(tx, {card.id: card})
            current = content_plans.get(tx, card.id)
        if filled_form and isinstance(filled_form[1], unsaved_changes.FilledForm) and filled_form[1].version == version:
            unsaved_changes.update_filled(page, current)
            _update_fields(f"{filled_form[0]}:{post.channel_id}", post, after)
        _remember_texts(post, after)
        st.session_state["calendar:stamp"] = st.session_state.get("calendar:stamp", 0) + 1
        if after.state == PostState.IN_REVIEW and post.state != PostState.IN_REVIEW:
            queue_toast("Changed. It goes back to review.", ":material/rate_review:")


def _update_fields(key: str, before: PostCard, after: PostCard) -> None:
    """Puts changed texts into the form's fields, except those in which somebody has typed since."""
    caption_key = unsaved_changes.caption_key(key)

    def tags_text(post: PostCard) -> str:
        return " ".join(f"#{tag}" for tag in post.hashtags)

    for widget, old_text, new_text in (
        (caption_key, before.caption, after.caption),
        (f"{caption_key}:tags", tags_text(before), tags_text(after)),
        (f"{key}:title", before.title, after.title),
        (f"{key}:comment", before.first_comment, after.first_comment),
    ):
        if old_text != new_text and st.session_state.get(widget) == old_text:
            st.session_state[widget] = new_text


def _remember_texts(before: PostCard, after: PostCard) -> None:
    """Remembers the texts from before the first fix in the session, to restore them; forgets them once they are restored."""

    def texts_of(post: PostCard | VariantDraft) -> tuple[object, ...]:
        return post.caption, post.hashtags, post.title, post.first_comment

    earlier: VariantDraft | None = st.session_state.get(_texts_slot(before))
    if earlier and texts_of(earlier) == texts_of(after):
        del st.session_state[_texts_slot(before)]
    elif earlier is None and texts_of(before) != texts_of(after):
        st.session_state[_texts_slot(before)] = before.draft()
