"""补正 knows its office, its revision and its reminders; 更正 keeps what answers were before."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE cases_supplement told SET department_id = step.department_id
  FROM cases_casestep step
 WHERE step.case_id = told.case_id AND step.key = told.step
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0010_materials_are_checked_and_replaced"),
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "supplement",
            "department",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organisation.department",
            ),
        ),
        migrations.RunSQL(
            [FILL, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"],
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            "supplement",
            "department",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organisation.department",
            ),
        ),
        migrations.AddField(
            "supplement",
            "revision",
            models.PositiveIntegerField(
                "版次", db_default=0, default=0, help_text="每次补正加一, 两台设备据此发现冲突"
            ),
        ),
        migrations.AddField(
            "supplement",
            "reminded",
            models.PositiveSmallIntegerField(
                "已提醒", db_default=0, default=0, help_text="1 到期前3个工作日 2 前1天"
            ),
        ),
        migrations.AddField(
            "defect",
            "revision",
            models.PositiveIntegerField("补正于版次", db_default=0, default=0),
        ),
        migrations.AddIndex(
            "supplement",
            models.Index(
                fields=["department", "-asked_at", "-id"],
                name="supplement_second_of_office",
                condition=models.Q(ordinal__gt=1),
            ),
        ),
        migrations.AddIndex(
            "supplement",
            models.Index(
                fields=["-asked_at", "-id"],
                name="supplement_second",
                condition=models.Q(ordinal__gt=1),
            ),
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_seq", models.PositiveIntegerField("痕迹序号")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        models.CharField(max_length=32), verbose_name="改动的填报项"
                    ),
                ),
                ("sealed_before", models.BinaryField("改动前的申报内容")),
                ("at", models.DateTimeField("时间")),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="amendments",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "verbose_name": "更正",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "event_seq"), name="amendment_once_an_event"
                    )
                ],
            },
        ),
    ]
