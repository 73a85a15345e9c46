"""A consultant's grant on a client is read by everyone, and written inside that client's scope alone."""

from django.db import migrations

CLIENT = "object_pk = (SELECT tenancy.client_id())::text"
WALL = f"""
ALTER TABLE guardian_userobjectpermission ENABLE ROW LEVEL SECURITY;
ALTER TABLE guardian_userobjectpermission FORCE ROW LEVEL SECURITY;
CREATE POLICY grant_read ON guardian_userobjectpermission FOR SELECT USING (true);
CREATE POLICY grant_insert ON guardian_userobjectpermission FOR INSERT WITH CHECK ({CLIENT});
CREATE POLICY grant_delete ON guardian_userobjectpermission FOR DELETE USING ({CLIENT});
"""
LIFT = """
DROP POLICY grant_read ON guardian_userobjectpermission;
DROP POLICY grant_insert ON guardian_userobjectpermission;
DROP POLICY grant_delete ON guardian_userobjectpermission;
ALTER TABLE guardian_userobjectpermission NO FORCE ROW LEVEL SECURITY;
ALTER TABLE guardian_userobjectpermission DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0005_write_inside"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
    ]

    operations = [migrations.RunSQL(WALL, LIFT)]
