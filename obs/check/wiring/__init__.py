"""Does everything that one part says of another fit: addresses, selectors, references, data sources, policies."""

from obs.check.wiring.addresses import external_addresses
from obs.check.wiring.check import check_wiring
from obs.check.wiring.stack import Stack

__all__ = ["Stack", "check_wiring", "external_addresses"]
