"""The stack's settings: the only reader of ``pulumi.Config``.

Top-level defaults are in Pulumi.yaml, where Pulumi applies them; those of parts are in the parts.
"""

from settings.load import Secrets, load, refusal, refuse
from settings.stack import Settings

__all__ = ["Secrets", "Settings", "load", "refusal", "refuse"]
