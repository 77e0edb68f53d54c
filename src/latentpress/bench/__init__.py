"""Benchmarks: every codec, ours and others', behind one interface and on the same work.

`latentpress.bench.coders` holds the coders. Importing it loads none of their libraries.
"""
