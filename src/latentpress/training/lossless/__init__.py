"""Training of the lossless codec's networks: samples of pixels, objective, loop, export."""
