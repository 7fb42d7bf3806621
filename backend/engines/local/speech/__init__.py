"""Voices of this machine, each engine in a child process of its own, without a network. Piper and eSpeak NG (GPL) are never
imported by the studio or a worker."""
