"""The Azure backend: a workspace of Azure Machine Learning behind `core/ports.py`. Only this package knows Azure."""
