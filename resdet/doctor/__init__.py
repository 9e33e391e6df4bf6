"""`resdet doctor`: what this machine has, what is wrong with it, and the remedy of each."""

from resdet.doctor.findings import LEVELS, Finding, examine, report

__all__ = ["LEVELS", "Finding", "examine", "report"]
