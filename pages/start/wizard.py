"""New influencer: name, pictures, check, training, first pictures."""

from studio.frame import frame
from studio.widgets import wizard

page = frame("New influencer", icon=":material/auto_awesome:", needs="editor")
with page.guard():
    wizard.run(page)
