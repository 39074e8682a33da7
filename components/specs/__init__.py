"""Strict models of the operator's custom resources, compared field by field with its CRDs by a test.

Import from the module of the kind: a program pays only for the kinds that it uses (43 models take 22 ms).
"""
