"""mlmon: the command line for the monitoring life of models on Azure Machine Learning."""

__version__ = "0.1.0"
