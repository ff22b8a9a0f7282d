import type { NbdErrno } from './protocol.ts';

/**
 * One volume as hosts see it over NBD. All clients of an export share the one object, and `flush` covers whatever was
 * completed to any of them: that is what lets the server promise `CAN_MULTI_CONN`.
 *
 * The calls report trouble as an errno and do not throw. Offsets and lengths were checked against `sizeBytes`. An
 * export that stops being valid keeps answering, with `EPERM`, `EIO` or `ESHUTDOWN`, until its clients are dropped.
 */
export interface NbdExport {
  readonly name: string;
  readonly sizeBytes: number;
  /** Asked before every change: an export may turn read-only while clients are attached; they then get `EPERM`. */
  readonly readOnly: boolean;
  readonly description: string;
  /** Fills all of `into`, at once. On an errno, `into` may hold anything: it is not sent. */
  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0;
  /**
   * Completes through `done`, exactly once, during the call or later, with 0 or an errno. `data` is handed over for
   * good: the server neither reads nor changes it afterwards. `fua`: completed means that it survives the machine.
   */
  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: (errno: NbdErrno | 0) => void): void;
  /** Makes a range read as zeros (WRITE_ZEROES and TRIM; up to 4 GiB at once). Completes as `write` does. */
  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: (errno: NbdErrno | 0) => void): void;
  /** Completes when every write completed before the call, to whichever client, survives the machine. */
  flush(done: (errno: NbdErrno | 0) => void): void;
}

/** What a server offers. Asked anew by every client, so it may change at any time. */
export interface NbdExports {
  list(): readonly { readonly name: string; readonly description: string }[];
  /** The export; or why it cannot be had now (shown to the client); or null where there is none of that name. */
  find(name: string): NbdExport | { readonly refused: string } | null;
}
