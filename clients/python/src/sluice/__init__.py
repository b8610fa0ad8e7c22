"""Sluice from Python: publish, resolve, ask what is stale and why, plan, and follow events.

    with sluice.Client() as client:
        client.publish("demo/sq010/sh0010/plate", "plates/", note="from the scanner")

Only the standard library is used, and importing does nothing but define what is listed here.
"""

from ._answers import (
    BlockedRun,
    Files,
    Identified,
    Link,
    Plan,
    PlannedRun,
    ProductStatus,
    Published,
    Reason,
    Representation,
    Resolved,
    Status,
    Why,
)
from ._client import Client
from ._deliveries import Acknowledged, Batch, Delivery
from ._errors import PlanChanged, SluiceError, Unreachable
from ._events import Event, Sent
from ._publish import NewVersion
from ._version import VERSION

__version__ = VERSION

__all__ = [
    "Acknowledged",
    "Batch",
    "BlockedRun",
    "Client",
    "Delivery",
    "Event",
    "Files",
    "Identified",
    "Link",
    "NewVersion",
    "Plan",
    "PlanChanged",
    "PlannedRun",
    "ProductStatus",
    "Published",
    "Reason",
    "Representation",
    "Resolved",
    "Sent",
    "SluiceError",
    "Status",
    "Unreachable",
    "Why",
    "__version__",
]
