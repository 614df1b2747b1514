"""Collected model data: where it stands, which blobs a range needs, how they are fetched."""
