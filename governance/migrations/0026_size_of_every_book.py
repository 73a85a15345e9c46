"""What decides about a restating change may be what it makes of CARR or LARR, and is measured against what was reported."""

from django.db import migrations, models

BOOKS = [("start", "ARR"), ("signed", "CARR"), ("live", "LARR")]


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0025_follow_ups_of_nobody"),
    ]

    operations = [
        migrations.AddField(
            model_name="changepreview",
            name="effect_book",
            field=models.CharField(
                blank=True,
                choices=BOOKS,
                default="",
                help_text="Of which book, where what is restated is of another one than the own",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="changeeffect",
            name="reported_of",
            field=models.CharField(blank=True, choices=BOOKS, default="", max_length=10),
        ),
    ]
