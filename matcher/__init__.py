"""Plan who helps whom at the scale of a country."""

from matcher._version import __version__

__all__ = ["__version__"]
