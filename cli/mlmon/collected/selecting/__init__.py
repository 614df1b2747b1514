"""Which collected blobs there are, and which of them are meant."""
