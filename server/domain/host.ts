/** What hosts and the witness say and do (003 §[0059]–[0060]; 1b rules 1, 2, 6). Messages only; `server/hosts` acts. */
import type { DriverToken, Generation, RegisterRecord } from './generation.ts';
import type { HostName, PairName, SystemName } from './names.ts';
import type { PairState } from './pair-states.ts';
import type { StorageInstruction, StorageReply } from './storage-controller.ts';

/** Sent every second between hosts and to the witness. */
export interface Heartbeat {
  from: HostName;
  system: SystemName;
  /** Rises by one with each beat of this process. */
  beat: number;
  /** Identity of the process, so that a restart is seen. */
  incarnation: string;
  generation: Generation;
  pairs: { name: PairName; state: PairState }[];
  /** Testimony of the storage system, not of the host (1b rule 6). */
  completedNumber: number;
  completedAt: number | null;
  lastIoAgeMs: number;
  /** Null where the storage system does not answer its host. */
  storageAnswers: boolean;
  work: WorkState;
  /**
   * The own beat whose answer from the receiver was heard last, and how long ago by this side's monotonic clock. The receiver
   * knows when it answered that beat, and so how old this one is at most: age by echo (rule 7).
   */
  echo: { beat: number; ageMs: number } | null;
}

/** What a host or the witness knows of another host's heartbeats. */
export interface HeartbeatView {
  observer: string;
  of: HostName;
  /** Upper bound of the true age, measured by echo. Null before the first. */
  ageMs: number | null;
  lost: boolean;
  last: Heartbeat | null;
  /** Highest completed number any beat ever carried, and its time stamp at the source. */
  highestCompletedNumber: number;
  highestCompletedAt: number | null;
}

export interface WorkState {
  running: boolean;
  generation: number;
  /** Last transaction the ledger was told is complete; 0 before the first. */
  lastCompletedTransaction: number;
  completedTransactions: number;
  ratePerSecond: number;
  /** Why it does not run, or null. */
  stoppedReason: string | null;
}

export interface LedgerReport {
  /** Where completions are known from: this host's own record, or heartbeats. */
  source: string;
  completedThrough: number;
  presentThrough: number;
  missing: { from: number; to: number } | null;
  missingCount: number;
  /** Present but never told complete; lawful, for it was in flight. */
  uncompletedPresent: number;
  corrupt: number;
  /** Present above a missing number: lawful only for what was in flight together. */
  outOfOrder: number;
  balance: { accounts: number; total: number; expected: number; adds: boolean };
  verifiedOn: SystemName;
}

/** What a test host does on a clone (ADR 0012). */
export interface TestWork {
  run: string;
  clone: string;
  state: 'starting' | 'ready' | 'working' | 'stopped' | 'failed';
  /** Transaction at which it found the ledger, and how many it has completed on the clone since. */
  recoveredAt: number;
  completedTransactions: number;
  /** Why it failed, or null. */
  reason: string | null;
}

export type HostInstruction =
  | { verb: 'host-facts' }
  /** Relayed to `target` through the storage system the host is attached to, hop by hop over the lines. */
  | { verb: 'storage'; target: SystemName; instruction: StorageInstruction }
  /** Persisted before the answer; the host's work stops if the holder is not its system. */
  | { verb: 'raise-host-generation'; generation: Generation; token: DriverToken }
  | { verb: 'work-start'; generation: number; token: DriverToken }
  | { verb: 'work-stop'; token: DriverToken; reason: string }
  | { verb: 'work-rate'; transactionsPerSecond: number }
  /** `generation`: the one `completedThrough` was told under; what newer work wrote under those numbers is not the same. */
  | { verb: 'ledger-verify'; completedThrough: number | null; source: string; generation?: number }
  /** Starts the test host of `run` on the clone, or finds it started; it takes the place of any other run's. */
  | { verb: 'test-start'; run: string; clone: string }
  /** Has it work until `transactions` in all are complete; answered after a moment, done or not. */
  | { verb: 'test-work'; run: string; transactions: number }
  | { verb: 'test-verify'; run: string }
  /** Stops it where it is that of `run`. */
  | { verb: 'test-stop'; run: string }
  | { verb: 'register-read' }
  /** What the witness knows, heartbeats included: it may have heard a beat that this host has not (1b rule 5). */
  | { verb: 'witness-facts' }
  /** Compare-and-set: gives generation `expected + 1` to `runId`, or the one it already gave it. */
  | { verb: 'register-fence'; expected: number; runId: string }
  /** Names the holder of a generation given earlier to the same run. */
  | { verb: 'register-holder'; generation: number; runId: string; holder: SystemName }
  /** Asks the other host through the host line. */
  | {
      verb: 'peer-host';
      instruction:
        | { verb: 'host-facts' }
        | { verb: 'raise-host-generation'; generation: Generation; token: DriverToken };
    };

export interface HostFacts {
  host: HostName;
  system: SystemName;
  generation: Generation;
  work: WorkState;
  storageAnswers: boolean;
  heartbeats: HeartbeatView[];
  witnessAnswers: boolean;
  /** Absent while nothing is tested. */
  test?: TestWork;
}

export type HostReply =
  | { verb: 'host-facts'; facts: HostFacts }
  | { verb: 'storage'; reply: StorageReply }
  | { verb: 'host-fenced'; generation: Generation; work: WorkState }
  | { verb: 'work'; work: WorkState }
  | { verb: 'ledger'; report: LedgerReport }
  | { verb: 'test'; work: TestWork | null }
  | { verb: 'register'; record: RegisterRecord }
  | { verb: 'witness-facts'; facts: WitnessFacts };

export interface WitnessFacts {
  register: RegisterRecord | null;
  heartbeats: HeartbeatView[];
}

/** What a switching device tells of itself. */
export interface SwitchFacts {
  device: string;
  /** Streams that pass through it now. */
  streams: number;
  relayedBytes: number;
}

export type WitnessInstruction =
  | { verb: 'witness-facts' }
  | { verb: 'register-read' }
  | { verb: 'register-fence'; expected: number; runId: string }
  | { verb: 'register-holder'; generation: number; runId: string; holder: SystemName }
  /** From storage: `alone` before completions go on without the other end (status), `joined` with epoch + 1 after. */
  | { verb: 'register-split'; generation: number; epoch: number; state: 'alone' | 'joined'; number: number }
  /** A restarted source completes nothing before this says yes (rule 4). */
  | { verb: 'register-confirm'; system: SystemName; generation: number }
  | { verb: 'heartbeat'; beat: Heartbeat };

export type WitnessReply =
  | { verb: 'witness-facts'; facts: WitnessFacts }
  | { verb: 'register'; record: RegisterRecord }
  | { verb: 'confirmed'; record: RegisterRecord; yes: boolean }
  /** Names the beat answered, so that the sender measures age by echo. */
  | { verb: 'heartbeat-echo'; beat: number };
