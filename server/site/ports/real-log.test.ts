import { describe, expect, it } from 'vitest';
import { RealLog } from './real-log.ts';

function logged(level: 'debug' | 'info', use: (log: RealLog) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  use(new RealLog({ system: 'P', group: 'demo' }, level, { write: (line) => lines.push(JSON.parse(line)) }));
  return lines;
}

describe('the real log', () => {
  it('writes one JSON line with time, level, process, message and facts', () => {
    const [line] = logged('info', (log) => log.write('warn', 'journal is filling', { usedBytes: 7 }));
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      system: 'P',
      group: 'demo',
      usedBytes: 7,
      message: 'journal is filling',
    });
  });

  it('leaves out what is below its level', () => {
    const use = (log: RealLog) => {
      log.write('debug', 'small');
      log.write('info', 'large');
    };
    expect(logged('info', use).map((line) => line.message)).toEqual(['large']);
    expect(logged('debug', use).map((line) => line.message)).toEqual(['small', 'large']);
  });

  it('does not write secrets that were passed by mistake', () => {
    const lines = logged('info', (log) =>
      log.write('info', 'joined', { token: 'hush', line: { secret: 'hush' }, pair: 'P-I' }),
    );
    expect(JSON.stringify(lines)).not.toContain('hush');
    expect(lines[0]).toMatchObject({ pair: 'P-I', token: '[secret]', line: { secret: '[secret]' } });
  });
});
