"""Sound: WAV files as speech engines write them."""
