"""What happened to the alerts of one fault: from what Prometheus, Alertmanager and the sink say, no network here.

Times are unix seconds. Shapes: ``/api/v1/alerts`` of Prometheus, ``/api/v2/alerts`` of Alertmanager, and the
sink's records of webhook payloads (Alertmanager's notify/webhook, version 4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from alerting.heartbeat import WATCHDOG
from obs.simulate.track import Event, Kind, Track

Answer = dict[str, Any]


class Timeline:
    """The alerts that a fault is expected to fire, and any other that fires meanwhile.

    ``earlier`` is all that the sink got before the fault.
    """

    def __init__(self, expected: Collection[str], fault: float, earlier: Iterable[Answer] = ()) -> None:
        self.fault = fault
        self.healed: float | None = None
        self.tracks = {name: Track(name) for name in sorted(expected)}
        self.others: dict[str, float] = {}
        self.events = [Event(at=fault, kind=Kind.FAULT)]
        self._open: dict[tuple[str, str], str] = {}  # (receiver, fingerprint) told firing and not yet resolved
        self._muted: set[str] = set()  # fingerprints
        self._names: dict[str, str] = {}  # fingerprint -> alert, of all that Alertmanager ever showed
        self._before = _unended(earlier)
        self._read = 0

    def heal(self, now: float) -> None:
        self.healed = now
        self.events.append(Event(at=now, kind=Kind.HEALED))

    # --- what the servers say

    def prometheus(self, now: float, alerts: Iterable[Answer]) -> None:
        """All pending and firing alerts at ``now``."""
        seen: dict[str, list[Answer]] = {}
        for alert in alerts:
            seen.setdefault(alert["labels"]["alertname"], []).append(alert)
        for name, track in self.tracks.items():
            self._follow(track, seen.get(name, []), now)
        for name in seen.keys() - self.tracks.keys() - {WATCHDOG.name}:
            if name not in self.others and _firing(seen[name]):
                self.others[name] = now
                self.events.append(Event(at=now, kind=Kind.FIRING, alert=name, severity=_severity(seen[name])))

    def _follow(self, track: Track, alerts: list[Answer], now: float) -> None:
        if alerts:
            track.severity = _severity(alerts)
            track.active, track.resolved = True, None
            if track.pending is None:
                track.pending = min(_unix(alert["activeAt"]) for alert in alerts)
                self._say(track, track.pending, Kind.PENDING)
            if track.firing is None and _firing(alerts):
                track.firing = now
                self._say(track, now, Kind.FIRING)
        elif track.active:
            track.active = False
            if track.firing is not None:
                track.resolved = now
                self._say(track, now, Kind.RESOLVED)

    def alertmanager(self, now: float, alerts: Iterable[Answer]) -> None:
        """All alerts that Alertmanager holds at ``now``."""
        alerts = list(alerts)
        there = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in alerts}
        self._names |= there
        # Of the end of an alert that a worse one mutes meanwhile, Alertmanager tells nobody.
        gone = self._muted - there.keys()
        self._open = {key: name for key, name in self._open.items() if key[1] not in gone}
        self._muted = {alert["fingerprint"] for alert in alerts if alert["status"]["state"] == "suppressed"}
        for name, track in self.tracks.items():
            own = [alert for alert in alerts if alert["labels"]["alertname"] == name]
            heard = [alert for alert in own if alert["status"]["state"] != "suppressed"]
            told_to = {(receiver["name"], alert["fingerprint"]) for alert in heard for receiver in alert["receivers"]}
            track.receivers |= {receiver for receiver, _ in told_to}
            for receiver in sorted({receiver for receiver, _ in told_to & self._before} - track.known):
                track.known.add(receiver)
                self._say(track, now, Kind.KNOWN, receiver=receiver)
            track.mute_unknown = frozenset()
            if own and not heard and not track.muted_by:
                self._mute(track, now, [alert["status"] for alert in own])

    def _mute(self, track: Track, now: float, statuses: list[Answer]) -> None:
        by = {f for status in statuses for f in status["inhibitedBy"]}
        # An alert can mute before it is in the same answer: then the next look names it.
        track.mute_unknown = frozenset(by - self._names.keys())
        if track.mute_unknown:
            return
        names = {self._names[f] for f in by}
        names |= {f"silence {s}" for status in statuses for s in status["silencedBy"]}
        names |= {f"interval {i}" for status in statuses for i in status["mutedBy"]}
        track.muted_by = tuple(sorted(names))
        self._say(track, now, Kind.MUTED, receiver=", ".join(track.muted_by))

    def notified(self, records: Iterable[Answer]) -> None:
        """All that the sink got since the fault, in order; what was read before is passed over."""
        new = list(records)[self._read :]
        self._read += len(new)
        for record in new:
            by_name: dict[str, list[Answer]] = {}
            for alert in record["payload"]["alerts"]:
                by_name.setdefault(alert["labels"]["alertname"], []).append(alert)
            for name, alerts in by_name.items():
                if name in self.tracks:
                    self._told(self.tracks[name], record["receiver"], record["at"], alerts)

    def _told(self, track: Track, receiver: str, at: float, alerts: list[Answer]) -> None:
        firing = [alert for alert in alerts if alert["status"] == "firing"]
        for alert in firing:
            self._open[receiver, alert["fingerprint"]] = track.alert
        if firing and receiver not in track.told:
            track.told[receiver] = at
            self._say(track, at, Kind.TOLD, receiver, firing[0]["annotations"])
        ended = [self._open.pop((receiver, a["fingerprint"]), None) for a in alerts if a["status"] == "resolved"]
        if any(ended) and not self._unheard(track, receiver):
            track.told_resolved[receiver] = at
            self._say(track, at, Kind.TOLD_RESOLVED, receiver)

    def _say(self, track: Track, at: float, kind: Kind, receiver: str = "", texts: Answer | None = None) -> None:
        texts = texts or {}
        event = Event(
            at=at,
            kind=kind,
            alert=track.alert,
            receiver=receiver,
            severity=track.severity,
            summary=texts.get("summary", ""),
            runbook=texts.get("runbook_url", ""),
        )
        self.events.append(event)

    # --- what that means

    @property
    def detected(self) -> bool:
        """Every expected alert fires and everyone who should has heard of it."""
        return all(track.firing is not None and not track.untold for track in self.tracks.values())

    @property
    def recovered(self) -> bool:
        """No expected alert is left, and everyone who heard of one has heard of its end."""
        return not any(track.active or self._unheard(track) for track in self.tracks.values())

    def _unheard(self, track: Track, receiver: str | None = None) -> set[str]:
        """Receivers that heard of an alert and wait for its end."""
        return {to for (to, _), name in self._open.items() if name == track.alert and receiver in (None, to)}

    def waiting(self) -> list[str]:
        """What is still to come, in words."""
        return list(self._before_heal() if self.healed is None else self._after_heal())

    def _before_heal(self) -> Iterator[str]:
        for track in self.tracks.values():
            if track.firing is None:
                yield f"{track.alert} to fire"
            elif track.mute_unknown:
                yield f"the alert that mutes {track.alert}: no alert has {', '.join(sorted(track.mute_unknown))}"
            elif track.untold:
                yield f"{', '.join(sorted(track.untold))} to be told of {track.alert}"

    def _after_heal(self) -> Iterator[str]:
        for track in self.tracks.values():
            if track.active:
                yield f"{track.alert} to resolve"
            elif unheard := self._unheard(track):
                yield f"{', '.join(sorted(unheard))} to be told that {track.alert} is resolved"

    def detection(self) -> dict[str, float]:
        """Critical alert -> seconds from the fault until somebody was told; muted ones are left out."""
        return {
            track.alert: min(track.told.values()) - self.fault
            for track in self.tracks.values()
            if track.severity == "critical" and track.told
        }

    @property
    def first_told(self) -> float | None:
        """Seconds from the fault until anybody was told of anything."""
        told = [at for track in self.tracks.values() for at in track.told.values()]
        return min(told) - self.fault if told else None

    def to_dict(self) -> dict[str, Any]:
        """Tracks and events as plain data; times are seconds since the fault."""

        def since(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: since(time) for key, time in value.items()}
            return round(value - self.fault, 3) if isinstance(value, float) else value

        times = ("pending", "firing", "resolved", "told", "told_resolved")
        return {
            "fault": self.fault,
            "healed": since(self.healed),
            "alerts": {
                name: {"severity": track.severity, "muted_by": list(track.muted_by), "known": sorted(track.known)}
                | {key: since(getattr(track, key)) for key in times}
                for name, track in self.tracks.items()
            },
            "others": since(self.others),
            "events": [{**asdict(event), "at": since(event.at), "kind": event.kind.value} for event in self.events],
        }


def _unended(records: Iterable[Answer]) -> set[tuple[str, str]]:
    """(receiver, fingerprint) of every alert of whose end its receiver has not heard."""
    told: dict[tuple[str, str], str] = {}
    for record in records:
        told |= {(record["receiver"], alert["fingerprint"]): alert["status"] for alert in record["payload"]["alerts"]}
    return {key for key, status in told.items() if status == "firing"}


def _firing(alerts: list[Answer]) -> bool:
    return any(alert["state"] == "firing" for alert in alerts)


def _severity(alerts: list[Answer]) -> str:
    return str(alerts[0]["labels"].get("severity", ""))


def _unix(text: str) -> float:
    """Prometheus writes nanoseconds, of which fromisoformat takes six digits."""
    moment, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{moment}.{fraction[:6].ljust(6, '0')}+00:00").timestamp()
