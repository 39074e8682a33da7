"""A package, so that the type checker can tell this __main__ from the project's own."""
