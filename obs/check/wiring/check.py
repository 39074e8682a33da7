"""All wiring checks of one stack."""

from __future__ import annotations

from obs.check.finding import Finding
from obs.check.wiring.addresses import check_addresses
from obs.check.wiring.datasources import check_datasources
from obs.check.wiring.existence import check_references
from obs.check.wiring.governing import check_governing
from obs.check.wiring.policies import check_policies
from obs.check.wiring.selectors import check_loaded, check_monitors, check_services
from obs.check.wiring.stack import Stack

_CHECKS = (
    check_addresses,
    check_governing,
    check_services,
    check_monitors,
    check_loaded,
    check_references,
    check_datasources,
    check_policies,
)


def check_wiring(stack: Stack) -> list[Finding]:
    """Every finding on how the parts of a stack name, select and reach each other."""
    return [finding for check in _CHECKS for finding in check(stack)]
