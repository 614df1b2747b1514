"""Runs Azure ML scoring scripts as Azure's own servers do, on this machine."""
