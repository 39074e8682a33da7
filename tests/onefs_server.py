"""OneFS as its documentation has it: a session, statistics, nodes, quotas, events."""

from __future__ import annotations

import json
from typing import Any

from replay_server import Answer, Request

USER, PASSWORD = "monitor", 'pa"ss, word'
STATS: dict[str, Any] = {
    "cluster.health": 1,
    "ifs.bytes.total": 1000.0e12,
    "ifs.bytes.used": 600.0e12,
    "ifs.bytes.avail": 350.0e12,
    "node.ifs.bytes.total": 500.0e12,
    "node.ifs.bytes.used": 300.0e12,
    "node.health": 0,
    "node.disk.xfers.in.rate.sum": 120.5,
    "node.disk.xfers.out.rate.sum": 80.0,
    "node.disk.bytes.in.rate.sum": 4.0e6,
    "node.disk.bytes.out.rate.sum": 9.0e6,
    "cluster.protostats.nfs.total": [
        {"op_id": 0, "op_count": 12, "op_rate": 250.0, "in_rate": 1.0e6, "out_rate": 3.0e6, "time_avg": 1500.0}
    ],
    # Nobody uses it.
    "cluster.protostats.smb2.total": [],
}
NOT_PRESENT, TIMED_OUT = 1, 6


class OneFS:
    """``sessions`` are the valid ones; to end one, empty the set. ``denied`` are paths that the user may not read."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.logins = 0
        self.password = PASSWORD
        self.denied: set[str] = set()
        self.stats = dict(STATS)
        self.down: set[int] = set()

    def __call__(self, request: Request) -> Answer:
        if request.path == "/session/1/session":
            return self._log_in(json.loads(request.body))
        if not self._knows(request):
            return Answer(401, {"message": "Authorization required."})
        if request.path in self.denied:
            return Answer(403, {"errors": [{"code": "AEC_FORBIDDEN", "message": "Privilege check failed."}]})
        answers = {
            "/platform/3/cluster/config": self._config,
            "/platform/3/cluster/nodes": self._nodes,
            "/platform/1/statistics/current": self._statistics,
            "/platform/8/quota/quotas": self._quotas,
            "/platform/3/event/eventgroup-occurrences": self._events,
        }
        if request.path not in answers:
            return Answer(404, {"errors": [{"code": "AEC_NOT_FOUND", "message": "Path not found."}]})
        return Answer(body=answers[request.path](request.query))

    def _log_in(self, body: dict[str, Any]) -> Answer:
        self.logins += 1
        if (body["username"], body["password"]) != (USER, self.password) or "platform" not in body["services"]:
            return Answer(401, {"message": "Username or password is incorrect."})
        session = f"session-{self.logins}"
        self.sessions.add(session)
        cookies = (
            ("Set-Cookie", f"isisessid={session}; path=/; HttpOnly; Secure"),
            ("Set-Cookie", f"isicsrf=token-{session}; path=/; Secure"),
        )
        return Answer(
            201,
            {"services": ["platform"], "timeout_absolute": 14400, "timeout_inactive": 900, "username": USER},
            cookies,
        )

    def _knows(self, request: Request) -> bool:
        """The cookie of a session, and the token of the same with the address it was made for."""
        cookies = dict(part.strip().split("=", 1) for part in request.headers.get("Cookie", "").split(";") if part)
        session = cookies.get("isisessid", "")
        token = request.headers.get("X-CSRF-Token") == f"token-{session}" and "Referer" in request.headers
        return session in self.sessions and token

    @staticmethod
    def _config(_query: object) -> dict[str, Any]:
        return {"name": "archive", "guid": "0050", "onefs_version": {"release": "9.5.0.0", "version": "Isilon OneFS"}}

    @staticmethod
    def _nodes(_query: object) -> dict[str, Any]:
        drives = [
            {"baynum": 1, "present": True, "ui_state": "HEALTHY"},
            {"baynum": 2, "present": True, "ui_state": "HEALTHY"},
            {"baynum": 3, "present": True, "ui_state": "SMARTFAIL"},
            {"baynum": 4, "present": False, "ui_state": "EMPTY"},
        ]
        return {"nodes": [{"id": 11, "lnn": 1, "drives": drives}, {"id": 12, "lnn": 2, "drives": drives[:2]}]}

    def _statistics(self, query: Any) -> dict[str, Any]:
        """Each node answers for itself; for a node that is down there is an error and no value."""
        assert query["degraded"] == "true"
        assert query["devid"] == "all"
        found = []
        for key in query["keys"].split(","):
            for devid, lnn in ((11, 1), (12, 2)) if key.startswith("node.") else ((0, 0),):
                stat = {"devid": devid, "node": lnn or None, "key": key, "time": 1700000000, "error": None}
                if key not in self.stats:
                    stat |= {"error": "Statistics key not present", "error_code": NOT_PRESENT, "value": None}
                elif lnn in self.down:
                    stat |= {"error": "Operation timed out", "error_code": TIMED_OUT, "value": None}
                else:
                    stat |= {"error_code": None, "value": self.stats[key]}
                found.append(stat)
        return {"stats": found}

    @staticmethod
    def _quotas(query: Any) -> dict[str, Any]:
        """Two pages: the second by its token alone."""
        if "resume" in query:
            assert set(query) == {"resume"}
            return {"quotas": [_quota("/ifs/data", 10.0, include_snapshots=True), _quota("/ifs/home", 7.0)]}
        limits: dict[str, Any] = {"hard": 100.0, "hard_exceeded": False, "soft": 80.0, "soft_exceeded": True}
        return {"quotas": [_quota("/ifs/data", 90.0, **limits)], "resume": "1-MAAA-0"}

    @staticmethod
    def _events(query: Any) -> dict[str, Any]:
        assert query["resolved"] == "false"
        return {"eventgroups": [{"id": "1", "severity": "critical", "resolved": False}], "total": 1}


def _quota(path: str, used: float, *, include_snapshots: bool = False, **limits: Any) -> dict[str, Any]:
    usage = {"fslogical": used, "fsphysical": used * 1.2, "inodes": 5}
    thresholds = {"hard": None, "soft": None, "advisory": None, **limits}
    return {
        "id": f"{path}-{include_snapshots}",
        "path": path,
        "type": "directory",
        "persona": None,
        "include_snapshots": include_snapshots,
        "usage": usage,
        "thresholds": thresholds,
    }
