"""`make cleanup`: what a studio holds that nothing needs any more, and its removal."""
