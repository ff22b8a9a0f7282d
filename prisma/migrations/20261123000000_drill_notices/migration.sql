-- How far a recording has come is noted every second, and changes nothing of what a group has proven.
DROP TRIGGER notify_drills ON "drills";
CREATE TRIGGER notify_drills AFTER INSERT OR UPDATE OF "status" ON "drills" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_drills', 'id');
