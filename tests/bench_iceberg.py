"""How our Iceberg exporter does on 1,000 tables: not a test, run by `make bench-iceberg`.

A lake is made once below the temporary folder (a minute or two). The exporter runs as a process of its own, as it is
deployed; what is printed is what docs/how-to/own-exporters.md says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import yaml
from lake import Lake, rows
from scraped import Scraped, parsed


def made(folder: Path, tables: int, commits: int) -> Lake:
    """The lake; one that is there is taken as it is."""
    done = folder / "done"
    there = done.is_file()
    folder.mkdir(parents=True, exist_ok=True)
    lake = Lake(folder)
    if not there:
        begun = time.monotonic()
        for number in range(tables):
            lake.table(f"db{number % 10}.t{number}", commits=commits, per_commit=10)
        done.touch()
        print(f"made {tables} tables of {commits} commits in {time.monotonic() - begun:.0f} s")
    return lake


class Process:
    """The exporter, as a process."""

    def __init__(self, lake: Lake, concurrency: int, port: int) -> None:
        config = lake.folder / "config.yaml"
        settings = {
            "name": "lake",
            "catalog": lake.properties,
            "address": "127.0.0.1",
            "port": port,
            "interval": 5,
            "concurrency": concurrency,
        }
        config.write_text(yaml.safe_dump(settings))
        environment = {**os.environ, "ICEBERG_CONFIG": str(config)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "iceberg_exporter"], env=environment, stdout=subprocess.DEVNULL
        )
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.scrapes: list[float] = []

    def scrape(self) -> Scraped | None:
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(self._url, timeout=30) as answer:
                text = answer.read()
        except OSError:
            return None
        self.scrapes.append(time.monotonic() - begun)
        return parsed(text)

    def after_scans(self, count: int) -> Scraped:
        """Scrapes all the while, as a Prometheus in a hurry would."""
        while True:
            shown = self.scrape()
            if shown and shown.value("iceberg_exporter_scans_total", result="ok") >= count:
                return shown
            time.sleep(0.5)

    @property
    def memory(self) -> int:
        """Bytes now."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def stop(self) -> float:
        begun = time.monotonic()
        self._process.terminate()
        self._process.wait(timeout=20)
        return time.monotonic() - begun


def report(name: str, shown: Scraped, process: Process) -> None:
    seconds = shown.value("iceberg_exporter_scan_duration_seconds")
    cpu = shown.value("process_cpu_seconds_total")
    memory = process.memory / 2**20
    print(f"{name}: {seconds:.1f} s, CPU {cpu:.1f} s so far, memory {memory:.0f} MiB, {len(shown.values)} series")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--port", type=int, default=18765)
    given = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / f"bench-iceberg-{given.tables}-{given.commits}"
    lake = made(folder, given.tables, given.commits)
    process = Process(lake, given.concurrency, given.port)
    try:
        report("first scan (everything is read)", process.after_scans(1), process)
        report("second scan (nothing has changed)", process.after_scans(2), process)
        for number in range(given.tables // 10):
            lake.catalog.load_table(f"db{number % 10}.t{number}").append(rows(5))
        before = process.after_scans(1).value("iceberg_exporter_scans_total", result="ok")
        report("after a commit to a tenth of them", process.after_scans(int(before) + 1), process)
        scrapes = sorted(process.scrapes)
        print(
            f"scrapes: {len(scrapes)}, median {statistics.median(scrapes):.3f} s, "
            f"95th percentile {scrapes[int(len(scrapes) * 0.95)]:.3f} s, longest {scrapes[-1]:.3f} s"
        )
    finally:
        print(f"ended {process.stop():.2f} s after SIGTERM")


if __name__ == "__main__":
    main()
