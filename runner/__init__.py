"""runner: YAML job files become cited research reports."""

__version__ = "0.1.0"
