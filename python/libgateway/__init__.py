"""The LLM gateway you import instead of deploy."""

from ._native import __version__

__all__ = ["__version__"]
