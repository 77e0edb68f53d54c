"""Training of lc-fdnet's networks: samples of stretches of pixels, objective, loop, export to a model package."""
