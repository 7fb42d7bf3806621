"""Help: chapters written as Markdown in docs/help, the sheet about a page, and the tour over Home."""
