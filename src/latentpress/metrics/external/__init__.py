"""Metrics that other programs compute, each used where it is installed: SSIMULACRA2, Butteraugli, VMAF.

Each module has one function, `score(reference, distorted)`, on pictures of 8 bits.
"""

__all__ = ["butteraugli", "ssimulacra2", "vmaf"]
