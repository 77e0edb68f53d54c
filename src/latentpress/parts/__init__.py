"""Pieces of networks in torch that name no system."""
