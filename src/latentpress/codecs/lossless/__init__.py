"""Lossless and near-lossless coding: every pixel predicted from its neighbours, in whole numbers."""
