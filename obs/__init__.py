"""The workbench: records, renders, checks and reports what the program would deploy."""
