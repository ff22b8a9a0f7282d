/** What a test asks of an instruction that should be refused. */
import { RefusedError } from '../../domain/refusal.ts';

/** `done` where the work was carried out, else the code it was refused with; any other error is the test's. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.code;
    throw error;
  }
}
