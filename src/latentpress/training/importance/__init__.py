"""Training of the codec `importance-map`."""
