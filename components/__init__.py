"""Pulumi component resources: one file for each part that is deployed."""
