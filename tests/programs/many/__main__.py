"""Components of ten custom resources each, `count` resources in all: the input that `obs.bench` measures."""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

CHILDREN = 10


class Part(pulumi.ComponentResource):
    def __init__(self, name: str, children: int, namespace: pulumi.Input[str]) -> None:
        super().__init__("many:index:Part", name)
        for number in range(children):
            rules = [
                {"record": f"a:b{index}:sum", "expr": "sum(up)", "labels": {"n": str(index)}} for index in range(5)
            ]
            CustomResource(
                f"{name}-{number}",
                api_version="monitoring.coreos.com/v1",
                kind="PrometheusRule",
                metadata={"name": f"{name}-{number}", "namespace": namespace},
                spec={"groups": [{"name": "g", "rules": rules}]},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


count = pulumi.Config().require_int("count")
base = Part("base", 0, "monitoring")
namespace = base.urn.apply(lambda _: "monitoring")
registered = 1
while registered < count:
    size = min(CHILDREN, count - registered - 1)
    Part(f"part-{registered}", size, namespace)
    registered += size + 1
pulumi.export("count", registered)
