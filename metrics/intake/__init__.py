"""Intake: bytes and a mapping in, a frame and named faults out. No Django, no database.

This package file stays empty of imports: `python -m metrics.intake.workbook` must start without Polars.
"""
