"""What every component of this program is made of."""

from __future__ import annotations

from typing import Any

import pulumi


class Component(pulumi.ComponentResource):
    """A group of resources, type ``dataops:observability:<class>``.

    Pulumi does not hand a component's ``depends_on`` down to its children: without :meth:`child` they would
    be made at once, before what the component waits for.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(f"dataops:observability:{type(self).__name__}", name, None, opts)
        self._depends_on = opts.depends_on if opts else None

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child: this component as parent, and everything that this component waits for."""
        own = pulumi.ResourceOptions(parent=self, depends_on=self._depends_on)
        return pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(**options))
