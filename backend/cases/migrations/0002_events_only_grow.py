"""痕迹 only grows: the database refuses to change or delete an event of a case (领域说明 §1.4)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION cases_event_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case events only grow' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER cases_event_only_grows BEFORE UPDATE OR DELETE ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION cases_event_only_grows();
"""
DROP = """
DROP TRIGGER cases_event_only_grows ON cases_caseevent;
DROP FUNCTION cases_event_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, DROP)]
