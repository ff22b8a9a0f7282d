CREATE TABLE "drills" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "group" TEXT NOT NULL,
  "runbook" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "outcome" TEXT,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "ended_at" TIMESTAMPTZ(3),
  "started_by" TEXT NOT NULL,
  "aborted_by" TEXT,
  "attempts" INTEGER NOT NULL DEFAULT 0,
  "bundle" TEXT NOT NULL,
  "sequence" INTEGER NOT NULL,
  "manifest_hash" TEXT,
  "progress" JSON NOT NULL
);
CREATE UNIQUE INDEX "drills_bundle_key" ON "drills"("bundle");
CREATE UNIQUE INDEX "drills_group_sequence_key" ON "drills"("group", "sequence");
CREATE INDEX "drills_started_at_idx" ON "drills"("started_at");
-- One drill at a time drives a group.
CREATE UNIQUE INDEX "drills_one_under_way" ON "drills"("group") WHERE "status" <> 'sealed';

CREATE TABLE "signing_keys" (
  "public_key" TEXT NOT NULL PRIMARY KEY,
  "private_key" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TRIGGER notify_drills AFTER INSERT OR UPDATE ON "drills" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_drills', 'id');
