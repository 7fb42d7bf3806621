"""ElevenLabs: voices of an account there, with the time of each character."""
