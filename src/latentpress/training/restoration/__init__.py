"""Training of JPEG restorers: recipe, degradation of clean crops, objective, loop, export. Needs the `train` extra."""
