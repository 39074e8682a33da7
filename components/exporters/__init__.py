"""Exporters that are deployed because a system cannot be scraped by itself; each has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.base import Component
from components.exporters import blackbox, oracle, own, pushgateway, redis, statsd
from components.exporters.workload import Exporter
from components.helm import chart
from components.keep_lists import Keep
from components.resources import Probe, Secret, ServiceMonitor
from components.services import BLACKBOX_EXPORTER, PUSHGATEWAY, STATSD_EXPORTER, Services
from components.sizes import sizing
from components.specs.monitors import ServiceMonitorSpec
from components.workloads import ServiceAccount
from settings import Secrets, Settings
from settings.exporters import (
    ORACLE_KEYS,
    REDIS_KEYS,
    BlackboxSettings,
    OracleSettings,
    Own,
    OwnKind,
    RedisSettings,
    StatsdSettings,
)
from settings.parts import PartName

__all__ = ["Exporters"]


class Exporters(Component):
    """Every exporter that the settings name, and nothing where they name none."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        secrets: Secrets,
        keep: Keep,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self._settings, self._secrets, self._keep, self._size = settings, secrets, keep, sizing(settings)
        self._services = Services(settings)
        wanted = settings.exporters
        if wanted.statsd is not None:
            self._statsd(wanted.statsd)
        for instance, one in wanted.redis.items():
            self._redis(instance, one)
        if wanted.blackbox is not None:
            self._blackbox(wanted.blackbox)
        if wanted.pushgateway is not None:
            self._pushgateway()
        for instance, database in wanted.oracle.items():
            self._oracle(instance, database)
        for (kind, instance), reader in wanted.own.items():
            self._own(kind, instance, reader)
        self.register_outputs({})

    def _statsd(self, wanted: StatsdSettings) -> None:
        values = statsd.statsd_values(self._settings, wanted, self._size[PartName.STATSD_EXPORTER])
        needed = [self._account(STATSD_EXPORTER)]
        monitor = statsd.statsd_monitor(self._settings, wanted, self._keep)
        self._chart(statsd.CHART, STATSD_EXPORTER, values, monitor, needed)

    def _redis(self, instance: str, wanted: RedisSettings) -> None:
        release = self._services.redis_exporter(instance).name
        needed = [self._account(release)]
        if wanted.secret:
            needed.append(self._secret(release, {REDIS_KEYS[0]: wanted.secret}, {}))
        values = redis.redis_values(self._settings, instance, wanted, self._size[PartName.REDIS_EXPORTER])
        self._chart(redis.CHART, release, values, redis.redis_monitor(self._settings, instance, self._keep), needed)

    def _blackbox(self, wanted: BlackboxSettings) -> None:
        values = blackbox.blackbox_values(self._settings, wanted, self._size[PartName.BLACKBOX_EXPORTER])
        monitor = blackbox.blackbox_monitor(self._settings, self._keep)
        self._chart(blackbox.CHART, BLACKBOX_EXPORTER, values, monitor)
        for name, target in wanted.targets.items():
            spec = blackbox.probe_spec(self._settings, name, target, self._keep)
            Probe(f"{blackbox.PROBE_JOB}-{name}", spec, namespace=self._settings.namespace, opts=self.child())

    def _pushgateway(self) -> None:
        values = pushgateway.pushgateway_values(self._settings, self._size[PartName.PUSHGATEWAY])
        self._chart(pushgateway.CHART, PUSHGATEWAY, values, pushgateway.pushgateway_monitor(self._settings))

    def _oracle(self, instance: str, wanted: OracleSettings) -> None:
        name, (username, password) = self._services.oracle_exporter(instance).name, ORACLE_KEYS
        made = (
            [self._secret(name, {password: wanted.secret}, {username: wanted.username or ""})] if wanted.secret else []
        )
        workload = oracle.oracle_workload(self._settings, instance, wanted, self._size[PartName.ORACLE_EXPORTER])
        monitor = oracle.oracle_monitor(self._settings, instance, wanted, self._keep)
        Exporter(name, workload, monitor, self.child(depends_on=made))

    def _own(self, kind: OwnKind, instance: str, wanted: Own) -> None:
        workload = own.own_workload(self._settings, kind, instance, wanted, self._size[own.PARTS[kind]])
        name, (keys, plain) = workload.service.name, own.secret_data(wanted)
        made = [self._secret(name, keys, plain)] if keys else []
        monitor = own.own_monitor(self._settings, kind, instance, wanted, self._keep)
        Exporter(name, workload, monitor, self.child(depends_on=made))

    def _chart(
        self,
        name: str,
        release: str,
        values: Mapping[str, object],
        monitor: ServiceMonitorSpec,
        needed: Sequence[pulumi.Resource] = (),
    ) -> None:
        namespace, source = self._settings.namespace, self._settings.chart_source
        opts = self.child(depends_on=list(needed))
        chart(name, release=release, source=source, namespace=namespace, values=values, opts=opts)
        ServiceMonitor(release, monitor, namespace=namespace, opts=self.child())

    def _account(self, name: str) -> pulumi.Resource:
        return ServiceAccount(name, namespace=self._settings.namespace, token=False, opts=self.child())

    def _secret(self, name: str, keys: Mapping[str, str], plain: Mapping[str, str]) -> pulumi.Resource:
        """``keys``: key -> config key of a Pulumi secret. A preview may lack it: the Secret keeps its shape."""
        data = {**plain, **{key: self._secrets.values.get(config, "") for key, config in keys.items()}}
        return Secret(name, data, namespace=self._settings.namespace, opts=self.child())
