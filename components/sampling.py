"""What the collector tells Tempo of a trace that it kept for others."""

SAMPLING_RATIO = "sampling.ratio"
"""Attribute of a span: the share of its kind that is kept, as a double; 0.1 where one trace of ten is.

Tempo counts such a span 1/share times (grafana/tempo modules/generator/processor/util.GetSpanMultiplier, the same in
2.10 and 3.0). An integer, a text or a value that is not above 0 counts once, as does a span without the attribute.
"""
