"""Compares a running deployment of a stack with its plan. docs/verify.md lists what is compared."""
