"""One form a noun: draws fields, returns a checked draft when submitted. Saves nothing."""
