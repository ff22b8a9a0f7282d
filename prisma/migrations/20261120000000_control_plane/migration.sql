-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "groups" (
    "name" TEXT NOT NULL,
    "arrangement" TEXT NOT NULL,
    "definition" JSONB NOT NULL,
    "powered" BOOLEAN NOT NULL DEFAULT true,
    "rpo_objective_ms" INTEGER NOT NULL DEFAULT 1000,
    "formation" BOOLEAN NOT NULL DEFAULT true,
    "deleting" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "groups_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "addresses" (
    "group" TEXT NOT NULL,
    "process" TEXT NOT NULL,
    "site" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "nbd" TEXT,

    CONSTRAINT "addresses_pkey" PRIMARY KEY ("group","process")
);

-- CreateTable
CREATE UNLOGGED TABLE "observations" (
    "group" TEXT NOT NULL,
    "process" TEXT NOT NULL,
    "site" TEXT NOT NULL,
    "view" JSON NOT NULL,
    "observed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "observations_pkey" PRIMARY KEY ("group","process")
);

-- CreateTable
CREATE TABLE "pair_ends" (
    "group" TEXT NOT NULL,
    "system" TEXT NOT NULL,
    "pair" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL,

    CONSTRAINT "pair_ends_pkey" PRIMARY KEY ("group","system","pair")
);

-- CreateTable
CREATE TABLE "events" (
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "group" TEXT,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "observer" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "severity" TEXT NOT NULL DEFAULT 'none',
    "run" TEXT,
    "rule" TEXT,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "dedupe_key" TEXT,

    CONSTRAINT "events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "routine" TEXT NOT NULL,
    "changing" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "ending" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "started_by" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "executor" TEXT,
    "claim_epoch" BIGINT NOT NULL DEFAULT 0,
    "view" JSON NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_steps" (
    "run" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "step" TEXT NOT NULL,
    "record" JSON NOT NULL,

    CONSTRAINT "run_steps_pkey" PRIMARY KEY ("run","ordinal")
);

-- CreateTable
CREATE TABLE "verdicts" (
    "run" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "verdict" JSON NOT NULL,

    CONSTRAINT "verdicts_pkey" PRIMARY KEY ("run","step")
);

-- CreateTable
CREATE TABLE "run_orders" (
    "id" BIGSERIAL NOT NULL,
    "run" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "order" JSONB NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "taken" TEXT,

    CONSTRAINT "run_orders_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "faults" (
    "id" TEXT NOT NULL,
    "group" TEXT,
    "kind" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "input" JSONB NOT NULL,
    "text" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "started_by" TEXT NOT NULL,
    "cleared_at" TIMESTAMPTZ(3),
    "cleared_by" TEXT,

    CONSTRAINT "faults_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "commands" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "worker" TEXT,
    "result" JSONB,
    "refusal" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "commands_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "counters" (
    "name" TEXT NOT NULL,
    "value" BIGINT NOT NULL,

    CONSTRAINT "counters_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "audit" (
    "id" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "group" TEXT,
    "subject" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "before" TEXT,
    "after" TEXT,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rollups" (
    "group" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "point" JSON NOT NULL,

    CONSTRAINT "rollups_pkey" PRIMARY KEY ("group","at")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "machine" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL,
    "leads" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agents" (
    "site" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "connected" BOOLEAN NOT NULL,
    "reason" TEXT,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "agents_pkey" PRIMARY KEY ("site")
);

-- CreateIndex
CREATE UNIQUE INDEX "events_dedupe_key_key" ON "events"("dedupe_key");

-- CreateIndex
CREATE INDEX "events_group_seq_idx" ON "events"("group", "seq");

-- CreateIndex
CREATE INDEX "events_run_seq_idx" ON "events"("run", "seq");

-- CreateIndex
CREATE INDEX "events_kind_seq_idx" ON "events"("kind", "seq");

