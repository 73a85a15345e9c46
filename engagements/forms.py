"""Forms of playbooks."""

from typing import Any

from django import forms

from engagements.playbook.build import LARGEST, PlaybookError
from engagements.playbook.files import read_file, read_text
from engagements.playbook.schema import Playbook

FORM_CHOICES = [("md", "Markdown"), ("yaml", "YAML")]


class PlaybookTextForm(forms.Form):
    """A playbook as text; `playbook` holds it once the form is valid, `faults` what is wrong with it."""

    form = forms.ChoiceField(choices=FORM_CHOICES, widget=forms.HiddenInput)
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    text = forms.CharField(
        label="The playbook", widget=forms.Textarea(attrs={"rows": 28, "class": "form-control mono", "spellcheck": "false"})
    )  # fmt: skip
    note = forms.CharField(label="What you changed and why", max_length=400, required=False)
    playbook: Playbook

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: tuple[Any, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "text" in cleaned and "form" in cleaned:
            try:
                self.playbook = read_text(cleaned["form"], cleaned["text"]).playbook
            except PlaybookError as error:
                self.faults = error.faults
                self.add_error(None, f"Not saved: {len(error.faults)} thing{'s' * (len(error.faults) != 1)} to mend.")
        return cleaned


class PlaybookFileForm(forms.Form):
    """A file with a playbook in it: YAML, Markdown, or a task list as text."""

    file = forms.FileField(label="File", help_text="YAML, Markdown, or a task list as text. Up to 256 KB.")
    playbook: Playbook
    findings: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: tuple[Any, ...] = ()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("The file is larger than 256 KB.")
        try:
            report = read_file(file.name, file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is no text in UTF-8.") from error
        except PlaybookError as error:
            self.faults = error.faults
            raise forms.ValidationError("Nothing was imported: the file has faults, listed below.") from error
        self.playbook, self.findings = report.playbook, report.findings
        return file


class PublishForm(forms.Form):
    """Publishing a draft: `revision` and `onto` are what the person saw the difference of."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    onto = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    note = forms.CharField(label="What you changed and why", max_length=400, required=False)

    def renew(self, *, revision: int, onto: int) -> None:
        """Show the difference that is there now as seen, with the note as it was written."""
        said = self.data.get("note", "") if self.is_bound else ""
        self.data = {"revision": revision, "onto": onto, "note": said}
        if not self.is_bound:
            self.initial = self.data
