"""Severities' way to people: routing, receivers, inhibition, heartbeat."""
