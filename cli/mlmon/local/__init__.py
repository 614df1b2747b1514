"""The embedded backend: a workspace that is a folder."""
