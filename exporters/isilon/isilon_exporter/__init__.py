"""Prometheus metrics of an Isilon (PowerScale) cluster, by the OneFS platform API."""

__version__ = "1.0.0"
