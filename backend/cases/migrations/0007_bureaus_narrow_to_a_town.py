"""待办 of a bureau, narrowed to one of its towns, by index."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_each_index_earns_its_keep'),
        ('organisation', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='casestep',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['department', 'town_code', 'due_on', 'id'], name='step_todo_department_town'),
        ),
    ]
