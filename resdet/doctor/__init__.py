"""`resdet doctor`: what this machine has, what is wrong with it, and the remedy of each."""

from resdet.doctor.finding import LEVELS, Finding
from resdet.doctor.findings import examine, report

__all__ = ["LEVELS", "Finding", "examine", "report"]
