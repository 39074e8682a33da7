"""Offline checks of what a stack deploys. docs/checks.md explains every check."""
