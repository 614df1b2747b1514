"""Collected blobs into a folder: planned, fetched, remembered."""
