"""Service level objectives: from an objective to recording rules and burn-rate alerts."""
