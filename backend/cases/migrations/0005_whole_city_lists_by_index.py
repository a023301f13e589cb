"""待办: the city's own desks, and the paused cases behind a blue light, found without a scan."""

from django.db import migrations, models

OPEN = models.Q(("state", "open"))


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_step_keys_may_be_words")]
    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["-submitted_at", "-id"], name="case_newest"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("paused_on__isnull", False)), fields=["id"], name="case_paused"
            ),
        ),
        migrations.AddIndex(
            model_name="casestep",
            index=models.Index(condition=OPEN, fields=["due_on", "id"], name="step_todo_city"),
        ),
    ]
