"""Latents with means and scales from hyper latents and earlier passes: the bitstream side, NumPy only."""
