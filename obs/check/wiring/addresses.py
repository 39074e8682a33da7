"""wiring/service and wiring/port: every address leads to a Service and a port that are there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from obs.check.finding import Finding
from obs.check.wiring.address import Address
from obs.check.wiring.services import Service
from obs.check.wiring.stack import Stack
from obs.check.wiring.texts import Mention


def check_addresses(stack: Stack) -> Iterator[Finding]:
    for mention in stack.mentions:
        address = mention.address
        if address.namespace not in stack.own:
            continue
        service = stack.services.get((address.namespace, address.service))
        if service is None:
            if address.stated:
                yield _no_service(stack, mention)
        elif problem := _problem(service, address):
            yield mention.item.finding("wiring/port", f"{_names(mention)}, {problem}")


def external_addresses(stack: Stack) -> list[tuple[str, str, str]]:
    """(Service, address, subject of the object that has it) of every Service in a namespace that is not the stack's."""
    found = {
        (f"{m.address.service}.{m.address.namespace}", m.address.text, m.item.subject)
        for m in stack.mentions
        if m.address.namespace not in stack.own and m.item.namespace in stack.own
    }
    return sorted(found)


def _names(mention: Mention) -> str:
    return f"{mention.place} names {mention.address.text}"


def _no_service(stack: Stack, mention: Mention) -> Finding:
    address = mention.address
    here = sorted(name for namespace, name in stack.services if namespace == address.namespace)
    elsewhere = [namespace for namespace, name in stack.services if name == address.service]
    message = f"{_names(mention)}, but no Service {address.service} is rendered in namespace {address.namespace}"
    if elsewhere:
        message += f"; there is one in {', '.join(elsewhere)}"
    near = next(iter(get_close_matches(address.service, here, n=1)), None)
    return mention.item.finding("wiring/service", message, suggestion=near)


def _problem(service: Service, address: Address) -> str:
    """What is wrong with the port or the pod of an address; nothing where it leads somewhere."""
    if service.open or not service.behind:
        return ""  # somebody else's business, or the finding of another check
    has = f"Service {service.namespace}/{service.name} has {service.shown_ports()}"
    if address.pod and not _is_pod(service, address.pod):
        return f"but no StatefulSet behind Service {service.namespace}/{service.name} has a pod {address.pod}"
    if isinstance(address.port, str):
        fits = any(p.name == address.port and p.protocol == address.protocol for p in service.ports)
        return "" if fits else f"but there is no {address.protocol} port of that name: {has}"
    if address.port is None or _answers(service, address, address.port):
        return ""
    how = ", and is headless: its clients reach the container's own port" if service.headless else ""
    return f"but nothing answers there: {has}{how}"


def _answers(service: Service, address: Address, number: int) -> bool:
    if address.pod:
        return any(number in service.targets(port) for port in service.ports)
    return bool(service.reached(number))


def _is_pod(service: Service, pod: str) -> bool:
    name, _, number = pod.rpartition("-")
    for pods in service.behind:
        if pods.service == service.name and number.isdigit() and int(number) < pods.sets.get(name, 0):
            return True
    return False
