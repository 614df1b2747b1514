"""Azure Machine Learning's own drift figures, faults included, for comparing with what its monitors said."""
