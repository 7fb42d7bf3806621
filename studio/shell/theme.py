"""What pages look like beyond the theme in .streamlit/config.toml: favicon, logo, layout, and CSS that `frame` writes into each
of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STATIC = Path(__file__).parent.parent / "static"


def apply() -> None:
    """First call of every run."""
    st.set_page_config(page_icon=str(STATIC / "favicon.png"), layout="wide", initial_sidebar_state="auto")
    # The logo follows the page's `color-scheme` itself: a system that turns dark does not run the page again
    st.logo(str(STATIC / "logo.svg"), icon_image=str(STATIC / "mark.svg"), size="large")


# Streamlit's DOM is named by `data-testid`. Colours, sizes and lengths are tokens (studio/ui/design).
EVERYWHERE = """<style>
[class*="st-key-icon-only-"] :is(button, a) [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-testid="stCaptionContainer"][data-testid], [data-testid="stCaptionContainer"][data-testid] p,
[data-testid="InputInstructions"][data-testid] { color: var(--color-muted); opacity: 1; }
[data-testid="stMarkdownContainer"] .stMarkdownBadge[style*="143, 107, 242"] { color: var(--color-link) !important; }
[data-testid="stButtonGroup"] button[data-selected="true"] p { color: var(--color-link); }
:is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"]) :is(p, li) a { text-decoration: underline; }
[data-testid^="stBaseButton"] [data-testid="stMarkdownContainer"] { unicode-bidi: plaintext; }
[data-testid="stSelectbox"] input { unicode-bidi: plaintext; text-overflow: ellipsis; }
[data-testid="stHeaderActionElements"] { display: none; }
/* Labels are no paragraphs: who sets more space between these would push them out of their buttons */
:is(button, summary, label, a) [data-testid="stMarkdownContainer"] p { margin-bottom: 0 !important; }
[data-testid^="stBaseButton-primary"][data-testid]:not(:disabled) {
  background-color: var(--color-filled); border-color: var(--color-filled); }
[data-testid="stSidebar"] .st-key-menu { gap: 2px; }
[data-testid="stSidebar"] [class*="st-key-menu-"] :is([data-testid="stElementContainer"], [data-testid="stPageLink"]) {
  height: 36px; margin-block: 0; }
[data-testid="stSidebar"] [data-testid="stPageLink-NavLink"] {
  min-height: 36px; padding: 4px 10px; margin: 0; border-radius: var(--radius-medium); background: none; }
[data-testid="stSidebar"] [data-testid="stPageLink-NavLink"]:hover { background: var(--color-hover); }
[data-testid="stSidebar"] .st-key-menu-current [data-testid="stPageLink-NavLink"] { background: var(--color-current); }
[data-testid="stSidebar"] .st-key-menu-current p { font-weight: 600; }
[data-testid="stSidebar"] .st-key-menu-settings { margin-top: 12px; }
[data-testid="stMain"] .st-key-top-bar h1 { font-size: var(--text-page-title); padding: 0; line-height: 2.5rem; }
[data-testid="stMain"] .st-key-top-bar { row-gap: 4px; }
[class*="st-key-empty-state-"] { padding-block: var(--space-5); }
.studio-skeleton { height: 120px; border-radius: var(--radius-large); background: var(--color-panel); }
.st-key-top-bar > :has(> [data-testid="stHeading"]) { order: -1; }
.st-key-top-bar h1 { width: fit-content; }
@media (max-width: 640px) {
  [data-testid="stMain"] .st-key-top-bar-tools { flex-wrap: nowrap; width: 100%; }
  .st-key-top-bar-tools > [data-testid="stElementContainer"]:has([data-testid="stSelectbox"]) {
    flex: 1 1 0; min-width: 0; width: auto; }
  .st-key-top-bar-tools [data-testid="stSelectbox"] { width: 100%; }
}
@media (max-width: 260px) {  /* a phone at 200 % */
  [data-testid="stMain"] .st-key-top-bar-tools { flex-wrap: wrap; }
  .st-key-top-bar-tools > [data-testid="stElementContainer"]:has([data-testid="stSelectbox"]) { flex-basis: 100%; order: 1; }
  [data-testid="stMain"] :is([data-testid^="stBaseButton"], [data-testid="stPageLink-NavLink"]) {
    height: auto; max-width: 100%; white-space: normal; }
  [data-testid="stMain"] :is([data-testid^="stBaseButton"], [data-testid="stPageLink-NavLink"]) p {
    white-space: normal; overflow-wrap: anywhere; }
}
.st-key-icon-only-user button > div > div[aria-hidden="true"] { display: none; }
.st-key-section-tabs { border-bottom: 1px solid var(--color-border); margin-top: -8px; row-gap: 0; }
.st-key-section-tabs:has(> :nth-child(11)) { column-gap: 8px; }
.st-key-section-tabs [data-testid="stElementContainer"] { margin: 0; }
@media (max-width: 640px) {  /* one row that scrolls; page_focus.js brings the current tab into view */
  [data-testid="stMain"] .st-key-section-tabs { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; }
  .st-key-section-tabs > * { flex: none; }
  .st-key-section-tabs [data-testid="stPageLink-NavLink"] p { white-space: nowrap; }
}
.st-key-section-tabs [data-testid="stPageLink-NavLink"] {
  padding: 4px 2px 6px; margin: 0 0 -1px; min-height: 32px; border-radius: 0; background: none;
  border-bottom: 2px solid transparent; }
