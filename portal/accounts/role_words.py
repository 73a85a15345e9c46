"""What each role of a client may see and do, in one line for whoever invites; `portal.tenancy.permissions` is what decides."""

from typing import Final

from portal.tenancy.models import ClientRole

WORDS: Final[dict[str, str]] = {
    ClientRole.ADMIN: "Sees everything, imports data, closes months, and manages people, settings and tokens.",
    ClientRole.REVOPS: "Sees everything but settings, imports data, closes months and makes tokens.",
    ClientRole.FINANCE: "Sees numbers, contracts, policy and audit log, imports data and closes months.",
    ClientRole.EXECUTIVE: "Sees numbers and policy, answers definitions and signs; no contract data.",
    ClientRole.SALES: "Sees numbers and policy, and answers definitions; no contract data.",
    ClientRole.SUCCESS: "Sees numbers and policy, and answers definitions; no contract data.",
    ClientRole.ANALYST: "Sees numbers, contracts and policy, and changes nothing.",
    ClientRole.SALES_MANAGER: "Sees the policy and answers definitions; no numbers of the whole company.",
    ClientRole.REGIONAL_LEAD: "Sees the policy and answers definitions; no numbers of the whole company.",
    ClientRole.SALES_REP: "Sees the policy and answers definitions; no numbers of the whole company.",
    ClientRole.STAKEHOLDER: "Sees the policy and the project, and answers definitions; no numbers.",
}
ROLES_IN_WORDS: Final = [(role.label, WORDS[role]) for role in ClientRole]
