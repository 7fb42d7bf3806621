"""New influencer: name, pictures, check, training, first pictures."""

from studio.influencers import wizard
from studio.shell.frame import frame

page = frame("influencers/wizard", needs="editor")
with page.guard():
    wizard.show_wizard(page)
