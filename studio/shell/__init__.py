"""The studio's process and the frame of every page: server, sign-in, navigation, session."""
