"""A platform to practise on: a program of its own that the studio knows only over HTTP, as it knows Instagram.

It takes drafts with their files, publishes them, shows a feed as followers would see it, and can be made to go wrong by hand.
`python -m ops.sandbox_platform --folder DIR --port N`; `make run` starts one. What it has is kept in DIR: `journal.jsonl`
(every change, one JSON object a line) and `media/`.
"""
