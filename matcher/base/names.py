"""What tables, sides, kinds and keys are called: the one place for each."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal

#: children assumed for each row where the column is missing altogether
ASSUMED_CHILDREN = MappingProxyType({"schools": 100, "counties": 1})

Side = Literal["provider", "recipient"]
PairLevel = Literal["county", "school"]
#: `coord_precision` of a school without coordinates
AT_SEAT: Final = "county_seat"

#: the nine tables, and what the rows of each are ordered by
KEYS: Final = MappingProxyType(
    {
        "organizations": ("id",),
        "branches": ("id",),
        "counties": ("id",),
        "schools": ("id",),
        "previous": ("level", "provider_id", "recipient_id"),
        "preferences": ("level", "side", "id", "choice_id"),
        "travel_times": ("level", "origin_id", "destination_id"),
        "locks": ("level", "provider_id", "recipient_id", "kind"),
        "successors": ("table", "old_id", "new_id"),
    }
)
#: tables of things with an id; the others name them
ENTITIES: Final = ("organizations", "branches", "counties", "schools")
#: (table, column) -> table that must have the id
REFERENCES: Final = {("branches", "organization_id"): "organizations", ("schools", "county_id"): "counties"}
#: the two sides of a level of pairing: table of the providers, table of the recipients
SIDES: Final = {"county": ("organizations", "counties"), "school": ("branches", "schools")}
#: tables whose rows name a provider and a recipient (or, in preferences, one of each in the order of `side`)
PAIR_COLUMNS: Final = {
    "preferences": ("id", "choice_id"),
    "travel_times": ("origin_id", "destination_id"),
    "locks": ("provider_id", "recipient_id"),
}

#: how ids of the example rows of a template begin; such rows are never planned
EXAMPLE: Final = MappingProxyType({"en": "EXAMPLE-", "zh": "示例-"})

UNMATCHED_COLUMNS: Final = ("kind", "id", "missing", "reason", "detail")
#: one word for an entity of each table
KIND_OF_TABLE: Final = {
    "organizations": "organization",
    "branches": "branch",
    "counties": "county",
    "schools": "school",
}
