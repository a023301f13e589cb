"""
Drop the indexes another one already covers, and those no question asks (索引各有所用).

Every row of a case is written under each index of its table; half of them were never read.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0005_whole_city_lists_by_index'),
        ('catalogue', '0002_published_versions_are_frozen'),
        ('organisation', '0001_initial'),
        ('residents', '0002_elder_version'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(fields=('number',), name='case_number_once'),
        ),
        migrations.AlterField(
            model_name='case',
            name='applicant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='residents.resident'),
        ),
        migrations.AlterField(
            model_name='case',
            name='department',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='organisation.department'),
        ),
        migrations.AlterField(
            model_name='case',
            name='intake_division',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.division'),
        ),
        migrations.AlterField(
            model_name='case',
            name='number',
            field=models.CharField(db_collation='C', max_length=24, verbose_name='办事编号'),
        ),
        migrations.AlterField(
            model_name='case',
            name='submitted_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='case',
            name='version',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='catalogue.serviceversion'),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='actor',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='case',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='cases.case'),
        ),
        migrations.AlterField(
            model_name='casestep',
            name='case',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='cases.case'),
        ),
        migrations.AlterField(
            model_name='casestep',
            name='claimed_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='casestep',
            name='department',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisation.department'),
        ),
        migrations.AlterField(
            model_name='casestep',
            name='done_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='casestep',
            index=models.Index(condition=models.Q(('claimed_by__isnull', False), ('state', 'open')), fields=['claimed_by'], name='step_claimed'),
        ),
    ]
