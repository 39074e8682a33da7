"""Which values a Helm chart really reads: derived from its values.yaml, its templates and the CRDs it brings."""

from obs.chartkeys.assemble import ChartKeys, ValuesSchema
from obs.chartkeys.load import chart_keys_from_archive, chart_keys_from_files

__all__ = ["ChartKeys", "ValuesSchema", "chart_keys_from_archive", "chart_keys_from_files"]
