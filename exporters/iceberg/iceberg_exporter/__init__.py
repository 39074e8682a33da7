"""Prometheus metrics of the tables of an Iceberg catalog."""

__version__ = "1.0.0"
