"""Training of deep Boltzmann machines on patches, and of the autoencoders that they unroll to; imports torch."""
