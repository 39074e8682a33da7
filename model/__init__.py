"""The vocabulary of the project. Imports nothing of the project and never pulumi."""
