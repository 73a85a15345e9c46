"""What the operations on definitions take and answer."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.models import Function, ItemKind, ItemState, SignerState, SignoffMode, SignoffState, Verdict
from metrics.api.fields import AmountField, PersonField
from portal.tenancy.api_input import StrictSerializer
from portal.tenancy.api_paging import PageParameters

LONGEST, LONGEST_NOTE = 8000, 1000


@extend_schema_field({})
class ValueField(serializers.JSONField):
    """A parameter's value: a text, a whole number, a list of texts, or null."""


class StandingSerializer(serializers.Serializer[Any]):
    """What a function says about an item: yes, no, propose, lapsed or waiting."""

    function = serializers.ChoiceField(Function.choices)
    says = serializers.ChoiceField(["yes", "no", "propose", "lapsed", "waiting"], source="state")


class DefinitionSerializer(serializers.Serializer[Any]):
    """A question or term; it is assumed until the client confirms exactly what `sha256` is of."""

    key = serializers.CharField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(ItemKind.choices)
    title = serializers.CharField()
    question = serializers.CharField()
    definition = serializers.CharField(allow_blank=True)
    answer = serializers.CharField()
    rationale = serializers.CharField(allow_blank=True)
    edges = serializers.ListField(child=serializers.CharField())
    parameter = serializers.CharField(allow_blank=True, help_text="The engine's parameter that it sets, if any.")
    value = ValueField(allow_null=True)
    functions = serializers.ListField(child=serializers.ChoiceField(Function.choices))
    is_critical = serializers.BooleanField()
    state = serializers.ChoiceField(ItemState.choices)
    confirmed_by = serializers.CharField(allow_blank=True)
    confirmed_in = serializers.CharField(allow_blank=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Send it with a change: 409 where somebody was faster.")
    sha256 = serializers.CharField(help_text="Send it with an answer: it is about exactly this content.")


class DefinitionDetailSerializer(DefinitionSerializer):
    """An item with what each function says about it."""

    standing = StandingSerializer(many=True)


class DefinitionChangeSerializer(StrictSerializer):
    """A change of an item's content. What is left out stays."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    title = serializers.CharField(required=False, max_length=200)
    question = serializers.CharField(required=False, max_length=LONGEST)
    definition = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST)
    answer = serializers.CharField(
        required=False, max_length=LONGEST, help_text="Of an item without a parameter; else its value says it."
    )
    rationale = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST)
    value = ValueField(required=False, allow_null=True)
    is_critical = serializers.BooleanField(required=False)
    functions = serializers.ListField(
        required=False, child=serializers.ChoiceField(Function.choices), min_length=1, max_length=len(Function)
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTE)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class DefinitionConfirmSerializer(StrictSerializer):
    """Who confirmed it, and in which meeting."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    by = serializers.CharField(max_length=200)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)


class DefinitionReopenSerializer(StrictSerializer):
    """Why it is opened again."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    note = serializers.CharField(max_length=LONGEST_NOTE)


class AnswerGiveSerializer(StrictSerializer):
    """What the token's person says about exactly the content that `sha256` is of."""

    sha256 = serializers.CharField(max_length=64)
    verdict = serializers.ChoiceField(Verdict.choices)
    comment = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=LONGEST, help_text="Needed with a no and a proposal."
    )


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer; it counts as long as `sha256` is that of the item."""

    id = serializers.IntegerField()
    key = serializers.CharField(source="item.key")
    function = serializers.ChoiceField(Function.choices)
    person = PersonField(source="user")
    verdict = serializers.ChoiceField(Verdict.choices)
    comment = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField()
    at = serializers.DateTimeField()


class AnswersSerializer(serializers.Serializer[Any]):
    """The answers that were recorded, one for each function that the person speaks for."""

    results = AnswerSerializer(many=True)


class AnswerParameters(PageParameters):
    """Of which item."""

    key = serializers.SlugField(required=False, max_length=60)


class DocumentSerializer(serializers.Serializer[Any]):
    """A version of the policy as a document; it never changes."""

    number = serializers.IntegerField()
    is_final = serializers.BooleanField()
    meeting = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField(help_text="Of the artifact: `…/file/?kind=json`.")
    created_by = PersonField()
    created_at = serializers.DateTimeField()


class DocumentEntrySerializer(serializers.Serializer[Any]):
    """An item as a document keeps it."""

    content = serializers.DictField()
    sha256 = serializers.CharField()
    state = serializers.ChoiceField(ItemState.choices)
    confirmed_by = serializers.CharField(allow_blank=True)
    confirmed_in = serializers.CharField(allow_blank=True)


class DocumentDetailSerializer(DocumentSerializer):
    """A document with its items and the parameters that they set."""

    items = DocumentEntrySerializer(many=True, source="content.items")
    parameters = serializers.DictField(source="content.parameters")


class DocumentNewSerializer(StrictSerializer):
    """Put all items together into the next version."""

    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTE)
    final = serializers.BooleanField(required=False, default=False)


class FileParameters(StrictSerializer):
    """Which file."""

    kind = serializers.ChoiceField(["json", "pdf"], required=False, default="json")


class DiffParameters(StrictSerializer):
    """Against which earlier version."""

    against = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class EditSerializer(serializers.Serializer[Any]):
    """A field before and after."""

    field = serializers.CharField()
    before = ValueField(allow_null=True)
    after = ValueField(allow_null=True)


class ChangedSerializer(serializers.Serializer[Any]):
    """An item that the two versions have otherwise."""

    title = serializers.CharField()
    edits = EditSerializer(many=True)


class PolicyEffectSerializer(serializers.Serializer[Any]):
    """ARR at the newest month end under the earlier and the later version; null where there is no figure."""

    currency = serializers.CharField()
    before = AmountField(allow_null=True)
    after = AmountField(allow_null=True)
    change = AmountField(allow_null=True)


class DiffSerializer(serializers.Serializer[Any]):
    """What a later version says otherwise. `effect` is null where the parameters agree or the token may not read ARR."""

    before = serializers.IntegerField()
    after = serializers.IntegerField()
    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())
    changed = ChangedSerializer(many=True)
    confirmed = serializers.ListField(child=serializers.CharField())
    opened = serializers.ListField(child=serializers.CharField())
    still_assumed = serializers.ListField(child=serializers.CharField())
    effect = PolicyEffectSerializer(allow_null=True)


class SignerSerializer(serializers.Serializer[Any]):
    """Somebody who signs, or was asked to."""

    person = PersonField(source="signer.user")
    function = serializers.ChoiceField(Function.choices, source="signer.function")
    state = serializers.ChoiceField(SignerState.choices, source="signer.state")
    signed_at = serializers.DateTimeField(source="signature.signed_at", allow_null=True, default=None)
    lapsed = serializers.ListField(
        child=serializers.CharField(), help_text="Items under which this signature no longer stands."
    )


class SignoffSerializer(serializers.Serializer[Any]):
    """The latest sign-off of a version. Signing needs a person on a page: no token signs."""

    state = serializers.ChoiceField(SignoffState.choices, source="signoff.state")
    mode = serializers.ChoiceField(SignoffMode.choices, source="signoff.mode")
    quorum = serializers.IntegerField(source="signoff.quorum")
    requested_by = PersonField(source="signoff.requested_by")
    requested_at = serializers.DateTimeField(source="signoff.requested_at")
    closed_at = serializers.DateTimeField(source="signoff.closed_at", allow_null=True)
    stands = serializers.BooleanField(help_text="Signed, and nothing under it has changed since.")
    signers = SignerSerializer(many=True)
    policy = serializers.IntegerField(
        source="publication.policy_version.number", allow_null=True, default=None,
        help_text="The version of the engine's policy that it became.",
    )  # fmt: skip


class CertificateSerializer(serializers.Serializer[Any]):
    """The certificate: `signature` is Ed25519 over the canonical JSON of `content`. docs/verify_certificate.py checks it."""

    content = serializers.DictField()
    signature = serializers.CharField()
    key_id = serializers.CharField()
    issued_at = serializers.DateTimeField()
