"""谁查过: audit entries are found by case, and the database refuses to change or delete one."""

from django.db import migrations, models

GUARD = """
CREATE FUNCTION accounts_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries only grow' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER accounts_audit_only_grows BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_only_grows();
"""
DROP = """
DROP TRIGGER accounts_audit_only_grows ON accounts_auditentry;
DROP FUNCTION accounts_audit_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["case_number", "-at"],
                name="audit_of_case",
                condition=models.Q(("case_number", ""), _negated=True),
            ),
        ),
        migrations.RunSQL(GUARD, DROP),
    ]
