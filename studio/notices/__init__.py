"""The page of notices: how the signed-in person is told, and where."""
