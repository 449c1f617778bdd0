"""The example that the package carries: one real province, a made-up year."""

from __future__ import annotations

from importlib.resources import as_file, files

from matcher.files.reading import read
from matcher.model import Instance


def example() -> Instance:
    """Return the embedded example: Hunan, with synthetic schools, branches and children (see its README).

    Examples
    --------
    >>> import matcher
    >>> matcher.example()
    Instance(61 organizations, 217 branches, 54 counties, 354 schools, 165 previous pairs)
    """
    with as_file(files("matcher") / "data" / "example") as folder:
        return read(folder)
