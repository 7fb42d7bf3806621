"""The design system, drawn with the parts that pages use. In no menu; its address is /design."""

from studio.design import design
from studio.shell.frame import frame

page = frame("settings/design")
with page.guard():
    design.show()