.st-key-section-tabs [data-testid="stPageLink-NavLink"]:hover { border-color: var(--color-border-strong); }
.st-key-section-tab-current [data-testid="stPageLink-NavLink"] { border-color: var(--color-accent); }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"]:not(:hover) { background: none; }
[data-testid="stMainBlockContainer"] { padding-top: 3.25rem; }
@media (max-width: 640px) {  /* below the line with the menu's button, which lies over the page */
  [data-testid="stMainBlockContainer"] { padding-top: 4.25rem; }
}
:root { --phone-bar: 0px; }
@media (max-width: 640px) {  /* the bar of studio/shell/status_badges/phone_bar.js, which has the menu's button */
  :root:has(.st-key-top-bar):not([data-keyboard]) { --phone-bar: calc(3.5rem + 1px + env(safe-area-inset-bottom)); }
  :root:has(.st-key-top-bar) [data-testid="stHeader"] { display: none; }
  :root:has(.st-key-top-bar) [data-testid="stMainBlockContainer"] {
    padding-top: env(safe-area-inset-top); padding-bottom: calc(1.5rem + var(--phone-bar)); }
  .st-key-top-bar-tools > [data-testid="stLayoutWrapper"]:has(> .st-key-top-bar-new), .st-key-top-bar-new { display: none; }
  [data-testid="stSidebar"] [class*="st-key-menu-"] :is([data-testid="stElementContainer"], [data-testid="stPageLink"]),
  [data-testid="stSidebar"] [data-testid="stPageLink-NavLink"] { height: 44px; }
  [data-testid="stToastContainer"] { margin-bottom: var(--phone-bar); }
  [data-testid="stMain"] [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) { row-gap: var(--space-4); }
}
@media (hover: none), (pointer: coarse) {  /* no keyboard */
  .st-key-keyboard-hint { display: none; }
}
[data-testid="stMain"] { padding-inline: env(safe-area-inset-left) env(safe-area-inset-right); }
a[data-testid="stPageLink-NavLink"]:focus-visible, [data-testid="stMain"] :is(button, a, h1, [role="tab"]):focus-visible,
[data-testid="stDialog"] :is(button, a):focus-visible, [data-testid="stSidebar"] button:focus-visible {
  outline: 2px solid var(--color-focus); outline-offset: 1px; box-shadow: none; }
a[data-testid="stPageLink-NavLink"]:focus-visible { outline-offset: -2px; }
[data-testid="stDialog"] [role="dialog"] { border: 1px solid var(--color-border-strong); }
[data-testid="stDialog"] [data-baseweb="modal"] > div:first-child, div[data-testid="stDialog"] {
  background-color: var(--veil-backdrop); }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation-duration: .01ms !important; animation-iteration-count: 1 !important;
    transition-duration: 0s !important; scroll-behavior: auto !important; }
}
@media (forced-colors: active) {  /* what is told by a background alone */
  .st-key-menu-current [data-testid="stPageLink-NavLink"], .st-key-section-tab-current [data-testid="stPageLink-NavLink"],
  [data-testid="stButtonGroup"] button[data-selected="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
  [data-testid="stProgress"] *, [data-testid="stSlider"] * { forced-color-adjust: none; }
}
</style>"""
