"""Latents of which each channel has a distribution of its own at each rate: the bitstream side, NumPy only."""
