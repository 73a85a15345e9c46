"""The tables of metrics, by room: where data comes from, what it says, which policy reads it, and what came out."""

from metrics.models.books import ArrBook, BookBridge, BookCohort, BookMovement, BookRetention
from metrics.models.closes import CloseBalance, CloseBridge, MonthClose
from metrics.models.intake import ContractImport, ImportFault, Source
from metrics.models.lines import ContractLine, LineChange
from metrics.models.policies import PolicyVersion
from metrics.models.rates import FxRate, RateImport

__all__ = [
    "ArrBook",
    "BookBridge",
    "BookCohort",
    "BookMovement",
    "BookRetention",
    "CloseBalance",
    "CloseBridge",
    "ContractImport",
    "ContractLine",
    "FxRate",
    "ImportFault",
    "LineChange",
    "MonthClose",
    "PolicyVersion",
    "RateImport",
    "Source",
]
