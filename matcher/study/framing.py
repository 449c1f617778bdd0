"""Inputs and frames of a study as arrays: JSON in bytes, no pickle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matcher.executors.frames import Arrays
from matcher.market.market import Market
from matcher.model import Instance
from matcher.policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd


def text_array(text: str) -> NDArray[np.uint8]:
    """Return a text as bytes in an array."""
    return np.frombuffer(text.encode(), np.uint8)


def text_of(array: NDArray[Any]) -> str:
    """Return the text of an array of bytes."""
    return bytes(array).decode()


def as_arrays(what: Market | Instance, policy: Policy | None, said: dict[str, Any]) -> Arrays:
    """Return what a curve is made of."""
    arrays: dict[str, NDArray[Any]] = {"said": text_array(json.dumps(said))}
    if isinstance(what, Market):
        arrays |= {f"market_{name}": array for name, array in what.to_arrays().items()}
    else:
        arrays["instance"] = text_array(what.to_json())
    if policy is not None:
        arrays["policy"] = text_array(policy.to_json())
    return arrays


def what_of(arrays: Arrays) -> tuple[Market | Instance, Policy | None, dict[str, Any]]:
    """Return what `as_arrays` made arrays of."""
    what: Market | Instance
    if "instance" in arrays:
        what = Instance.from_json(text_of(arrays["instance"]))
    else:
        what = Market.from_arrays({name[7:]: array for name, array in arrays.items() if name.startswith("market_")})
    policy = Policy.from_json(text_of(arrays["policy"])) if "policy" in arrays else None
    return what, policy, json.loads(text_of(arrays["said"]))


def frame_arrays(frame: pd.DataFrame) -> Arrays:
    """Return a frame as arrays: types, cells and attributes as JSON, which keeps whole numbers and floats exactly."""
    import pandas as pd

    columns = [
        [name, str(frame[name].dtype), [None if pd.isna(cell) else _plain(cell) for cell in frame[name]]]
        for name in frame.columns
    ]
    return {"frame": text_array(json.dumps({"columns": columns, "attrs": frame.attrs}))}


def frame_of(arrays: Arrays) -> pd.DataFrame:
    """Return what `frame_arrays` made arrays of."""
    import pandas as pd

    content = json.loads(text_of(arrays["frame"]))
    frame = pd.DataFrame({name: pd.Series(cells, dtype=kind) for name, kind, cells in content["columns"]})
    frame.attrs.update(content["attrs"])
    return frame


def _plain(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell
