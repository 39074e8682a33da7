"""Who may do what: the pods of a stack, its permissions, its network policies and where its images come from."""
