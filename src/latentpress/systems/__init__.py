"""One folder a system; see `latentpress.catalogue`."""
