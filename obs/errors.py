"""What the workbench refuses, in one message that says where, what and what is allowed."""


class ObsError(Exception):
    """Base of every expected error: the command line shows its message and no traceback."""
