"""Is what a stack deploys accepted by what will read it: the API server's schemas, and each file's own program."""
