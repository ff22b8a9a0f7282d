ALTER TABLE "drills" ADD COLUMN "approved_by" TEXT;
ALTER TABLE "drills" ADD COLUMN "firing" TEXT;
ALTER TABLE "drills" ADD COLUMN "basis" JSON;
ALTER TABLE "drills" ADD COLUMN "phases" JSON;
CREATE UNIQUE INDEX "drills_firing_key" ON "drills"("firing");

CREATE TABLE "drill_schedules" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "group" TEXT NOT NULL,
  "group_created_at" TIMESTAMPTZ(3) NOT NULL,
  "runbook" TEXT NOT NULL,
  "cron" TEXT NOT NULL,
  "zone" TEXT NOT NULL,
  "enabled" BOOLEAN NOT NULL,
  "disabled_because" TEXT,
  "approved_by" TEXT,
  "changed_at" TIMESTAMPTZ(3) NOT NULL,
  "changed_by" TEXT NOT NULL
);
CREATE UNIQUE INDEX "drill_schedules_group_runbook_key" ON "drill_schedules"("group", "runbook");

-- One firing is decided once, however many workers look at the clock.
CREATE TABLE "drill_firings" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "schedule" TEXT NOT NULL,
  "group" TEXT NOT NULL,
  "runbook" TEXT NOT NULL,
  "due_at" TIMESTAMPTZ(3) NOT NULL,
  "count" INTEGER NOT NULL DEFAULT 1,
  "status" TEXT NOT NULL,
  "reason" TEXT,
  "bundle" TEXT,
  "decided_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE UNIQUE INDEX "drill_firings_schedule_due_at_key" ON "drill_firings"("schedule", "due_at");
CREATE INDEX "drill_firings_group_due_at_idx" ON "drill_firings"("group", "due_at");
