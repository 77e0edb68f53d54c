"""Slimmer models: the networks of a package with less arithmetic or in fewer bytes, whatever system they belong to."""
