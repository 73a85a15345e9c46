"""`manage.py playbook_import FILE [--firm SLUG]`: read a project's task list, say what is in it, keep it for a firm."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from engagements.playbook.build import PlaybookError
from engagements.playbook.files import read_file
from engagements.playbook.schema import Playbook
from engagements.services.playbooks import playbook_create
from metrics.files import file_name_shown
from portal.tenancy.actor import acting_as
from portal.tenancy.commands import ACTOR
from portal.tenancy.models import Firm


class Command(BaseCommand):
    help = "Read a playbook (a task list as text, YAML or Markdown), report what does not tie, and keep it for a firm."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--firm", metavar="SLUG", help="keep it among this firm's playbooks; without it, only look")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            report = read_file(path.name, path.read_text(encoding="utf-8"))
        except PlaybookError as error:
            raise CommandError("\n".join(str(fault) for fault in error.faults)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        self.stdout.write("\n".join(told(report.playbook)))
        for finding in report.findings:
            self.stdout.write(f"Does not tie: {finding}")
        if options["firm"]:
            self.keep(options["firm"], report.playbook, file_name_shown(path.name))

    def keep(self, slug: str, playbook: Playbook, origin: str) -> None:
        """Save it as a new playbook of the firm."""
        firm = Firm.objects.filter(slug=slug).first()
        if firm is None:
            raise CommandError(f"there is no firm '{slug}'")
        with acting_as(ACTOR):
            version = playbook_create(firm=firm, playbook=playbook, origin=origin)
        self.stdout.write(f"Kept for {firm} as '{version.playbook.key}', version {version.number}.")


def told(playbook: Playbook) -> list[str]:
    """What is in it, in a few lines."""
    lists = [each for milestone in playbook.milestones for each in milestone.lists]
    tasks = [task for each in lists for task in each.tasks]
    points = sum(len(task.points) for task in tasks)
    lines = [playbook.name]
    for milestone in playbook.milestones:
        budget = f" ({milestone.hours} h)" if milestone.hours else ""
        lines.append(f"  {milestone.name}{budget}: {sum(len(each.tasks) for each in milestone.lists)} tasks")
    counted = f"{len(playbook.milestones)} milestones, {len(lists)} task lists, {len(tasks)} tasks, {points} points"
    return [*lines, f"{counted}, {len(playbook.phases)} phases."]
