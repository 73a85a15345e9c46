"""Two migrations that were made side by side, made one line again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0005_book_steps"), ("metrics", "0005_line_lookups")]

    operations = []
