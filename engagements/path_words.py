"""The states of what the firm offers after a single project, as people read them."""

from typing import Final

PATH_LABELS: Final = {
    "to_offer": "To be offered",
    "services_offered": "Managed services offered",
    "services_agreed": "Managed services agreed",
    "services_declined": "Managed services declined",
    "project_offered": "Another project offered",
    "project_agreed": "Another project agreed",
    "later": "Later",
    "given_up": "Given up",
}
