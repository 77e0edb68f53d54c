"""Training of codecs whose latents are coded as `latentpress.codecs.mean_scale` does."""
