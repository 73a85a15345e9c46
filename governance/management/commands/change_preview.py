"""`manage.py change_preview`: compute what a change request would do; the worker does the same by itself."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from governance.models import PreviewState
from governance.selectors.changes import change_get
from governance.services.change_preview import preview_run, preview_start, previews_finish
from governance.services.problems import DefinitionError
from metrics.figures import from_cents
from portal.tenancy.commands import StepsCommand
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


class Command(StepsCommand):
    help = "Compute the impact of a change request (--number), or of all that wait for it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, metavar="N", help="the request CR-N; without it, all that wait")

    def work(self, client: Client, options: dict[str, Any]) -> None:
        if options["number"] is None:
            found = previews_finish(client=client)
            self.stdout.write(f"{len(found)} computed.")
            return
        with tenant_context(client):
            request = change_get(options["number"])
            if request is None:
                raise CommandError(f"there is no CR-{options['number']}")
            try:
                preview = preview_start(request=request, user=None)
            except DefinitionError as error:
                raise CommandError(str(error)) from error
        if preview.state == PreviewState.WORKING:
            preview = preview_run(client=client, preview_id=preview.pk) or preview
        if preview.state == PreviewState.FAILED:
            raise CommandError(preview.message)
        effect = (
            "no money moves"
            if preview.effect_cents is None
            else f"ARR moves by up to {from_cents(abs(preview.effect_cents))}"
        )
        self.stdout.write(f"CR-{options['number']}: {preview.state}, {effect}, sha256 {preview.sha256}")
