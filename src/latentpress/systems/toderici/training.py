"""What `toderici` adds to a training run: nothing, all is shared by progressive codecs of recurrent networks."""

from latentpress.training.layered import LayeredTraining

__all__ = ["TodericiTraining"]


class TodericiTraining(LayeredTraining):
    """Trains every network of the family: recipes say which."""
