"""mlmon: the command line for the monitoring life of models on Azure Machine Learning."""

__version__ = "0.1.0"
VERSION_LINE = f"mlmon {__version__}\n"