-- CreateIndex
CREATE INDEX "runs_group_started_at_idx" ON "runs"("group", "started_at");

-- CreateIndex
CREATE INDEX "runs_status_idx" ON "runs"("status");

-- CreateIndex
CREATE INDEX "run_orders_run_id_idx" ON "run_orders"("run", "id");

-- CreateIndex
CREATE UNIQUE INDEX "run_orders_run_key_key" ON "run_orders"("run", "key");

-- CreateIndex
CREATE UNIQUE INDEX "run_orders_run_taken_key" ON "run_orders"("run", "taken");

-- CreateIndex
CREATE INDEX "faults_group_started_at_idx" ON "faults"("group", "started_at");

-- CreateIndex
CREATE INDEX "commands_status_idx" ON "commands"("status");

-- CreateIndex
CREATE INDEX "audit_group_id_idx" ON "audit"("group", "id");

-- CreateIndex
CREATE INDEX "rollups_at_idx" ON "rollups"("at");


-- What follows cannot be said in schema.prisma.

-- Observations are overwritten many times a second: room in the page keeps each update within it.
ALTER TABLE "observations" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- One changing routine per group at a time, whoever starts it.
CREATE UNIQUE INDEX "runs_one_changing_per_group" ON "runs" ("group") WHERE "changing" AND "status" <> 'ended';

-- One numbering for the whole history. The lock is held until commit, so numbers appear in their order: who has read up to
-- n will never find a smaller number later.
CREATE SEQUENCE "events_seq" AS BIGINT OWNED BY "events"."seq";
CREATE FUNCTION switchback_number_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(4711, 1);
  NEW.seq := nextval('events_seq');
  RETURN NEW;
END $$;
CREATE TRIGGER number_event BEFORE INSERT ON "events" FOR EACH ROW EXECUTE FUNCTION switchback_number_event();

-- Notifications only wake: a reader that is woken reads the tables, and one that sleeps through reads them later.
CREATE FUNCTION switchback_notify_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(TG_ARGV[0], '');
  RETURN NULL;
END $$;
CREATE FUNCTION switchback_notify_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM pg_notify(TG_ARGV[0], coalesce(to_jsonb(OLD) ->> TG_ARGV[1], ''));
  ELSE
    PERFORM pg_notify(TG_ARGV[0], coalesce(to_jsonb(NEW) ->> TG_ARGV[1], ''));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER notify_events AFTER INSERT ON "events" FOR EACH STATEMENT EXECUTE FUNCTION switchback_notify_statement('switchback_events');
CREATE TRIGGER notify_groups AFTER INSERT OR UPDATE OR DELETE ON "groups" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_groups', 'name');
CREATE FUNCTION switchback_notify_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('switchback_runs', NEW."id");
  RETURN NULL;
END $$;
CREATE TRIGGER notify_runs AFTER INSERT OR UPDATE OF "view", "status" ON "runs" FOR EACH ROW EXECUTE FUNCTION switchback_notify_run();
CREATE TRIGGER notify_orders AFTER INSERT ON "run_orders" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_orders', 'run');
CREATE TRIGGER notify_faults AFTER INSERT OR UPDATE OR DELETE ON "faults" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_faults', 'group');
CREATE TRIGGER notify_commands AFTER INSERT ON "commands" FOR EACH ROW EXECUTE FUNCTION switchback_notify_row('switchback_commands', 'id');
CREATE TRIGGER notify_results AFTER UPDATE OF "status" ON "commands" FOR EACH ROW WHEN (NEW."status" <> 'taken') EXECUTE FUNCTION switchback_notify_row('switchback_results', 'id');

-- The audit log only grows. Whoever gets round this is found by the chain of hashes.
CREATE FUNCTION switchback_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log cannot be changed' USING HINT = 'Entries are only ever added.';
END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION switchback_refuse_change();

INSERT INTO "counters" ("name", "value") VALUES ('claim-epoch', 0);
