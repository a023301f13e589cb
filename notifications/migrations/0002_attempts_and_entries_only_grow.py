"""流水 only grows: the database refuses to change or delete an attempt or a quota entry."""

from django.db import migrations

GUARD = """
CREATE FUNCTION notifications_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER notifications_attempt_only_grows BEFORE UPDATE OR DELETE
    ON notifications_deliveryattempt
    FOR EACH ROW EXECUTE FUNCTION notifications_only_grows();
CREATE TRIGGER notifications_entry_only_grows BEFORE UPDATE OR DELETE
    ON notifications_quotaentry
    FOR EACH ROW EXECUTE FUNCTION notifications_only_grows();
"""
DROP = """
DROP TRIGGER notifications_entry_only_grows ON notifications_quotaentry;
DROP TRIGGER notifications_attempt_only_grows ON notifications_deliveryattempt;
DROP FUNCTION notifications_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, DROP)]
