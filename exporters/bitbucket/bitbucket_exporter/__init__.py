"""Prometheus metrics of the repositories of a Bitbucket Data Center, by its REST API."""

__version__ = "1.0.0"
