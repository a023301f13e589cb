"""目录痕迹与签认 only grow: the database refuses to change or delete them, whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION catalogue_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER catalogue_trail_only_grows BEFORE UPDATE OR DELETE ON catalogue_catalogueevent
    FOR EACH ROW EXECUTE FUNCTION catalogue_only_grows();
CREATE TRIGGER catalogue_sign_off_only_grows BEFORE UPDATE OR DELETE ON catalogue_signoff
    FOR EACH ROW EXECUTE FUNCTION catalogue_only_grows();
"""
DROP = """
DROP TRIGGER catalogue_trail_only_grows ON catalogue_catalogueevent;
DROP TRIGGER catalogue_sign_off_only_grows ON catalogue_signoff;
DROP FUNCTION catalogue_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_procedures_drafts_sign_offs")]
    operations = [migrations.RunSQL(GUARD, DROP)]
