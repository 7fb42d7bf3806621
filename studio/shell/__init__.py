"""The studio's process and what every page stands in: server, sign-in, navigation, session."""
