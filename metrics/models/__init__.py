"""The tables of metrics, by room: where data comes from, what it says, which policy reads it, and what came out."""

from metrics.models.assignments import AssignmentKind, RepAssignment
from metrics.models.books import ArrBook, BookCohort, BookMonth, BookPatch, BookSeries, BookState, BookStep, Recognition
from metrics.models.closes import CloseBalance, CloseBridge, CloseDetail, MonthClose
from metrics.models.intake import ContractImport, ImportFault, Source
from metrics.models.lines import ArrivedLines, ContractLine, LineChange, LineColumns, LineStamp
from metrics.models.policies import PolicyVersion
from metrics.models.quality import FindingState, QualityDay, QualityEvent, QualityFinding, QualityMonitor
from metrics.models.rates import FxRate, RateChange, RateImport
from metrics.models.reconciliation import AccountExplanation, AccountMapping, ReconciliationSetting
from metrics.models.samples import SampleContract

__all__ = [
    "AccountExplanation",
    "AccountMapping",
    "ArrBook",
    "ArrivedLines",
    "AssignmentKind",
    "BookCohort",
    "BookMonth",
    "BookPatch",
    "BookSeries",
    "BookState",
    "BookStep",
    "CloseBalance",
    "CloseBridge",
    "CloseDetail",
    "ContractImport",
    "ContractLine",
    "FindingState",
    "FxRate",
    "ImportFault",
    "LineChange",
    "LineColumns",
    "LineStamp",
    "MonthClose",
    "PolicyVersion",
    "QualityDay",
    "QualityEvent",
    "QualityFinding",
    "QualityMonitor",
    "RateChange",
    "RateImport",
    "Recognition",
    "ReconciliationSetting",
    "RepAssignment",
    "SampleContract",
    "Source",
]
