"""What pages look like beyond the theme: written into each of them by `frame`."""

# Of buttons that show an icon alone (studio/widgets/icon_only.py) the words are there to be read aloud, not to be seen.
EVERYWHERE = """<style>[class*="st-key-icon-only-"] :is(button, a) [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }</style>"""
