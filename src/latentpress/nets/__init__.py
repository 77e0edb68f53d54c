"""Torch building blocks and networks, one file a codec family. Needs the ``train`` extra."""
