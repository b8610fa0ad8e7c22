"""Sluice from Python: publish, resolve, ask what is stale and why, plan, and follow events.

    with sluice.Client() as client:
        client.publish("demo/sq010/sh0010/plate", "plates/", note="from the scanner")

Only the standard library is used, and importing does nothing but define what is listed here.
"""

from ._answers import (
    Approval,
    BlockedRun,
    Completeness,
    Files,
    Frozen,
    FrozenInput,
    HandWork,
    HeldProduct,
    Identified,
    Judged,
    Link,
    Plan,
    PlannedRun,
    ProductStatus,
    Published,
    Reason,
    Released,
    Representation,
    Resolved,
    Savings,
    SparedWork,
    SpentWork,
    Status,
    StatusRange,
    StepSavings,
    SupposedChange,
    Used,
    Vouched,
    WhatIf,
    Why,
)
from ._client import Client
from ._deliveries import Acknowledged, Batch, Delivery
from ._errors import PlanChanged, SluiceError, Unreachable
from ._events import Event, Sent
from ._publish import NewVersion
from ._sizes import Peak, Sizes, SizeWaste, StepSizes, TaskShare
from ._version import VERSION

__version__ = VERSION

__all__ = [
    "Acknowledged",
    "Approval",
    "Batch",
    "BlockedRun",
    "Client",
    "Completeness",
    "Delivery",
    "Event",
    "Files",
    "Frozen",
    "FrozenInput",
    "HandWork",
    "HeldProduct",
    "Identified",
    "Judged",
    "Link",
    "NewVersion",
    "Peak",
    "Plan",
    "PlanChanged",
    "PlannedRun",
    "ProductStatus",
    "Published",
    "Reason",
    "Released",
    "Representation",
    "Resolved",
    "Savings",
    "Sent",
    "SizeWaste",
    "Sizes",
    "SluiceError",
    "SparedWork",
    "SpentWork",
    "Status",
    "StatusRange",
    "StepSavings",
    "StepSizes",
    "SupposedChange",
    "TaskShare",
    "Unreachable",
    "Used",
    "Vouched",
    "WhatIf",
    "Why",
    "__version__",
]
